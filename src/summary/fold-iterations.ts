import { type Block, type OperationKey, operationId } from '../sample/block.ts';
import { isUnfinished, type Outcome, outcomeClass } from '../sample/outcome.ts';
import { type FoldFrame, type IterationCell, intervalAt, phaseOf, type SessionFold } from './fold.ts';
import { ascending, latencyUs } from './percentiles.ts';

type OpenCell = {
  readonly target: string;
  readonly scenario: string;
  readonly interval: number;
  readonly phase: number;
  readonly durations: number[];
  readonly lags: number[];
  aborted: number;
  iterationsWithoutFeedRow: number;
  dropped: number;
};

/** Shorter lags are not kept: no plan calls them late (`lateAfter`). */
const LATE_US = 1000;

/** Adds up iterations, dropped ones included, by scenario, interval and phase. */
export class IterationFolder {
  readonly #frame: FoldFrame;
  readonly #cells = new Map<string, OpenCell>();

  constructor(frame: FoldFrame) {
    this.#frame = frame;
  }

  /** Counts an iteration that began. */
  add(block: Block, at: number): void {
    const { lagUs, durationUs, outcome } = block.columns;
    const cell = this.#cellOf(block, at);
    const lag = lagUs[at] as number;
    if (lag >= LATE_US) cell.lags.push(lag);
    const code = block.outcomes[outcome[at] as number] as Outcome;
    if (code === 'PLAN_FEED_END') cell.iterationsWithoutFeedRow++;
    else if (isUnfinished(code)) cell.aborted++;
    else cell.durations.push(latencyUs(lag, durationUs[at] as number));
  }

  /** Counts a dropped iteration. */
  addDropped(block: Block, at: number): void {
    this.#cellOf(block, at).dropped++;
  }

  finish(): IterationCell[] {
    return [...this.#cells.values()].map(({ lags, ...cell }) => ({
      ...cell,
      durations: ascending(cell.durations),
      ...(lags.length === 0 ? {} : { lags: ascending(lags) }),
    }));
  }

  #cellOf(block: Block, at: number): OpenCell {
    const { startUs, lagUs, operation } = block.columns;
    const key = block.operations[operation[at] as number] as OperationKey;
    const startMs = block.originMs + (startUs[at] as number) / 1000;
    const interval = intervalAt(this.#frame, startMs);
    const phase = phaseOf(this.#frame, startMs - (lagUs[at] as number) / 1000);
    const name = `${interval} ${phase}\n${operationId(key)}`;
    let cell = this.#cells.get(name);
    if (cell === undefined) {
      cell = {
        target: key.target,
        scenario: key.operation,
        interval,
        phase,
        durations: [],
        lags: [],
        aborted: 0,
        iterationsWithoutFeedRow: 0,
        dropped: 0,
      };
      this.#cells.set(name, cell);
    }
    return cell;
  }
}

type OpenSessions = {
  readonly opened: number[];
  readonly closed: number[];
  readonly lifetimes: number[];
  readonly losses: { [Code in Outcome]?: number };
};

/** Adds up sessions by target. */
export class SessionFolder {
  readonly #runStartMs: number;
  readonly #targets = new Map<string, OpenSessions>();

  /** @param runStartMs planned start of the run, epoch */
  constructor(runStartMs: number) {
    this.#runStartMs = runStartMs;
  }

  /** Counts a session that has ended. */
  add(block: Block, at: number): void {
    const { startUs, durationUs, bytes, operation, outcome } = block.columns;
    const { target } = block.operations[operation[at] as number] as OperationKey;
    const sessions = this.#sessionsOf(target);
    // A long session starts before what its block's columns can hold. Its start is its end minus its whole lifetime.
    const endMs = block.originMs + ((startUs[at] as number) + (durationUs[at] as number)) / 1000 - this.#runStartMs;
    const lifetimeMs = bytes[at] as number;
    sessions.opened.push(Math.max(0, Math.round(endMs - lifetimeMs)));
    sessions.closed.push(Math.max(0, Math.round(endMs)));
    sessions.lifetimes.push(lifetimeMs);
    const code = block.outcomes[outcome[at] as number] as Outcome;
    if (outcomeClass(code) === 'failed') sessions.losses[code] = (sessions.losses[code] ?? 0) + 1;
  }

  finish(): SessionFold[] {
    return [...this.#targets].map(([target, { opened, closed, lifetimes, losses }]) => {
      return {
        target,
        opened: ascending(opened),
        closed: ascending(closed),
        lifetimes: ascending(lifetimes),
        losses,
      };
    });
  }

  #sessionsOf(target: string): OpenSessions {
    let sessions = this.#targets.get(target);
    if (sessions === undefined) {
      sessions = { opened: [], closed: [], lifetimes: [], losses: {} };
      this.#targets.set(target, sessions);
    }
    return sessions;
  }
}
