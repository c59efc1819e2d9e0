import { closest, distance } from 'fastest-levenshtein';

/** Why a plan cannot run or a request cannot be answered, and where the reason is. The form of all `problems`. */
export type Problem = {
  /** Dotted path in the plan, e.g. `scenarios.learn.steps[0].tool`; empty for the whole plan or run. */
  readonly path: string;
  /** What was expected, what was found and how to fix it; never a value from a place that may hold a secret. */
  readonly message: string;
  /** Position in the plan's file, both from 1; absent if the file is not known. */
  readonly line?: number;
  readonly column?: number;
};

/** Something wrong in the text of a plan. */
export type PlanProblem = Required<Problem>;

/** A problem as one line, e.g. `targets.web.url: expected …`. */
export function problemText({ path, message }: Problem): string {
  return path === '' ? message : `${path}: ${message}`;
}

/** A part of a plan that is valid alone but does not fit the other parts. */
export type DanglingReference = { readonly path: readonly PropertyKey[]; readonly message: string };

/** Beyond these limits, searching for the nearest name takes too long in a hostile plan. */
const MAX_NAMES = 200;
const MAX_CHARACTERS = 200;
/** Longest excerpt of the file in a message. */
const MAX_SHOWN_CHARACTERS = 80;

/** The message for an unknown key; suggests the nearest known one. */
export function unknownKeyText(key: string, known: readonly string[]): string {
  return known.length === 0 ? `unknown key "${key}"` : `unknown key "${key}": ${suggestion(key, known)}`;
}

/** The names that a message lists; a server can have thousands of tools. */
const MOST_NAMES = 50;

/** The end of a message that refuses a name: the nearest known name, or the known names. */
export function suggestion(name: string, known: readonly string[]): string {
  const nearest = nearestOf(name, known);
  if (nearest !== undefined) return `did you mean "${nearest}"?`;
  if (known.length === 0) return 'there are none';
  const left = known.length - MOST_NAMES;
  return `expected one of ${known.slice(0, MOST_NAMES).join(', ')}${left > 0 ? ` and ${left} more` : ''}`;
}

/** The known name that a misspelt one probably means; undefined when none is near or the search would take too long. */
export function nearestOf(name: string, known: readonly string[]): string | undefined {
  if (known.length === 0 || known.length > MAX_NAMES || name.length > MAX_CHARACTERS) return undefined;
  const nearest = closest(name, known as string[]);
  const changes = distance(name.toLowerCase(), nearest.toLowerCase());
  return changes <= Math.max(2, Math.floor(nearest.length / 3)) ? nearest : undefined;
}

/** The text, cut to the length that a message shows. */
export function shortened(text: string, maxCharacters = MAX_SHOWN_CHARACTERS): string {
  return text.length > maxCharacters ? `${text.slice(0, maxCharacters)}…`.toWellFormed() : text;
}

/** A path as messages show it, e.g. `scenarios.learn.steps[0].tool`. */
export function pathText(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    const name = shortened(String(part));
    return text === '' ? name : `${text}.${name}`;
  }, '');
}
