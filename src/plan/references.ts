import type { Feed } from './feed.ts';
import { type Placeholder, parsePlaceholder, placeholdersIn } from './placeholder.ts';
import type { Plan } from './plan-schema.ts';
import { asArray, asRecord } from './primitives.ts';
import { type DanglingReference, insteadOf, nearestOf, shortened } from './problem.ts';
import { planExtent } from './slices.ts';
import { operationsOf } from './step-schema.ts';
import { parseMetric, type Tags } from './threshold.ts';
import { maxVusOf, plannedIterationsOf } from './timeline.ts';

/** The plan's feeds by name; undefined for one that is itself wrong. */
export type KnownFeeds = ReadonlyMap<string, Feed | undefined>;

/** The parts of a step that values are put into. */
const TEMPLATES = [['resource'], ['arguments'], ['complete', 'argument', 'value'], ['complete', 'context']] as const;

type Path = readonly PropertyKey[];
type Value = Extract<Placeholder, { kind: 'value' }>;
/** Captured names, each with the first step that captures it, and the step that is looked at. */
type Captures = { readonly firstStep: ReadonlyMap<string, number>; readonly step: number; readonly inOrder: boolean };

/** Checks the placeholders and captures of a scenario as it was written. @param path of the scenario */
export function templateReferences(scenario: unknown, path: Path, feeds: KnownFeeds): DanglingReference[] {
  const { steps, order } = asRecord(scenario);
  const firstStep = new Map<string, number>();
  const problems: DanglingReference[] = [];
  for (const [index, step] of asArray(steps).entries()) {
    for (const name of Object.keys(asRecord(asRecord(step).capture))) {
      if (!firstStep.has(name)) firstStep.set(name, index);
      const message = `expected a name that no feed has, or {{${name}}} would mean two things`;
      if (feeds.has(name)) problems.push({ path: [...path, 'steps', index, 'capture', name], message });
    }
  }
  for (const [index, step] of asArray(steps).entries()) {
    const captures = { firstStep, step: index, inOrder: order === 'fixed' };
    for (const key of TEMPLATES) {
      const value = key.reduce<unknown>((part, name) => asRecord(part)[name], step);
      for (const text of textsOf(value, [...path, 'steps', index, ...key])) {
        const found = problemsOfText(text.text, feeds, captures);
        problems.push(...found.map((message) => ({ path: text.path, message })));
      }
    }
  }
  return problems;
}

/** The names of the feeds that the steps of a scenario use. */
export function feedsUsed(steps: readonly unknown[], feeds: ReadonlySet<string>): string[] {
  const insides = steps.flatMap((step) =>
    TEMPLATES.flatMap((key) => placeholdersIn(key.reduce<unknown>((part, name) => asRecord(part)[name], step) ?? {})),
  );
  const names = insides
    .map(parsePlaceholder)
    .map((parsed) => ('kind' in parsed && parsed.kind === 'value' ? parsed.name : ''));
  return [...new Set(names)].filter((name) => feeds.has(name));
}

function* textsOf(value: unknown, path: Path): Generator<{ readonly text: string; readonly path: Path }> {
  if (typeof value === 'string') yield { text: value, path };
  if (typeof value !== 'object' || value === null) return;
  for (const [key, part] of Object.entries(value)) {
    const at = [...path, Array.isArray(value) ? Number(key) : key];
    if (!Array.isArray(value)) yield { text: key, path: at };
    yield* textsOf(part, at);
  }
}

function problemsOfText(text: string, feeds: KnownFeeds, captures: Captures): string[] {
  const problems = placeholdersIn(text).flatMap((inner) => {
    const parsed = parsePlaceholder(inner);
    const problem = 'problem' in parsed ? noPlaceholder(parsed.problem) : problemOf(parsed, feeds, captures);
    return problem === undefined ? [] : [`{{${shortened(inner)}}} ${problem}`];
  });
  return [...problems, ...brokenGenerators(text)];
}

/** What looks like a generator and is no placeholder would be sent as it stands, which nobody means who writes one. */
function brokenGenerators(text: string): string[] {
  const insides = [...text.matchAll(/\{\{([^{}]+)\}\}/g)].map((match) => match[1] as string);
  const broken = insides.filter(
    (inner) => inner.trimStart().startsWith('$') && placeholdersIn(`{{${inner}}}`).length === 0,
  );
  return broken.map((inner) => `{{${shortened(inner)}}}: expected no quotes, backslashes or line breaks within {{ }}`);
}

function noPlaceholder(problem: string): string {
  return `is no placeholder: ${problem}; a text that itself holds {{ }} can come from a feed`;
}

function problemOf(placeholder: Placeholder, feeds: KnownFeeds, captures: Captures): string | undefined {
  if (placeholder.kind === 'generated') return undefined;
  const { name, column } = placeholder;
  if (feeds.has(name)) return feedProblem(placeholder, feeds.get(name));
  const { firstStep, step, inOrder } = captures;
  const at = firstStep.get(name);
  if (at === undefined) {
    const nearest = nearestOf(name, [...feeds.keys(), ...firstStep.keys()]);
    const wayOut = nearest === undefined ? '; declare it under feeds' : `: did you mean "${nearest}"?`;
    return `names no feed and no value captured by an earlier step${wayOut}`;
  }
  // That the order must be fixed is said where the capture stands.
  if (inOrder && at >= step) return `is captured only by steps[${at}]; put the step that uses it after that one`;
  return column === undefined
    ? undefined
    : 'names a column of a captured value, which has none; capture what is needed';
}

function feedProblem({ name, column, json }: Value, feed: Feed | undefined): string | undefined {
  if (feed === undefined) return undefined;
  const { columns } = feed;
  if (column === undefined && columns.length > 1) {
    return `names a feed with several columns; write {{${name}.${columns[0]}}} or another of ${columns.join(', ')}`;
  }
  const at = column === undefined ? 0 : columns.indexOf(column);
  if (at === -1) return `names no column of ${name}: ${insteadOf(column as string, columns)}`;
  if (!json) return undefined;
  const odd = firstNoJson(feed, at);
  return odd === -1 ? undefined : `reads ${columns[at]} as JSON, which that of row ${odd + 1} is not`;
}

/** Found once for each feed and column, however many placeholders read it. */
const noJson = new WeakMap<Feed, Map<number, number>>();

/** The row in which the text of a column is no JSON; -1 when there is none. */
function firstNoJson(feed: Feed, column: number): number {
  const known = noJson.get(feed) ?? new Map<number, number>();
  noJson.set(feed, known);
  const found =
    known.get(column) ?? feed.rows.findIndex((row) => typeof row[column] === 'string' && !isJson(row[column]));
  known.set(column, found);
  return found;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** What people leave out. */
const METHODS = ['tools/call', 'resources/read', 'prompts/get', 'completion/complete'];

type Operations = { readonly names: readonly string[]; readonly set: ReadonlySet<string> };

/** What thresholds may name. */
type Known = {
  readonly targets: readonly string[];
  readonly scenarios: readonly string[];
  /** Operations of the steps aimed at a target, or of all. */
  readonly operations: (target: string | undefined) => Operations;
  /** Scenarios with stages. */
  readonly staged: number;
};

/** Checks what the thresholds of a plan, as it was written, name: targets, operations, scenarios and stages. */
export function thresholdReferences(plan: unknown): DanglingReference[] {
  const known = knownOf(plan);
  return Object.entries(asRecord(asRecord(plan).thresholds)).flatMap(([metric, conditions]) => {
    const path = ['thresholds', metric];
    const parsed = parseMetric(metric);
    const problem = 'tags' in parsed ? tagProblem(parsed.tags, known) : undefined;
    return [...(problem === undefined ? [] : [{ path, message: problem }]), ...stageProblems(conditions, known, path)];
  });
}

function knownOf(plan: unknown): Known {
  const { targets, scenarios } = asRecord(plan);
  const all = Object.values(asRecord(scenarios)).map(asRecord);
  const operations = new Map<string | undefined, Operations>();
  const findOperations = (target: string | undefined): Operations => {
    const aimed = all.filter((scenario) => target === undefined || scenario.target === target);
    const names = operationsOf(aimed.flatMap(({ steps }) => asArray(steps)));
    return { names, set: new Set(names) };
  };
  return {
    targets: Object.keys(asRecord(targets)),
    scenarios: Object.keys(asRecord(scenarios)),
    operations: (target) => {
      const found = operations.get(target) ?? findOperations(target);
      operations.set(target, found);
      return found;
    },
    staged: all.filter(({ stages }) => stages !== undefined).length,
  };
}

function tagProblem({ target, scenario, operation }: Tags, known: Known): string | undefined {
  if (target !== undefined && !known.targets.includes(target)) {
    return `expected one of the plan's targets (${known.targets.join(', ')}), got "${target}"`;
  }
  if (scenario !== undefined && !known.scenarios.includes(scenario)) {
    return `expected one of the plan's scenarios (${known.scenarios.join(', ')}), got "${scenario}"`;
  }
  if (operation === undefined) return undefined;
  const { names, set } = known.operations(target);
  if (set.has(operation)) return undefined;
  const withMethod = METHODS.map((method) => `${method}:${operation}`).find((name) => set.has(name));
  const meant = withMethod ?? nearestOf(operation, names);
  const who = target === undefined ? 'no step of the plan' : `no step aimed at ${target}`;
  const wayOut = meant === undefined ? 'operations are written as in tools/call:name' : `did you mean "${meant}"?`;
  return `${who} makes "${operation}": ${wayOut}`;
}

function stageProblems(conditions: unknown, { staged }: Known, path: readonly PropertyKey[]): DanglingReference[] {
  if (staged === 1) return [];
  return asArray(conditions).flatMap((condition, index) => {
    if (asRecord(condition).over !== 'stage') return [];
    const message = `expected exactly one scenario with stages for over: stage, got ${staged}`;
    return [{ path: [...path, index, 'over'], message }];
  });
}

/**
 * Feeds that have too few rows for a scenario that uses them: fewer than its virtual users where each has its own, or
 * fewer than its iterations where each takes the next and there is an end. Each scenario counts for itself.
 */
export function feedSupplyProblems({ feeds, scenarios }: Plan): DanglingReference[] {
  const problems: DanglingReference[] = [];
  const names = new Set(Object.keys(feeds));
  for (const [scenarioName, scenario] of Object.entries(scenarios)) {
    for (const name of feedsUsed(scenario.steps, names)) {
      const feed = feeds[name];
      if (feed === undefined) continue;
      const { order, repeat, rows } = feed;
      const has = `${name} has ${rows.length} ${rows.length === 1 ? 'row' : 'rows'}`;
      const vus = maxVusOf(scenario);
      if (order === 'unique' && vus > rows.length) {
        const message = `${has}, fewer than the ${vus} virtual users of scenario ${scenarioName}, which need one each`;
        problems.push({ path: ['feeds', name, 'order'], message });
      }
      const iterations = plannedIterationsOf(scenario) ?? 0;
      if (order === 'sequential' && !repeat && iterations > rows.length) {
        const message = `${has}, fewer than the ${iterations} iterations of scenario ${scenarioName}; add rows or take repeat: false out`;
        problems.push({ path: ['feeds', name, 'repeat'], message });
      }
    }
  }
  return problems;
}

/** A warm-up that takes the whole run: no figures would be left. */
export function timingProblems(plan: Plan): DanglingReference[] {
  const { durationMs } = planExtent(plan);
  if (plan.warmUp < durationMs) return [];
  const given = `got ${plan.warmUp / 1000} s`;
  return [{ path: ['warmUp'], message: `expected less than the ${durationMs / 1000} s that the run takes, ${given}` }];
}

/**
 * Checks that the parts of a plan name each other rightly. Takes the plan as it was written, so that these problems
 * are found in the same pass as those of the schema; parts of a wrong shape are passed over, the schema tells of them.
 */
export function danglingReferences(plan: unknown, feeds: KnownFeeds): DanglingReference[] {
  const { targets, scenarios } = asRecord(plan);
  const problems: DanglingReference[] = [];
  for (const [name, scenario] of Object.entries(asRecord(scenarios))) {
    const { target } = asRecord(scenario);
    if (typeof target === 'string' && !Object.hasOwn(asRecord(targets), target)) {
      const message = `expected one of the plan's targets (${Object.keys(asRecord(targets)).join(', ')}), got "${target}"`;
      problems.push({ path: ['scenarios', name, 'target'], message });
    }
    problems.push(...templateReferences(scenario, ['scenarios', name], feeds));
  }
  return [...problems, ...thresholdReferences(plan)];
}
