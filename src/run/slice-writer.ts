import type { Plan } from '../plan/plan-schema.ts';
import type { Slice } from '../plan/slices.ts';
import type { Block } from '../sample/block.ts';
import type { Recorder } from '../sample/recorder.ts';
import { LiveTally } from '../summary/live-progress.ts';
import type { RunContext } from './run-context.ts';
import { watchRun } from './watch-run.ts';

type SliceWriterOptions = {
  readonly runId: string;
  readonly sliceId: string;
  readonly attemptId: string;
  /** Epoch milliseconds at which the warm-up ends; undefined when there is none. */
  readonly measuredFromMs?: number | undefined;
};

/**
 * Stores a slice's blocks and progress, in order and outside the hot path. A block that the store does not accept is kept
 * and stored at the next flush.
 */
export class SliceWriter {
  readonly #context: RunContext;
  readonly #options: SliceWriterOptions;
  readonly #tally: LiveTally;
  readonly #waiting: Block[] = [];
  #seq = 0;
  #errors = 0;
  #samples = 0;
  #activeVus = 0;

  constructor(context: RunContext, options: SliceWriterOptions) {
    this.#context = context;
    this.#options = options;
    this.#tally = new LiveTally(options.measuredFromMs);
  }

  get health() {
    return { errors: this.#errors, blocks: this.#seq, samples: this.#samples };
  }

  /** Call it when a virtual user begins or ends its work. */
  countVu(change: 1 | -1): void {
    this.#activeVus += change;
  }

  /** Takes a block to be stored at the next flush. */
  take(block: Block): void {
    this.#waiting.push(block);
    this.#tally.add(block);
  }

  /** Stores the recorder's samples and the slice's progress. Failures of the store are counted, not thrown. */
  async flush(recorder: Recorder): Promise<void> {
    const block = recorder.drain();
    if (block !== undefined) this.take(block);
    try {
      await this.#append();
      await this.#writeProgress();
    } catch (error) {
      this.#errors++;
      console.error(
        `Slice ${this.#options.sliceId} of ${this.#options.runId} could not be stored; the next flush tries again:`,
        error,
      );
    }
  }

  /** Stores everything that is left. @throws when the store does not accept it: then the slice must count as lost */
  async close(recorder: Recorder): Promise<void> {
    const block = recorder.drain();
    if (block !== undefined) this.take(block);
    await this.#append();
    await this.#writeProgress();
  }

  async #append(): Promise<void> {
    const { runId, sliceId, attemptId } = this.#options;
    for (let block = this.#waiting[0]; block !== undefined; block = this.#waiting[0]) {
      await this.#context.store.appendBlock(runId, sliceId, attemptId, this.#seq, block);
      this.#waiting.shift();
      this.#seq++;
      this.#samples += block.count;
    }
  }

  #writeProgress(): Promise<void> {
    const { runId, sliceId, attemptId } = this.#options;
    const progress = this.#tally.progress({
      sliceId,
      attemptId,
      atMs: this.#context.clock.now(),
      activeVus: this.#activeVus,
    });
    return this.#context.store.putProgress(runId, progress);
  }
}

/** How often a slice stores its samples, shows that it is alive, and reads the stop flag. */
const FLUSH_INTERVAL_MS = 2000;

type FlushLoop = {
  /** Ends the loop, after the flush in progress. Can be called more than once. */
  stop(): Promise<void>;
};

type FlushLoopOptions = {
  readonly runId: string;
  readonly plan: Plan;
  readonly slice: Slice;
  /** Must not reject. */
  readonly flush: () => Promise<void>;
  /** Called when the run was asked to stop. */
  readonly onStop: () => void;
};

/**
 * Flushes a slice every two seconds and then reads the run's stop flag: terminating an orchestration does not end an
 * activity, the flag does. One lane also evaluates the conditions that end the run, and sets the flag itself.
 */
export function startFlushLoop(context: RunContext, options: FlushLoopOptions): FlushLoop {
  const { runId, plan, slice, flush, onStop } = options;
  const { store, clock } = context;
  const watch = watchRun(context, runId, plan, slice);
  const ended = new AbortController();
  const loop = async () => {
    while (!ended.signal.aborted) {
      await flush();
      const record = await store.getRun(runId).catch(() => undefined);
      if (record?.stopRequested === true || (await watch?.()) === true) onStop();
      await clock.sleepUntil(nextFlush(clock.now(), slice), ended.signal);
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
function nextFlush(nowMs: number, { startAtMs, lane, lanes }: Slice): number {
  const anchorMs = startAtMs + (lane / lanes) * FLUSH_INTERVAL_MS;
  const step = Math.ceil((nowMs + FLUSH_INTERVAL_MS / 2 - anchorMs) / FLUSH_INTERVAL_MS);
  return anchorMs + (step === 0 ? 1 : step) * FLUSH_INTERVAL_MS;
}
