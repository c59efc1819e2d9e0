import { bodyProblems } from './body-size.ts';
import { shortCheckName } from './check-name.ts';
import { inexactNumberIn, inexactText } from './exact-numbers.ts';
import type { Feed } from './feed.ts';
import { type Placeholder, parsePlaceholder, placeholdersIn } from './placeholder.ts';
import type { Plan } from './plan-schema.ts';
import { asArray, asRecord } from './primitives.ts';
import { type DanglingReference, nearestOf, shortened, suggestion } from './problem.ts';
import { planExtent } from './slices.ts';
import { checkSchema, operationsOf } from './step-schema.ts';
import { parseMetric, type Tags } from './threshold.ts';
import { maxVusOf, plannedIterationsOf } from './timeline.ts';

/** The plan's feeds by name; undefined for a feed that is itself invalid. */
export type KnownFeeds = ReadonlyMap<string, Feed | undefined>;

type Path = readonly PropertyKey[];
type FeedOrCapture = Extract<Placeholder, { kind: 'value' }>;
/** Captured names with the first step that captures each, and the index of the step that is being checked. */
type Captures = { readonly firstStep: ReadonlyMap<string, number>; readonly step: number; readonly inOrder: boolean };

/** The parts of a step that may contain placeholders. */
const TEMPLATES = [['resource'], ['arguments'], ['complete', 'argument', 'value'], ['complete', 'context']] as const;

/** Methods that people leave out of an operation's name. */
const METHODS = ['tools/call', 'resources/read', 'prompts/get', 'completion/complete'];

/** What keeps each feed's column from being read as JSON, found once however many placeholders read the column. */
const jsonProblems = new WeakMap<Feed, Map<number, string>>();

/**
 * Checks that the parts of a plan name each other correctly: targets, feeds, captures, operations and stages. Works on the
 * plan as the file has it, so that these problems are found together with those of the schema. Skips parts of a wrong
 * shape, which the schema reports.
 */
export function danglingReferences(plan: unknown, feeds: KnownFeeds): DanglingReference[] {
  const { scenarios } = asRecord(plan);
  const problems = targetReferences(plan);
  for (const [name, scenario] of Object.entries(asRecord(scenarios))) {
    for (const problem of templateReferences(scenario, ['scenarios', name], feeds)) problems.push(problem);
  }
  return [...problems, ...thresholdReferences(plan)];
}

/** Checks that scenarios name targets of the plan, and that every target is named: load on the wrong target is no test. */
function targetReferences(plan: unknown): DanglingReference[] {
  const { targets, scenarios } = asRecord(plan);
  const known = Object.keys(asRecord(targets));
  const unused = new Set(known);
  const problems: DanglingReference[] = [];
  let [isReferred, isComplete] = [false, true];
  for (const [name, scenario] of Object.entries(asRecord(scenarios))) {
    const { target } = asRecord(scenario);
    isReferred = true;
    isComplete &&= typeof target === 'string' && Object.hasOwn(asRecord(targets), target);
    if (typeof target !== 'string') continue;
    unused.delete(target);
    if (Object.hasOwn(asRecord(targets), target)) continue;
    const nearest = nearestOf(target, known);
    const suggested = nearest === undefined ? '' : `: did you mean "${nearest}"?`;
    const message = `expected one of the plan's targets (${known.join(', ')}), got "${target}"${suggested}`;
    problems.push({ path: ['scenarios', name, 'target'], message });
  }
  // A scenario without a valid target is probably meant for one of them.
  if (!isReferred || !isComplete) return problems;
  for (const name of unused) {
    const message = 'no scenario uses this target; name it as the target of a scenario, or remove it';
    problems.push({ path: ['targets', name], message });
  }
  return problems;
}

/** The parts of a plan that must fit together in number and time. */
type FittingParts = Pick<Plan, 'feeds' | 'scenarios' | 'warmUp'>;

/** Finds parts of a plan that are too small or too long for each other: rows of feeds, bodies of requests, and the warm-up. */
export function fitProblems(plan: FittingParts): DanglingReference[] {
  return [...feedSupplyProblems(plan), ...bodyProblems(plan), ...timingProblems(plan)];
}

/**
 * Finds feeds with too few rows for a scenario that uses them: fewer than its virtual users where each has its own row, or
 * fewer than its iterations where each takes the next row without repeating. Where virtual users iterate until time runs
 * out, each needs a row for its first iteration. Each scenario is checked separately.
 */
function feedSupplyProblems({ feeds, scenarios }: FittingParts): DanglingReference[] {
  const problems: DanglingReference[] = [];
  const names = new Set(Object.keys(feeds));
  for (const [scenarioName, scenario] of Object.entries(scenarios)) {
    for (const name of feedsUsed(scenario.steps, names)) {
      const feed = feeds[name];
      if (feed === undefined) continue;
      const { order, repeat, rows } = feed;
      const has = `${name} has ${rows.length} ${rows.length === 1 ? 'row' : 'rows'}`;
      const vus = maxVusOf(scenario);
      const users = `${has}, but scenario ${scenarioName} has ${vus} virtual users that need one row each; add rows`;
      if (order === 'unique' && vus > rows.length) problems.push({ path: ['feeds', name, 'order'], message: users });
      if (order !== 'sequential' || repeat) continue;
      const iterations = plannedIterationsOf(scenario);
      const path = ['feeds', name, 'repeat'];
      if (iterations === undefined && vus > rows.length) {
        problems.push({ path, message: `${users}, have fewer virtual users or remove repeat: false` });
      } else if (iterations !== undefined && iterations > rows.length) {
        const message = `${has}, but scenario ${scenarioName} has ${iterations} iterations; add rows or remove repeat: false`;
        problems.push({ path, message });
      }
    }
  }
  return problems;
}

/** Finds a warm-up that takes the whole run and would leave no figures. */
function timingProblems(plan: FittingParts): DanglingReference[] {
  if (plan.warmUp === 0) return [];
  const { durationMs } = planExtent(plan);
  if (plan.warmUp < durationMs) return [];
  const message = `expected less than the run's duration of ${durationMs / 1000} s, got ${plan.warmUp / 1000} s`;
  return [{ path: ['warmUp'], message }];
}

/** The names of the feeds that the steps of a scenario use. */
export function feedsUsed(steps: readonly unknown[], feeds: ReadonlySet<string>): string[] {
  const parsed = steps.flatMap((step) =>
    TEMPLATES.flatMap((key) => placeholdersIn(valueAt(step, key) ?? {})).map(parsePlaceholder),
  );
  const names = parsed.map((each) => ('kind' in each && each.kind === 'value' ? each.name : ''));
  return [...new Set(names)].filter((name) => feeds.has(name));
}

/** Checks the placeholders and captures of a scenario as the file has it. @param path of the scenario */
function templateReferences(scenario: unknown, path: Path, feeds: KnownFeeds): DanglingReference[] {
  const { steps, order } = asRecord(scenario);
  const firstStep = new Map<string, number>();
  const problems: DanglingReference[] = [];
  for (const [index, step] of asArray(steps).entries()) {
    for (const name of Object.keys(asRecord(asRecord(step).capture))) {
      if (!firstStep.has(name)) firstStep.set(name, index);
      const message = `expected a name that no feed has, or {{${name}}} would have two meanings`;
      if (feeds.has(name)) problems.push({ path: [...path, 'steps', index, 'capture', name], message });
    }
  }
  for (const [index, step] of asArray(steps).entries()) {
    const captures = { firstStep, step: index, inOrder: order === 'fixed' };
    for (const key of TEMPLATES) {
      for (const text of textsIn(valueAt(step, key), [...path, 'steps', index, ...key])) {
        const found = problemsOfText(text.text, feeds, captures);
        for (const message of found) problems.push({ path: text.path, message });
      }
    }
  }
  return problems;
}

function valueAt(step: unknown, key: readonly string[]): unknown {
  return key.reduce<unknown>((part, name) => asRecord(part)[name], step);
}

/** All texts of a value and the keys of its mappings, each with its path. */
function* textsIn(value: unknown, path: Path): Generator<{ readonly text: string; readonly path: Path }> {
  if (typeof value === 'string') yield { text: value, path };
  if (typeof value !== 'object' || value === null) return;
  for (const [key, part] of Object.entries(value)) {
    const at = [...path, Array.isArray(value) ? Number(key) : key];
    if (!Array.isArray(value)) yield { text: key, path: at };
    yield* textsIn(part, at);
  }
}

function problemsOfText(text: string, feeds: KnownFeeds, captures: Captures): string[] {
  const problems = placeholdersIn(text).flatMap((inner) => {
    const parsed = parsePlaceholder(inner);
    const problem = 'problem' in parsed ? invalidPlaceholder(parsed.problem) : problemOf(parsed, feeds, captures);
    return problem === undefined ? [] : [`{{${shortened(inner)}}} ${problem}`];
  });
  return [...problems, ...brokenGenerators(text)];
}

/** Finds text that looks like a generator but is not a placeholder; it would be sent unchanged, which nobody intends. */
function brokenGenerators(text: string): string[] {
  const insides = [...text.matchAll(/\{\{([^{}]+)\}\}/g)].map((match) => match[1] as string);
  const broken = insides.filter(
    (inner) => inner.trimStart().startsWith('$') && placeholdersIn(`{{${inner}}}`).length === 0,
  );
  return broken.map((inner) => `{{${shortened(inner)}}}: expected no quotes, backslashes or line breaks within {{ }}`);
}

function invalidPlaceholder(problem: string): string {
  return `is not a placeholder: ${problem}; to send the characters {{ }}, take them from a feed`;
}

function problemOf(placeholder: Placeholder, feeds: KnownFeeds, captures: Captures): string | undefined {
  if (placeholder.kind === 'generated') return undefined;
  const { name, column } = placeholder;
  if (feeds.has(name)) return feedProblem(placeholder, feeds.get(name));
  const { firstStep, step, inOrder } = captures;
  const capturedBy = firstStep.get(name);
  if (capturedBy === undefined) {
    const nearest = nearestOf(name, [...feeds.keys(), ...firstStep.keys()]);
    const howToFix = nearest === undefined ? '; declare it under feeds' : `: did you mean "${nearest}"?`;
    return `names neither a feed nor a value captured by an earlier step${howToFix}`;
  }
  // Without a fixed order, the problem is reported at the capture.
  if (inOrder && capturedBy >= step) {
    return `is captured only by steps[${capturedBy}]; move the step that uses it after that one`;
  }
  return column === undefined ? undefined : 'names a column of a captured value; captured values have no columns';
}

function feedProblem({ name, column, json }: FeedOrCapture, feed: Feed | undefined): string | undefined {
  if (feed === undefined) return undefined;
  const { columns } = feed;
  if (column === undefined && columns.length > 1) {
    return `names a feed with several columns; write {{${name}.${columns[0]}}} or another of ${columns.join(', ')}`;
  }
  const index = column === undefined ? 0 : columns.indexOf(column);
  if (index === -1) return `names an unknown column of ${name}: ${suggestion(column as string, columns)}`;
  if (!json) return undefined;
  const odd = jsonProblemOfColumn(feed, index);
  return odd === '' ? undefined : `reads ${columns[index]} as JSON, but ${odd}`;
}

/** The first row whose text in a column cannot be read as JSON, and why; empty when there is none. */
function jsonProblemOfColumn(feed: Feed, column: number): string {
  const known = jsonProblems.get(feed) ?? new Map<number, string>();
  jsonProblems.set(feed, known);
  let problem = known.get(column);
  if (problem === undefined) {
    const index = feed.rows.findIndex((row) => typeof row[column] === 'string' && !isExactJson(row[column]));
    problem = index === -1 ? '' : `row ${index + 1} ${jsonProblem(String(feed.rows[index]?.[column]))}`;
    known.set(column, problem);
  }
  return problem;
}

function isExactJson(text: string): boolean {
  return isJson(text) && inexactNumberIn(text) === undefined;
}

function jsonProblem(text: string): string {
  const inexact = isJson(text) ? inexactNumberIn(text) : undefined;
  return inexact === undefined ? 'does not hold JSON there' : `is refused: ${inexactText(inexact.source)}`;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

type Operations = { readonly names: readonly string[]; readonly set: ReadonlySet<string> };

/** What thresholds can name. */
type Known = {
  readonly targets: readonly string[];
  readonly scenarios: readonly string[];
  /** Operations of the steps for one target, or for all. */
  readonly operations: (target: string | undefined) => Operations;
  /** The names of the checks of all steps. */
  readonly checks: () => readonly string[];
  /** The number of scenarios with stages. */
  readonly staged: number;
};

/** Checks the names in the thresholds of a plan as the file has it: targets, operations, scenarios and stages. */
function thresholdReferences(plan: unknown): DanglingReference[] {
  const known = knownIn(plan);
  return Object.entries(asRecord(asRecord(plan).thresholds)).flatMap(([metric, conditions]) => {
    const path = ['thresholds', metric];
    const parsed = parseMetric(metric);
    const problem = 'tags' in parsed ? tagProblem(parsed.tags, known) : undefined;
    return [...(problem === undefined ? [] : [{ path, message: problem }]), ...stageProblems(conditions, known, path)];
  });
}

function knownIn(plan: unknown): Known {
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
    checks: () => all.flatMap(({ steps }) => asArray(steps).flatMap(checkNamesOf)),
    staged: all.filter(({ stages }) => stages !== undefined).length,
  };
}

/** The names of a step's checks that are valid. @param step as the file has it */
function checkNamesOf(step: unknown): string[] {
  return asArray(asRecord(step).checks).flatMap((check) => {
    const { data } = checkSchema.safeParse(check);
    return data === undefined ? [] : [shortCheckName(data)];
  });
}

function tagProblem({ target, scenario, operation, check }: Tags, known: Known): string | undefined {
  if (target !== undefined && !known.targets.includes(target)) {
    return `expected one of the plan's targets (${known.targets.join(', ')}), got "${target}"`;
  }
  if (scenario !== undefined && !known.scenarios.includes(scenario)) {
    return `expected one of the plan's scenarios (${known.scenarios.join(', ')}), got "${scenario}"`;
  }
  const checks = check === undefined ? [] : [...new Set(known.checks())];
  if (check !== undefined && !checks.includes(check)) {
    return `no step of the plan has the check "${check}": ${suggestion(check, checks)}`;
  }
  if (operation === undefined) return undefined;
  const { names, set } = known.operations(target);
  if (set.has(operation)) return undefined;
  const withMethod = METHODS.map((method) => `${method}:${operation}`).find((name) => set.has(name));
  const meant = withMethod ?? nearestOf(operation, names);
  const who = target === undefined ? 'no step of the plan' : `no step for target ${target}`;
  const howToFix = meant === undefined ? 'write operations like tools/call:name' : `did you mean "${meant}"?`;
  return `${who} makes "${operation}": ${howToFix}`;
}

function stageProblems(conditions: unknown, { staged }: Known, path: Path): DanglingReference[] {
  if (staged === 1) return [];
  return asArray(conditions).flatMap((condition, index) => {
    if (asRecord(condition).over !== 'stage') return [];
    const message = `expected exactly one scenario with stages for over: stage, got ${staged}`;
    return [{ path: [...path, index, 'over'], message }];
  });
}
