import { type Block, NO_TIME, type OperationKey, SAMPLE_KIND } from '../sample/block.ts';
import { type Outcome, outcomeClass } from '../sample/outcome.ts';
import { firstExample } from './first-example.ts';
import { type ClockName, type Fold, mapClocks, type OutcomeCount, type SliceFold } from './fold.ts';

type OpenCell = {
  readonly key: OperationKey;
  readonly interval: number;
  readonly useful: number[];
  readonly failed: number[];
};
type OpenClocks = { readonly key: OperationKey } & Readonly<Record<ClockName, number[]>>;
type OpenOutcome = { -readonly [Field in keyof OutcomeCount]: OutcomeCount[Field] };

/** Adds up blocks into a Fold; the order of the blocks does not matter. */
export class BlockFolder {
  readonly #runStartMs: number;
  readonly #intervalMs: number;
  readonly #cells = new Map<string, OpenCell>();
  readonly #outcomes = new Map<string, OpenOutcome>();
  readonly #clocks = new Map<string, OpenClocks>();
  readonly #vus = new Set<number>();
  readonly #iterations: number[] = [];
  #droppedIterations = 0;
  #abortedRequests = 0;
  #samples = 0;
  #lastEndMs = 0;

  /** @param runStartMs planned start, epoch, that the intervals of `intervalMs` are counted from */
  constructor(runStartMs: number, intervalMs: number) {
    this.#runStartMs = runStartMs;
    this.#intervalMs = intervalMs;
  }

  /** Counts every sample of a block. */
  add(block: Block): void {
    const { kind, durationUs, outcome, vu } = block.columns;
    const classes = block.outcomes.map(outcomeClass);
    this.#samples += block.count;
    for (let at = 0; at < block.count; at++) {
      const became = classes[outcome[at] as number];
      if (kind[at] === SAMPLE_KIND.droppedIteration) this.#droppedIterations++;
      else if (kind[at] === SAMPLE_KIND.iteration) {
        if (became !== 'aborted') this.#iterations.push(durationUs[at] as number);
      } else {
        this.#vus.add(vu[at] as number);
        if (became === 'aborted') this.#abortedRequests++;
        else this.#addRequest(block, at, became === 'failed');
      }
    }
    for (const { operation, outcome, message } of block.examples) {
      const key = block.operations[operation] as OperationKey;
      const entry = this.#outcomes.get(outcomeName(key, block.outcomes[outcome] as Outcome));
      if (entry !== undefined) entry.example = firstExample(entry.example, message);
    }
  }

  /** The fold of all blocks added, which came from these slices. */
  finish(slices: readonly SliceFold[]): Fold {
    return {
      intervalMs: this.#intervalMs,
      cells: [...this.#cells.values()].map(({ key, interval, useful, failed }) => {
        return { ...key, interval, useful: ascending(useful), failed: ascending(failed) };
      }),
      outcomes: [...this.#outcomes.values()],
      clocks: [...this.#clocks.values()].map(({ key, ...clocks }) => ({
        ...key,
        ...mapClocks((clock) => ascending(clocks[clock])),
      })),
      vus: ascending([...this.#vus]),
      iterations: ascending(this.#iterations),
      droppedIterations: this.#droppedIterations,
      abortedRequests: this.#abortedRequests,
      samples: this.#samples,
      lastEndMs: this.#lastEndMs,
      slices,
    };
  }

  #addRequest(block: Block, at: number, failed: boolean): void {
    const { startUs, durationUs, operation, outcome } = block.columns;
    const key = block.operations[operation[at] as number] as OperationKey;
    const duration = durationUs[at] as number;
    const startMs = block.originMs + (startUs[at] as number) / 1000;
    this.#lastEndMs = Math.max(this.#lastEndMs, startMs + duration / 1000);
    const interval = Math.max(0, Math.floor((startMs - this.#runStartMs) / this.#intervalMs));
    const cell = this.#cellOf(key, interval);
    (failed ? cell.failed : cell.useful).push(duration);
    this.#addClocks(key, block, at, failed);
    const code = block.outcomes[outcome[at] as number] as Outcome;
    if (code !== 'OK') this.#addOutcome(key, code, startMs);
  }

  #cellOf(key: OperationKey, interval: number): OpenCell {
    const name = `${interval}\n${key.target}\n${key.operation}`;
    let cell = this.#cells.get(name);
    if (cell === undefined) {
      cell = { key, interval, useful: [], failed: [] };
      this.#cells.set(name, cell);
    }
    return cell;
  }

  #addClocks(key: OperationKey, block: Block, at: number, failed: boolean): void {
    const name = `${key.target}\n${key.operation}`;
    let clocks = this.#clocks.get(name);
    if (clocks === undefined) {
      clocks = { key, lag: [], headers: [], firstEvent: [], close: [] };
      this.#clocks.set(name, clocks);
    }
    const { lagUs, headersUs, firstEventUs, closeUs } = block.columns;
    clocks.lag.push(lagUs[at] as number);
    if (failed) return;
    if (headersUs[at] !== NO_TIME) clocks.headers.push(headersUs[at] as number);
    if (firstEventUs[at] !== NO_TIME) clocks.firstEvent.push(firstEventUs[at] as number);
    if (closeUs[at] !== NO_TIME) clocks.close.push(closeUs[at] as number);
  }

  #addOutcome(key: OperationKey, outcome: Outcome, startMs: number): void {
    const name = outcomeName(key, outcome);
    const entry = this.#outcomes.get(name);
    if (entry === undefined) {
      this.#outcomes.set(name, { ...key, outcome, count: 1, firstMs: startMs, lastMs: startMs, example: '' });
      return;
    }
    entry.count++;
    entry.firstMs = Math.min(entry.firstMs, startMs);
    entry.lastMs = Math.max(entry.lastMs, startMs);
  }
}

function outcomeName(key: OperationKey, outcome: Outcome): string {
  return `${key.target}\n${key.operation}\n${outcome}`;
}

function ascending(values: readonly number[]): Uint32Array {
  return Uint32Array.from(values).sort();
}
