import type { Slice } from '../plan/slices.ts';
import type { Block } from '../sample/block.ts';
import type { Recorder } from '../sample/recorder.ts';
import type { StoreHealth } from '../summary/generator-health.ts';
import { type LiveProgress, LiveTally } from '../summary/live-progress.ts';
import type { RunContext } from './run-context.ts';
import { inTime, Pauses } from './store-calls.ts';
import { WaitingBlocks } from './waiting-blocks.ts';

type SliceWriterOptions = {
  readonly runId: string;
  readonly sliceId: string;
  readonly attemptId: string;
  /** Epoch milliseconds at which the warm-up ends; undefined when there is none. */
  readonly measuredFromMs?: number | undefined;
  /** Called once when the memory for waiting samples is full: the slice has to end its load. */
  readonly onFull?: () => void;
  /**
   * Asked before each block: false once nothing may be stored any more, because the run has its report. Rejects while that is
   * not known.
   */
  readonly mayStore?: () => Promise<boolean>;
};

/**
 * Stores a slice's blocks, in order and outside the hot path. Blocks that the store does not accept wait in a limited
 * memory; what does not fit into it is counted. The live totals are about what is stored.
 */
export class SliceWriter {
  readonly #context: RunContext;
  readonly #options: SliceWriterOptions;
  readonly #tally: LiveTally;
  readonly #waiting: WaitingBlocks;
  #isFailing = false;
  #seq = 0;
  #errors = 0;
  #samples = 0;
  #activeVus = 0;

  constructor(context: RunContext, options: SliceWriterOptions) {
    this.#context = context;
    this.#options = options;
    this.#tally = new LiveTally(options.measuredFromMs);
    this.#waiting = new WaitingBlocks(context.waitingMemory, options.onFull ?? (() => {}));
  }

  get health(): StoreHealth {
    const { samples: unkept, requests: unkeptRequests } = this.#waiting.lost;
    return {
      errors: this.#errors,
      blocks: this.#seq,
      samples: this.#samples,
      ...(unkept === 0 ? {} : { unkept }),
      ...(unkeptRequests === 0 ? {} : { unkeptRequests }),
    };
  }

  /** Call it when a virtual user begins or ends its work. */
  countVu(change: 1 | -1): void {
    this.#activeVus += change;
  }

  /** The totals of what has been stored. */
  progress(): LiveProgress {
    const { sliceId, attemptId } = this.#options;
    return this.#tally.progress({ sliceId, attemptId, atMs: this.#context.clock.now(), activeVus: this.#activeVus });
  }

  /** Takes a block to be stored at the next flush. */
  take(block: Block): void {
    this.#waiting.push(block);
  }

  /** Stores the recorder's samples. Failures of the store are counted, not thrown. */
  async flush(recorder: Recorder): Promise<void> {
    try {
      // While the store accepts nothing, samples stay in the recorder until they are a full block.
      if (this.#isFailing) await this.#append();
      this.#drain(recorder);
      await this.#append();
    } catch (error) {
      this.#noteFailure(error);
    }
  }

  /**
   * Stores everything that is left, with pauses while the store accepts nothing.
   * @param untilMs epoch: what is not stored by then is given up and counted
   */
  async close(recorder: Recorder, untilMs: number): Promise<void> {
    const { clock, timing } = this.#context;
    this.#drain(recorder);
    const pauses = new Pauses(timing);
    for (;;) {
      try {
        return await this.#append();
      } catch (error) {
        this.#noteFailure(error);
      }
      const againMs = clock.now() + pauses.next();
      if (againMs > untilMs) return this.#giveUp('the store accepted nothing for too long');
      await clock.sleepUntil(againMs);
    }
  }

  #drain(recorder: Recorder): void {
    const block = recorder.drain();
    if (block !== undefined) this.take(block);
  }

  /** Stores the blocks that wait, the oldest first. @throws when the store does not accept one */
  async #append(): Promise<void> {
    const { store, clock, timing } = this.#context;
    const { runId, sliceId, attemptId, mayStore } = this.#options;
    for (let block = await this.#waiting.first(); block !== undefined; block = await this.#waiting.first()) {
      if ((await mayStore?.()) === false) return this.#giveUp('the run was over before');
      const [seq, appended] = [this.#seq, block];
      await inTime(clock, timing.appendTimeoutMs, () => store.appendBlock(runId, sliceId, attemptId, seq, appended));
      this.#waiting.shift();
      this.#isFailing = false;
      this.#seq++;
      this.#samples += block.count;
      this.#tally.add(block);
    }
  }

  #noteFailure(error: unknown): void {
    this.#errors++;
    // One line for each time that the store is away.
    if (!this.#isFailing) {
      const { sliceId, runId } = this.#options;
      console.error(`Samples of slice ${sliceId} of run ${runId} wait, because they could not be stored:`, error);
    }
    this.#isFailing = true;
    this.#waiting.pack();
  }

  async #giveUp(why: string): Promise<void> {
    const left = await this.#waiting.dropAll();
    if (left === 0) return;
    const { sliceId, runId } = this.#options;
    console.error(`${left} samples of slice ${sliceId} of run ${runId} were not stored: ${why}.`);
  }
}

type FlushLoop = {
  /** Ends the loop, after the flush in progress. Can be called more than once. */
  stop(): Promise<void>;
};

/** Flushes a slice every two seconds. @param flush must not reject */
export function startFlushLoop({ clock, timing }: RunContext, slice: Slice, flush: () => Promise<void>): FlushLoop {
  const ended = new AbortController();
  const loop = async () => {
    while (!ended.signal.aborted) {
      await clock.sleepUntil(nextFlush(clock.now(), slice, timing.flushMs), ended.signal);
      if (!ended.signal.aborted) await flush();
    }
  };
  const done = loop();
  return {
    async stop() {
      ended.abort();
      await done;
    },
  };
}

/**
 * The next flush of a lane, on a grid of its own. Lanes flush at different instants, so that slices in one process do not
 * block its event loop together. None flushes in the first two seconds of load, when all sessions open, which is measured
 * only once for each.
 */
function nextFlush(nowMs: number, { startAtMs, lane, lanes }: Slice, flushMs: number): number {
  const anchorMs = startAtMs + (lane / lanes) * flushMs;
  const step = Math.ceil((nowMs + flushMs / 2 - anchorMs) / flushMs);
  return anchorMs + (step === 0 ? 1 : step) * flushMs;
}
