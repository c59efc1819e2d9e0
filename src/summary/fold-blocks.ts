import { type Block, NO_TIME, type OperationKey, SAMPLE_FLAG, SAMPLE_KIND } from '../sample/block.ts';
import { type Outcome, outcomeClass } from '../sample/outcome.ts';
import { firstExample } from './first-example.ts';
import { type ClockName, type Fold, mapClocks, type OutcomeCount, type PauseFold, type SliceFold } from './fold.ts';

type OpenCell = {
  readonly key: OperationKey;
  readonly interval: number;
  readonly useful: number[];
  readonly failed: number[];
};
type OpenOperation = {
  readonly key: OperationKey;
  readonly clocks: Readonly<Record<ClockName, number[]>>;
  held: number;
  resumed: number;
  retries: number;
};
type Open<Kept> = { -readonly [Field in keyof Kept]: Kept[Field] };

/** Adds up blocks into a Fold; the order of the blocks does not matter. */
export class BlockFolder {
  readonly #runStartMs: number;
  readonly #intervalMs: number;
  readonly #cells = new Map<string, OpenCell>();
  readonly #outcomes = new Map<string, Open<OutcomeCount>>();
  readonly #operations = new Map<string, OpenOperation>();
  readonly #pauses = new Map<string, Open<PauseFold>>();
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
      switch (kind[at]) {
        case SAMPLE_KIND.request:
          this.#vus.add(vu[at] as number);
          if (became === 'aborted') this.#abortedRequests++;
          else this.#addRequest(block, at, became === 'failed');
          break;
        case SAMPLE_KIND.iteration:
          if (became !== 'aborted') this.#iterations.push(durationUs[at] as number);
          break;
        case SAMPLE_KIND.droppedIteration:
          this.#droppedIterations++;
          break;
        case SAMPLE_KIND.pause:
          this.#addPause(block, at);
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
      operations: [...this.#operations.values()].map(({ key, clocks, ...counts }) => ({
        ...key,
        ...mapClocks((clock) => ascending(clocks[clock])),
        ...counts,
      })),
      pauses: [...this.#pauses.values()],
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
    this.#addToOperation(key, block, at, failed);
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

  #addToOperation(key: OperationKey, block: Block, at: number, failed: boolean): void {
    const { lagUs, durationUs, socketUs, connectUs, tlsUs, headersUs, firstEventUs, closeUs } = block.columns;
    const operation = this.#operationOf(key);
    const { clocks } = operation;
    const keep = (clock: ClockName, column: Uint32Array) => {
      const value = column[at] as number;
      if (value !== NO_TIME) clocks[clock].push(value);
    };
    const flags = block.columns.flags[at] as number;
    if (flags & SAMPLE_FLAG.held) operation.held++;
    if (flags & SAMPLE_FLAG.resumed) operation.resumed++;
    if (flags & SAMPLE_FLAG.retry) operation.retries++;
    keep('lag', lagUs);
    keep('socket', socketUs);
    keep('connect', connectUs);
    keep('tls', tlsUs);
    if (failed) return;
    keep('headers', headersUs);
    keep('firstEvent', firstEventUs);
    keep('close', closeUs);
    const close = closeUs[at] as number;
    // Rounding can put the close a microsecond before the answer.
    if (close !== NO_TIME) clocks.hold.push(Math.max(0, close - (durationUs[at] as number)));
  }

  #operationOf(key: OperationKey): OpenOperation {
    const name = `${key.target}\n${key.operation}`;
    let operation = this.#operations.get(name);
    if (operation === undefined) {
      operation = { key, clocks: mapClocks((): number[] => []), held: 0, resumed: 0, retries: 0 };
      this.#operations.set(name, operation);
    }
    return operation;
  }

  #addPause({ operations, columns }: Block, at: number): void {
    const { target } = operations[columns.operation[at] as number] as OperationKey;
    const us = columns.durationUs[at] as number;
    const pauses = this.#pauses.get(target);
    if (pauses === undefined) {
      this.#pauses.set(target, { target, count: 1, totalUs: us, maxUs: us });
      return;
    }
    pauses.count++;
    pauses.totalUs += us;
    pauses.maxUs = Math.max(pauses.maxUs, us);
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
