import { type Document, isAlias, isMap, isScalar, isSeq } from 'yaml';
import { mergedPair, plainValueOf } from './plan-document.ts';
import { asArray, asRecord, parseDuration } from './primitives.ts';
import { readDocument } from './yaml-document.ts';

/** Changes to a plan that leave its file untouched, e.g. from a command line. */
export type PlanOverrides = {
  /** New URLs of targets by name, e.g. of a staging server. */
  readonly targets?: Readonly<Record<string, string>>;
  /** New token URLs of targets by name. */
  readonly tokenUrls?: Readonly<Record<string, string>>;
  /** New duration of every scenario, e.g. `10s`; stages are scaled so that they last this long together. */
  readonly duration?: string;
};

/**
 * The plan's text with the overrides applied. Existing values are replaced in place, so that comments and line numbers
 * stay and problems name the right place. Unknown names are added, so that parsing refuses them. Text that is not a plan is
 * returned unchanged, and parsing refuses it.
 */
export function overridePlan(text: string, overrides: PlanOverrides): string {
  const { targets = {}, tokenUrls = {}, duration } = overrides;
  const { document } = readDocument(text);
  const plan = writtenValue(document);
  if (plan === undefined) return text;
  const scenarios = duration === undefined ? [] : scenariosOf(document, plan);
  return replaced(text, document, [
    ...Object.entries(targets).map(([name, url]) => ({ path: ['targets', name, 'url'], text: url })),
    ...Object.entries(tokenUrls).map(([name, url]) => ({ path: ['targets', name, 'auth', 'tokenUrl'], text: url })),
    ...scenarios.flatMap(([name, scenario]) =>
      newDurations(scenario, duration ?? '').map((each) => ({ ...each, path: ['scenarios', name, ...each.path] })),
    ),
  ]);
}

/** A plan as its file has it, unchecked; undefined for text that is not a mapping. */
export function writtenPlan(text: string): unknown {
  return writtenValue(readDocument(text).document);
}

function writtenValue(document: Document): unknown {
  if (document.errors.length > 0 || !isMap(document.contents)) return undefined;
  try {
    const read = plainValueOf(document);
    return 'value' in read ? read.value : undefined;
  } catch {
    // Unresolved aliases, which parsing refuses.
    return undefined;
  }
}

/** The scenarios of a YAML file with their keys as YAML reads them, which may be numbers. */
function scenariosOf(document: Document, plan: unknown): (readonly [key: unknown, scenario: unknown])[] {
  const written = asRecord(asRecord(plan).scenarios);
  const scenarios = document.get('scenarios');
  if (!isMap(scenarios)) return [];
  return scenarios.items.flatMap(({ key }) => (isScalar(key) ? [[key.value, written[String(key.value)]]] : []));
}

/** What to write where. */
type Replacement = { readonly path: readonly unknown[]; readonly text: string };

/**
 * What to write where in a scenario to change how long it lasts: its maxDuration where it counts iterations, all stages in
 * proportion where it has stages, and otherwise its duration.
 * @param scenario as the file has it
 * @param duration as a plan writes it
 */
function newDurations(scenario: unknown, duration: string): Replacement[] {
  const { executor, stages } = asRecord(scenario);
  if (executor === 'per-vu-iterations' || executor === 'shared-iterations') {
    return [{ path: ['maxDuration'], text: duration }];
  }
  return executor === 'ramping-vus' || executor === 'ramping-arrival-rate'
    ? newStages(asArray(stages), duration)
    : [{ path: ['duration'], text: duration }];
}

/** Scales stages; the longest one takes the rounding error. Nothing when a stage has no valid duration: parsing refuses it. */
function newStages(stages: readonly unknown[], duration: string): Replacement[] {
  const wanted = parseDuration(duration);
  const given = stages.map((stage) => parseDuration(String(asRecord(stage).duration)));
  const known = given.filter((ms) => ms !== undefined);
  const total = known.reduce((sum, ms) => sum + ms, 0);
  if (known.length < given.length || total === 0) return [];
  const scaled = known.map((ms) => (wanted === undefined ? 0 : Math.round((ms * wanted) / total)));
  const rest = (wanted ?? 0) - scaled.reduce((sum, ms) => sum + ms, 0);
  const longest = known.reduce((best, ms, index) => (ms > (known[best] as number) ? index : best), 0);
  return scaled.map((ms, index) => ({
    path: ['stages', index, 'duration'],
    text: wanted === undefined ? duration : `${index === longest ? ms + rest : ms}ms`,
  }));
}

/** Makes all replacements. Reads the text twice at most, because a plan can have thousands of stages. */
function replaced(text: string, document: Document, replacements: readonly Replacement[]): string {
  const inPlace: { readonly start: number; readonly end: number; readonly value: string }[] = [];
  const others: Replacement[] = [];
  for (const replacement of replacements) {
    const node = document.getIn(replacement.path, true);
    if (isScalar(node) && node.range && ['PLAIN', 'QUOTE_SINGLE', 'QUOTE_DOUBLE'].includes(node.type ?? '')) {
      inPlace.push({ start: node.range[0], end: node.range[1], value: JSON.stringify(replacement.text) });
    } else others.push(replacement);
  }
  const parts: string[] = [];
  let keptTo = 0;
  for (const { start, end, value } of inPlace.sort((a, b) => a.start - b.start)) {
    parts.push(text.slice(keptTo, start), value);
    keptTo = end;
  }
  const changed = parts.join('') + text.slice(keptTo);
  return others.length === 0 ? changed : rewritten(changed, others);
}

/** Makes replacements that need new keys or copies of shared values; the whole text is written anew. */
function rewritten(text: string, replacements: readonly Replacement[]): string {
  const { document } = readDocument(text);
  const possible = replacements.filter(({ path }) => ownCollections(document, path));
  for (const { path, text: value } of possible) document.setIn(path, value);
  return possible.length === 0 ? text : document.toString({ lineWidth: 0 });
}

/** The value that a mapping takes over by a merge key. */
function mergedNode(document: Document, path: readonly unknown[]): unknown {
  const parent = document.getIn(path.slice(0, -1), true);
  return isMap(parent) ? mergedPair(parent, String(path.at(-1)), document)?.value : undefined;
}

/**
 * Replaces every alias and every merged value along a path by a copy, so that a change at the path changes no other place.
 * @returns false when a value on the path is neither a mapping nor a list, so that no key can be set in it
 */
function ownCollections(document: Document, path: readonly unknown[]): boolean {
  for (let length = 1; length < path.length; length++) {
    const here = path.slice(0, length);
    const node = document.getIn(here, true) ?? mergedNode(document, here);
    if (node === undefined) return true;
    const resolved = isAlias(node) ? node.resolve(document) : node;
    if (!(typeof path[length] === 'number' && isSeq(resolved)) && !isMap(resolved)) return false;
    if (isAlias(node) || document.getIn(here, true) === undefined) {
      const copy = resolved.clone() as typeof resolved;
      delete copy.anchor;
      document.setIn(here, copy);
    }
  }
  return true;
}
