import {
  allHolders,
  currentLease,
  isFinal,
  isGivenBack,
  type SliceAttempts,
  type SliceLease,
} from '../store/slice-attempts.ts';
import type { RunContext } from './run-context.ts';
import { inTime, Pauses } from './store-calls.ts';

type LeaseOptions = {
  readonly runId: string;
  readonly sliceId: string;
  /** The attempt that the orchestrator asked for. */
  readonly attempt: number;
  /** Identifies this delivery; no other delivery has the same. */
  readonly holder: string;
  /** Epoch milliseconds: if the store has not answered by then, the delivery gives up. */
  readonly beginUntilMs: number;
  /** Epoch milliseconds: from then on the slice is taken over even from a holder that shows signs of life. */
  readonly takeOverAfterMs: number;
};

/** A slice that this delivery holds. */
export type HeldLease = {
  /** The id under which it holds the slice and stores its blocks. */
  readonly holder: string;
  /** Epoch milliseconds of a moment before the store made it the holder. */
  readonly takenMs: number;
  /** Who held the slice before, in that order. */
  readonly earlier: readonly string[];
};

/** What became of waiting for a slice: it is held, another delivery has finished it, or the store was away too long. */
export type LeaseResult =
  | { readonly lease: HeldLease }
  | { readonly finished: SliceAttempts }
  | { readonly unreachable: unknown };

/**
 * Waits until this delivery holds a slice, or until there is nothing left to do. Durable Functions may deliver a slice
 * several times, and attempts may follow each other while an earlier one is still alive; a slice has one holder all the
 * same. A delivery that is not the first is recorded as a duplicate and waits: it takes the slice over when the holder has
 * given it back, or when this process has seen no sign of life of it for the dead-after time. Clocks of other machines
 * play no part. An error of the store is a pause, never a result.
 */
export async function waitForLease(context: RunContext, options: LeaseOptions): Promise<LeaseResult> {
  const { clock, timing } = context;
  const claim = new Claim(context, options);
  let giveUpMs = options.beginUntilMs;
  let pauses = new Pauses(timing);
  for (;;) {
    const nowMs = clock.now();
    let pauseMs = timing.pollMs;
    try {
      const result = await inTime(clock, timing.callTimeoutMs, (signal) => claim.look(nowMs, signal));
      if (result !== undefined) return result;
      giveUpMs = options.takeOverAfterMs + timing.lateWriteMs;
      pauses = new Pauses(timing);
    } catch (error) {
      if (nowMs >= giveUpMs) return { unreachable: error };
      pauseMs = pauses.next();
    }
    await clock.sleepUntil(clock.now() + pauseMs);
  }
}

/** What a slice or a holder shows of itself: it changes while that is alive. */
type Sign = string | number | undefined;

/**
 * Signs of life as this process sees them. A sign counts from the moment when it was first seen here, because the clock of
 * the process that gave it may be wrong.
 */
export class SignsOfLife {
  readonly #seen = new Map<string, { readonly sign: Sign; readonly sinceMs: number }>();

  /**
   * Takes note of what is seen of somebody.
   * @param nowMs epoch
   * @returns since when the sign has been the same, epoch milliseconds; `nowMs` if it is new
   */
  since(id: string, sign: Sign, nowMs: number): number {
    const last = this.#seen.get(id);
    if (last !== undefined && last.sign === sign) return last.sinceMs;
    this.#seen.set(id, { sign, sinceMs: nowMs });
    return nowMs;
  }
}

/** One delivery's attempts to become the holder. */
class Claim {
  readonly #context: RunContext;
  readonly #options: LeaseOptions;
  /** When this delivery first asked for the lease under each of its ids; a call may take effect although it failed. */
  readonly #askedMs = new Map<string, number>();
  #holder: string;
  readonly #signs = new SignsOfLife();
  #isRecorded = false;

  constructor(context: RunContext, options: LeaseOptions) {
    this.#context = context;
    this.#options = options;
    this.#holder = options.holder;
  }

  /**
   * Looks at the slice once, and takes it if it may.
   * @param nowMs before anything is read
   * @returns undefined if the delivery has to wait
   */
  async look(nowMs: number, signal: AbortSignal): Promise<LeaseResult | undefined> {
    const { store } = this.#context;
    const { runId, sliceId } = this.#options;
    const attempts = await store.readAttempts(runId, sliceId, signal);
    if (isFinal(attempts)) return { finished: attempts };
    const lease = currentLease(attempts);
    signal.throwIfAborted();
    if (lease === undefined) return this.#take(attempts);
    if (this.#askedMs.has(lease.holder)) return this.#recognise(attempts, lease.holder);
    await this.#recordDuplicate(lease);
    const mayTakeOver = isGivenBack(attempts) || (await this.#isDead(lease.holder, nowMs));
    signal.throwIfAborted();
    return mayTakeOver ? this.#takeOver(attempts, lease.holder) : undefined;
  }

  async #take(attempts: SliceAttempts): Promise<LeaseResult | undefined> {
    const { runId, sliceId, attempt } = this.#options;
    const takenMs = this.#ask();
    const holder = await this.#context.store.takeLease(runId, sliceId, attempt, this.#holder);
    return holder === this.#holder ? this.#held(attempts, takenMs) : undefined;
  }

  async #takeOver(attempts: SliceAttempts, from: string): Promise<LeaseResult | undefined> {
    const { runId, sliceId, attempt } = this.#options;
    const takenMs = this.#ask();
    const moved = await this.#context.store.takeOverLease(runId, sliceId, attempt, from, this.#holder);
    return moved ? this.#held(attempts, takenMs) : undefined;
  }

  /**
   * The store made this delivery the holder in a call that seemed to fail. If that may be long ago, another delivery may be
   * about to take the slice over. Then this one does so itself, under a new id, so that only one of the two can succeed.
   */
  async #recognise(attempts: SliceAttempts, holder: string): Promise<LeaseResult | undefined> {
    const takenMs = this.#ask();
    return holder === this.#holder ? this.#held(attempts, takenMs) : this.#takeOver(attempts, holder);
  }

  #held(attempts: SliceAttempts, takenMs: number): LeaseResult {
    const earlier = allHolders(attempts).filter((other) => other !== this.#holder);
    return { lease: { holder: this.#holder, takenMs, earlier } };
  }

  /**
   * Begins to ask for the lease, under a new id if the current one was first used too long ago.
   * @returns when it was first asked for under the current id, epoch milliseconds
   */
  #ask(): number {
    const { clock, timing } = this.#context;
    const nowMs = clock.now();
    const askedMs = this.#askedMs.get(this.#holder) ?? nowMs;
    if (nowMs - askedMs <= timing.proofMs / 2) {
      this.#askedMs.set(this.#holder, askedMs);
      return askedMs;
    }
    this.#holder = `${this.#options.holder}.${this.#askedMs.size}`;
    this.#askedMs.set(this.#holder, nowMs);
    return nowMs;
  }

  /** True if the holder has shown no sign of life for the dead-after time before `nowMs`, or has had all the time. */
  async #isDead(holder: string, nowMs: number): Promise<boolean> {
    const { store, clock, timing } = this.#context;
    const { runId, sliceId, takeOverAfterMs } = this.#options;
    const sign = (await store.readProgress(runId, sliceId, holder))?.atMs;
    // From after the look: the sign may have been given while it was read.
    const sinceMs = this.#signs.since(holder, sign, clock.now());
    return nowMs - sinceMs > timing.deadAfterMs || nowMs > takeOverAfterMs;
  }

  /** Records a second delivery of an attempt; a later attempt is none. */
  async #recordDuplicate(lease: SliceLease): Promise<void> {
    const { runId, sliceId, attempt, holder } = this.#options;
    if (this.#isRecorded || lease.attempt !== attempt) return;
    await this.#context.store.recordDuplicate(runId, sliceId, attempt, holder);
    this.#isRecorded = true;
  }
}
