import type { Slice } from '../plan/slices.ts';
import { currentLease } from '../store/slice-attempts.ts';
import type { LiveProgress } from '../summary/live-progress.ts';
import type { Fence } from '../traffic/fence.ts';
import type { RunContext } from './run-context.ts';
import { hasEnded } from './run-documents.ts';
import { inTime } from './store-calls.ts';

/** Where a holder stands, as the store says. */
export type Standing = {
  /** False once another delivery has taken the slice over. */
  readonly isHolder: boolean;
  /**
   * `active`: load may be made. `concluding`: no load, but what is stored now still counts. `over`: the run has its report, or
   * is gone, so that nothing more may be stored.
   */
  readonly run: 'active' | 'concluding' | 'over';
  readonly stopRequested: boolean;
};

type HeartbeatOptions = {
  readonly runId: string;
  readonly slice: Slice;
  readonly holder: string;
  readonly fence: Fence;
  /** The holder's progress, whose writing is its sign of life. */
  readonly progress: () => LiveProgress;
  /** Called with what each heartbeat has found out, and when it began, epoch milliseconds. Must not throw. */
  readonly onStanding: (standing: Standing, beganMs: number) => void;
};

/** The heart of one holder: signs of life, and proofs that it still holds its slice. */
export class Heartbeat {
  readonly #context: RunContext;
  readonly #options: HeartbeatOptions;
  readonly #ended = new AbortController();
  readonly #done: Promise<unknown>;
  #errors = 0;

  /** Beats with every flush until it is stopped. Samples that wait for the store do not delay it. */
  constructor(context: RunContext, options: HeartbeatOptions) {
    this.#context = context;
    this.#options = options;
    this.#done = Promise.all([this.#keepBeating(), this.#watchFence()]);
  }

  /** How many heartbeats the store did not answer. */
  get errors(): number {
    return this.#errors;
  }

  /**
   * Shows a sign of life and asks where the holder stands. The order matters: the moment of the proof is before everything
   * else; the ledger is read after the sign of life was written, so that nobody who has seen an older sign can have taken
   * the slice over. A run that is over gets no sign of life, because its rows may have been deleted.
   * @throws when the store does not answer in time
   */
  async beat(): Promise<Standing> {
    const { store, clock, timing } = this.#context;
    const { runId, slice, holder, fence, progress, onStanding } = this.#options;
    const beganMs = clock.now();
    const standing = await inTime(clock, timing.heartbeatTimeoutMs, async (signal): Promise<Standing> => {
      const record = await store.getRun(runId, signal);
      if (record === undefined || hasEnded(record)) return { isHolder: false, run: 'over', stopRequested: true };
      await store.putProgress(runId, progress(), signal);
      const lease = currentLease(await store.readAttempts(runId, slice.sliceId, signal));
      const run = record.state === 'concluding' ? 'concluding' : 'active';
      return { isHolder: lease?.holder === holder, run, stopRequested: record.stopRequested };
    });
    if (standing.isHolder && standing.run === 'active') fence.prove(beganMs, clock.now());
    onStanding(standing, beganMs);
    return standing;
  }

  /** Stops after the heartbeat in progress. Can be called more than once. */
  async stop(): Promise<void> {
    this.#ended.abort();
    await this.#done;
  }

  async #keepBeating(): Promise<void> {
    const { clock, timing } = this.#context;
    const { signal } = this.#ended;
    while (!signal.aborted) {
      let nextMs: number;
      try {
        await this.beat();
        nextMs = nextBeat(clock.now(), this.#options.slice, timing.flushMs);
      } catch (error) {
        this.#errors++;
        if (this.#errors === 1) {
          const { runId, slice } = this.#options;
          console.warn(`Slice ${slice.sliceId} of run ${runId} could not show a sign of life; it tries again:`, error);
        }
        nextMs = clock.now() + timing.heartbeatRetryMs;
      }
      await clock.sleepUntil(nextMs, signal);
    }
  }

  /** Brings the fence down when the last proof is too old, whether or not something is about to be sent. */
  async #watchFence(): Promise<void> {
    const { clock } = this.#context;
    const { fence } = this.#options;
    const over = AbortSignal.any([this.#ended.signal, fence.signal]);
    while (!over.aborted) {
      await clock.sleepUntil(fence.untilMs + 1, over);
      fence.allows(clock.now());
    }
  }
}

/**
 * The next heartbeat of a lane, a quarter of a flush after its samples are flushed, so that its progress includes them.
 * Lanes beat at different moments.
 */
function nextBeat(nowMs: number, { startAtMs, lane, lanes }: Slice, flushMs: number): number {
  const anchorMs = startAtMs + (lane / lanes + 0.25) * flushMs;
  return anchorMs + Math.ceil((nowMs + flushMs / 10 - anchorMs) / flushMs) * flushMs;
}
