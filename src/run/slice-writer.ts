import type { Block } from '../sample/block.ts';
import type { Recorder } from '../sample/recorder.ts';
import { LiveTally } from '../summary/live-tally.ts';
import type { RunContext } from './run-context.ts';

export type SliceWriterOptions = {
  readonly runId: string;
  readonly sliceId: string;
  readonly attemptId: string;
  /** Epoch milliseconds at which the warm-up ends; none by default. */
  readonly measuredFromMs?: number | undefined;
};

/**
 * Takes a slice's blocks to the store, in order and away from the hot path. A block that the store does not take is kept
 * and tried again at the next flush.
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

  /** Hears that a virtual user begins or ends its work. */
  countVu(change: 1 | -1): void {
    this.#activeVus += change;
  }

  /** Takes a block to be stored at the next flush. */
  take(block: Block): void {
    this.#waiting.push(block);
    this.#tally.add(block);
  }

  /** Stores what the recorder holds and says how far the slice is; failures of the store are counted, not thrown. */
  async flush(recorder: Recorder): Promise<void> {
    const block = recorder.drain();
    if (block !== undefined) this.take(block);
    try {
      await this.#append();
      await this.#writeProgress();
    } catch (error) {
      this.#errors++;
      console.error(
        `Slice ${this.#options.sliceId} of ${this.#options.runId} could not be stored and will be tried again:`,
        error,
      );
    }
  }

  /** Stores all that is left. @throws when the store takes no more: then the slice must count as lost */
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
