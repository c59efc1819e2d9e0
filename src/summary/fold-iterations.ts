import type { Block, OperationKey } from '../sample/block.ts';
import { ascending } from './ascending.ts';
import type { IterationCell } from './fold.ts';
import { type FoldFrame, intervalAt, partOf } from './fold-frame.ts';
import { latencyUs } from './latency.ts';

type OpenCell = {
  readonly target: string;
  readonly scenario: string;
  readonly interval: number;
  readonly part: number;
  readonly durations: number[];
  aborted: number;
  unfed: number;
  dropped: number;
};

/** Adds up iterations, also those that could not begin, by scenario, interval and part. */
export class IterationFolder {
  readonly #frame: FoldFrame;
  readonly #cells = new Map<string, OpenCell>();

  constructor(frame: FoldFrame) {
    this.#frame = frame;
  }

  /** Counts an iteration that was made. */
  add(block: Block, at: number, aborted: boolean): void {
    const { lagUs, durationUs, outcome } = block.columns;
    const cell = this.#cellOf(block, at);
    if (block.outcomes[outcome[at] as number] === 'PLAN_FEED_END') cell.unfed++;
    else if (aborted) cell.aborted++;
    else cell.durations.push(latencyUs(lagUs[at] as number, durationUs[at] as number));
  }

  /** Counts an iteration that could not begin. */
  addDropped(block: Block, at: number): void {
    this.#cellOf(block, at).dropped++;
  }

  finish(): IterationCell[] {
    return [...this.#cells.values()].map((cell) => ({ ...cell, durations: ascending(cell.durations) }));
  }

  #cellOf(block: Block, at: number): OpenCell {
    const { startUs, lagUs, operation } = block.columns;
    const { target, operation: scenario } = block.operations[operation[at] as number] as OperationKey;
    const startMs = block.originMs + (startUs[at] as number) / 1000;
    const interval = intervalAt(this.#frame, startMs);
    const part = partOf(this.#frame, startMs - (lagUs[at] as number) / 1000);
    const name = `${interval} ${part}\n${target}\n${scenario}`;
    let cell = this.#cells.get(name);
    if (cell === undefined) {
      cell = { target, scenario, interval, part, durations: [], aborted: 0, unfed: 0, dropped: 0 };
      this.#cells.set(name, cell);
    }
    return cell;
  }
}
