import { type Document, isAlias, isMap, isScalar, isSeq, parseDocument } from 'yaml';
import { asArray, asRecord, parseDuration } from './primitives.ts';

/** Changes that a command line makes to a plan without editing its file. */
export type PlanOverrides = {
  /** New URLs of targets by name, e.g. of a staging server. */
  readonly targets?: Readonly<Record<string, string>>;
  /** New token URLs of targets by name. */
  readonly tokenUrls?: Readonly<Record<string, string>>;
  /** New duration of every scenario, as a plan writes it; stages are shortened or stretched to last so long in all. */
  readonly duration?: string;
};

/**
 * The plan's text with the overrides put in. A value that the file has is replaced where it stands, so comments and
 * lines stay and problems still name the right place. What a name does not find is added all the same: parsing then
 * refuses it with its path. Text that is no plan comes back as it was, for parsing to refuse.
 */
export function overridePlan(text: string, overrides: PlanOverrides): string {
  const { targets = {}, tokenUrls = {}, duration } = overrides;
  let changed = text;
  for (const [name, url] of Object.entries(targets)) changed = replaceAt(changed, ['targets', name, 'url'], url);
  for (const [name, url] of Object.entries(tokenUrls)) {
    changed = replaceAt(changed, ['targets', name, 'auth', 'tokenUrl'], url);
  }
  if (duration === undefined) return changed;
  for (const [name, scenario] of scenariosOf(text)) {
    for (const { path, text: value } of newDurations(scenario, duration)) {
      changed = replaceAt(changed, ['scenarios', name, ...path], value);
    }
  }
  return changed;
}

/** The scenarios of a file that is YAML, by the keys that it has for them, numbers among them. */
function scenariosOf(text: string): (readonly [key: unknown, scenario: unknown])[] {
  const document = parseDocument(text);
  const scenarios = document.errors.length === 0 && isMap(document.contents) ? document.get('scenarios') : undefined;
  if (!isMap(scenarios)) return [];
  try {
    const written = asRecord(asRecord(document.toJS()).scenarios);
    return scenarios.items.flatMap(({ key }) => (isScalar(key) ? [[key.value, written[String(key.value)]]] : []));
  } catch {
    // Aliases that stand for nothing or for too much: for parsing to refuse.
    return [];
  }
}

function replaceAt(text: string, path: readonly unknown[], value: string): string {
  const document = parseDocument(text);
  if (document.errors.length > 0 || !isMap(document.contents)) return text;
  const node = document.getIn(path, true);
  if (isScalar(node) && node.range && ['PLAIN', 'QUOTE_SINGLE', 'QUOTE_DOUBLE'].includes(node.type ?? '')) {
    const [start, end] = node.range;
    return text.slice(0, start) + JSON.stringify(value) + text.slice(end);
  }
  if (!ownCollections(document, path)) return text;
  document.setIn(path, value);
  return document.toString({ lineWidth: 0 });
}

/**
 * Gives a path mappings and lists of its own: an alias on it becomes a copy of what it stands for, so that only this place
 * changes. @returns false when something else is there, which no key can be set in
 */
function ownCollections(document: Document, path: readonly unknown[]): boolean {
  for (let length = 1; length < path.length; length++) {
    const here = path.slice(0, length);
    const node = document.getIn(here, true);
    if (node === undefined) return true;
    const resolved = isAlias(node) ? node.resolve(document) : node;
    if (!(typeof path[length] === 'number' && isSeq(resolved)) && !isMap(resolved)) return false;
    if (isAlias(node)) {
      const copy = resolved.clone() as typeof resolved;
      delete copy.anchor;
      document.setIn(here, copy);
    }
  }
  return true;
}

type NewText = { readonly path: readonly (string | number)[]; readonly text: string };

/**
 * Where a scenario, as it was written, says how long it lasts, and what is to stand there so that it lasts another time:
 * the longest time of one that counts its iterations; all stages, in proportion, of one that has stages.
 * @param duration as a plan writes it
 */
export function newDurations(scenario: unknown, duration: string): NewText[] {
  const { executor, stages } = asRecord(scenario);
  if (executor === 'per-vu-iterations' || executor === 'shared-iterations') {
    return [{ path: ['maxDuration'], text: duration }];
  }
  return executor === 'ramping-vus' || executor === 'ramping-arrival-rate'
    ? newStages(asArray(stages), duration)
    : [{ path: ['duration'], text: duration }];
}

/** None when a duration is none, for parsing to refuse; what rounding leaves over goes to the longest stage. */
function newStages(stages: readonly unknown[], duration: string): NewText[] {
  const wanted = parseDuration(duration);
  const given = stages.map((stage) => parseDuration(String(asRecord(stage).duration)));
  const known = given.filter((ms) => ms !== undefined);
  const total = known.reduce((sum, ms) => sum + ms, 0);
  if (known.length < given.length || total === 0) return [];
  const scaled = known.map((ms) => (wanted === undefined ? 0 : Math.round((ms * wanted) / total)));
  const rest = (wanted ?? 0) - scaled.reduce((sum, ms) => sum + ms, 0);
  const longest = known.indexOf(Math.max(...known));
  return scaled.map((ms, index) => ({
    path: ['stages', index, 'duration'],
    text: wanted === undefined ? duration : `${index === longest ? ms + rest : ms}ms`,
  }));
}
