import { LONGEST_CALL_MS } from '../../sample/block.ts';
import type { Exchange } from './exchange.ts';
import { type Expiring, InFlightRequests } from './in-flight-requests.ts';
import type { Judgement } from './json-rpc.ts';
import { recordOutcome } from './request-sample.ts';

/** A held call; it has waited long enough at its deadline. */
type HeldCall = Expiring & { readonly call: Exchange };

/** What a call comes to that has taken longer than a sample can hold. */
export const TOO_LONG: Judgement = {
  outcome: 'TMO_TOTAL',
  message: `no result within ${LONGEST_CALL_MS / 60_000} min, the longest time for which mcp-surge waits for a call`,
};

/**
 * The calls whose first answer was not their result: the server made a task of the call, or asked for input. Their samples
 * are not complete when the first reply has ended; they run until the call's result, but no longer than a sample can hold.
 */
export class ContinuedCalls {
  readonly #now: () => number;
  readonly #onConcluded: (call: Exchange) => void;
  /** Calls whose first reply has ended. */
  readonly #held: InFlightRequests<HeldCall>;
  readonly #byCall = new Map<Exchange, HeldCall>();

  /**
   * @param now epoch milliseconds
   * @param onConcluded receives each held call once its sample is complete
   */
  constructor(now: () => number, onConcluded: (call: Exchange) => void) {
    this.#now = now;
    this.#onConcluded = onConcluded;
    this.#held = new InFlightRequests(now);
  }

  /** How many calls are held. */
  get size(): number {
    return this.#held.size;
  }

  /** Keeps a call whose first reply has ended. */
  hold(call: Exchange): void {
    const onDeadline = () => this.conclude(call, TOO_LONG);
    const held = { call, dueMs: Number.POSITIVE_INFINITY, slot: 0, onDeadline };
    this.#byCall.set(call, held);
    this.#held.add(held, call.sample.startMs + LONGEST_CALL_MS);
  }

  /** A copy of the held calls. */
  all(): readonly Exchange[] {
    return [...this.#byCall.keys()];
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
    const held = this.#byCall.get(call);
    if (held === undefined) return;
    this.#byCall.delete(call);
    this.#held.remove(held);
    this.#onConcluded(call);
  }
}
