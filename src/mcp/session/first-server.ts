import { excerpt } from '../../plan/bounded-text.ts';
import type { DeviationRule } from '../../plan/deviation-rules.ts';

/** Takes a deviation of the target from the specification. @param operation number of the operation in the recorder */
export type OnDeviation = (rule: DeviationRule, operation: number, example: string) => void;

/** What the first session with a target showed of its server. Later ones should show the same. */
export class FirstServer {
  #first: string | undefined;

  /** @returns what differs, as an example; undefined if nothing does */
  differenceFrom(...facts: readonly string[]): string | undefined {
    const text = facts.join(', ');
    this.#first ??= text;
    return text === this.#first ? undefined : excerpt(`first ${this.#first}; then ${text}`, 200);
  }
}
