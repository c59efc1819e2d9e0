import type { Exchange } from './exchange.ts';
import type { Judgement } from './json-rpc.ts';
import { recordOutcome } from './request-sample.ts';

/**
 * The calls whose first answer was not their result: the server made a task of the call, or asked for input. Their samples
 * are not complete when the first reply has ended; they run until the call's result.
 */
export class ContinuedCalls {
  readonly #now: () => number;
  readonly #onConcluded: (call: Exchange) => void;
  /** Calls whose first reply has ended. */
  readonly #held = new Set<Exchange>();

  /**
   * @param now epoch milliseconds
   * @param onConcluded receives each held call once its sample is complete
   */
  constructor(now: () => number, onConcluded: (call: Exchange) => void) {
    this.#now = now;
    this.#onConcluded = onConcluded;
  }

  /** How many calls are held. */
  get size(): number {
    return this.#held.size;
  }

  /** Keeps a call whose first reply has ended. */
  hold(call: Exchange): void {
    this.#held.add(call);
  }

  /** A copy of the held calls. */
  all(): readonly Exchange[] {
    return [...this.#held];
  }

  /**
   * Ends a call: its sample runs until now, or until the answer of `last`, and gets the outcome. A warning about the first
   * answer stays. Does nothing when the call has ended already.
   * @param last the request that brought the call's result or failed; the caller finds its reply in the call
   */
  conclude(call: Exchange, judgement: Judgement, last?: Exchange): void {
    if (!call.continues) return;
    call.continues = false;
    const { sample } = call;
    const endMs = last === undefined ? this.#now() : last.sample.startMs + last.sample.durationMs;
    const { outcome, message } = judgement.outcome === 'OK' ? sample : judgement;
    recordOutcome(sample, { ...judgement, outcome, message }, endMs - sample.startMs);
    if (last !== undefined) {
      call.status = last.status;
      call.replyHeaders = last.replyHeaders;
      call.result = last.result;
      call.error = last.error;
    }
    if (this.#held.delete(call)) this.#onConcluded(call);
  }
}
