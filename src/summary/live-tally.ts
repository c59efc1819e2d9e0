import { encodeIntoCompressedBase64, type Histogram } from 'hdr-histogram-js';
import { type Block, type OperationKey, SAMPLE_KIND } from '../sample/block.ts';
import { outcomeClass } from '../sample/outcome.ts';
import { emptyHistogram } from './histogram.ts';
import type { LiveOperation, LiveProgress } from './live-progress.ts';

type OperationTally = { readonly key: OperationKey; count: number; failures: number; readonly histogram: Histogram };

/** A slice's running totals, fed from its blocks as they are flushed, not from the hot path. */
export class LiveTally {
  readonly #operations = new Map<string, OperationTally>();
  #iterations = 0;

  /** Counts every sample of a block. */
  add(block: Block): void {
    const { kind, operation, outcome, durationUs } = block.columns;
    const classes = block.outcomes.map(outcomeClass);
    for (let at = 0; at < block.count; at++) {
      const became = classes[outcome[at] as number];
      if (kind[at] !== SAMPLE_KIND.request) {
        if (kind[at] === SAMPLE_KIND.iteration && became !== 'aborted') this.#iterations++;
        continue;
      }
      if (became === 'aborted') continue;
      const tally = this.#tallyOf(block.operations[operation[at] as number] as OperationKey);
      tally.count++;
      if (became === 'failed') tally.failures++;
      else tally.histogram.recordValue(durationUs[at] as number);
    }
  }

  /** The totals so far, with what the slice says of itself. */
  progress(about: Pick<LiveProgress, 'sliceId' | 'attemptId' | 'atMs' | 'activeVus'>): LiveProgress {
    const operations: LiveOperation[] = [];
    for (const { key, count, failures, histogram } of this.#operations.values()) {
      operations.push({ ...key, count, failures, histogram: encodeIntoCompressedBase64(histogram) });
    }
    return { ...about, iterations: this.#iterations, operations };
  }

  #tallyOf(key: OperationKey): OperationTally {
    const name = `${key.target}\n${key.operation}`;
    let tally = this.#operations.get(name);
    if (tally === undefined) {
      tally = { key, count: 0, failures: 0, histogram: emptyHistogram() };
      this.#operations.set(name, tally);
    }
    return tally;
  }
}
