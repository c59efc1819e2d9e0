import type { DeviationRule } from '../plan/deviation-rules.ts';

/** How often a target broke a rule of the specification in the replies to one operation, warm-up included. */
export type DeviationCount = {
  readonly target: string;
  readonly rule: string;
  readonly operation: string;
  readonly count: number;
  /** When it was first seen, epoch milliseconds. */
  readonly firstMs: number;
  /** Redacted and shortened; may be empty. */
  readonly example: string;
};

const MAX_EXAMPLE_CHARACTERS = 200;

type OpenCount = { -readonly [Field in keyof DeviationCount]: DeviationCount[Field] };

/** Counts deviations until they are taken. Only the first of a rule and an operation costs more than an addition. */
export class DeviationCounter {
  readonly #redact: (text: string) => string;
  readonly #counts = new Map<string, OpenCount>();

  /** @param redact removes secrets from examples */
  constructor(redact: (text: string) => string) {
    this.#redact = redact;
  }

  /** @param atMs epoch milliseconds */
  add(target: string, rule: DeviationRule, operation: string, atMs: number, example: string): void {
    const id = deviationId({ target, rule, operation });
    const known = this.#counts.get(id);
    if (known !== undefined) {
      known.count++;
      return;
    }
    const text = this.#redact(example);
    const short = text.length > MAX_EXAMPLE_CHARACTERS ? `${text.slice(0, MAX_EXAMPLE_CHARACTERS)}…` : text;
    this.#counts.set(id, { target, rule, operation, count: 1, firstMs: atMs, example: short });
  }

  /** Removes and returns what was counted; an empty object if nothing was. */
  take(): { readonly deviations?: readonly DeviationCount[] } {
    if (this.#counts.size === 0) return {};
    const deviations = [...this.#counts.values()];
    this.#counts.clear();
    return { deviations };
  }
}

/** The one text that identifies a rule at an operation of a target, as the key of a map. */
export function deviationId({
  target,
  rule,
  operation,
}: Pick<DeviationCount, 'target' | 'rule' | 'operation'>): string {
  return `${target}\n${rule}\n${operation}`;
}

/** Counts added up; the first time and its example are kept. Neither the order nor the grouping of the counts matters. */
export function mergeDeviations(counts: readonly DeviationCount[]): DeviationCount[] {
  const merged = new Map<string, DeviationCount>();
  for (const each of counts) {
    const id = deviationId(each);
    const before = merged.get(id);
    merged.set(id, before === undefined ? each : added(before, each));
  }
  return [...merged].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, count]) => count);
}

function added(one: DeviationCount, other: DeviationCount): DeviationCount {
  const isOlder = other.firstMs < one.firstMs || (other.firstMs === one.firstMs && other.example < one.example);
  return { ...(isOlder ? other : one), count: one.count + other.count };
}
