import { type Block, NO_TIME, type OperationKey, operationId, SAMPLE_FLAG } from '../sample/block.ts';
import { isTimeout, type Outcome, type OutcomeClass } from '../sample/outcome.ts';
import {
  type ClockName,
  COLD_CALLS,
  type ColdCall,
  type Fold,
  type FoldFrame,
  firstExample,
  intervalAt,
  type KeptExample,
  mapClocks,
  type OutcomeCount,
  outcomeId,
  phaseOf,
} from './fold.ts';
import { ascending, latencyUs } from './percentiles.ts';

type OpenCell = {
  readonly key: OperationKey;
  readonly interval: number;
  readonly phase: number;
  readonly useful: number[];
  readonly failed: number[];
  readonly silent: number[];
  readonly censored: number[];
  readonly failures: { [Code in Outcome]?: number };
  blocked: number;
  readonly blockedSilent: number[];
};
type OpenOperation = {
  readonly key: OperationKey;
  readonly clocks: Readonly<Record<ClockName, number[]>>;
  readonly cold: Readonly<Record<ColdCall, number[]>>;
  held: number;
  resumed: number;
  retries: number;
  queued: number;
  resent: number;
};
type Open<Kept> = { -readonly [Field in keyof Kept]: Kept[Field] };

/** Adds up the requests that were sent. */
export class RequestFolder {
  readonly #frame: FoldFrame;
  readonly #cells = new Map<string, OpenCell>();
  readonly #outcomes = new Map<string, Open<OutcomeCount>>();
  readonly #examples = new Map<string, Open<KeptExample>>();
  readonly #operations = new Map<string, OpenOperation>();
  #lastEndMs = 0;

  constructor(frame: FoldFrame) {
    this.#frame = frame;
  }

  /** Counts a request; a request of the warm-up is counted only in its cell. */
  add(block: Block, at: number, requestClass: OutcomeClass): void {
    const { startUs, lagUs, durationUs, operation, outcome } = block.columns;
    const key = block.operations[operation[at] as number] as OperationKey;
    const [lag, duration] = [lagUs[at] as number, durationUs[at] as number];
    const startMs = block.originMs + (startUs[at] as number) / 1000;
    this.#lastEndMs = Math.max(this.#lastEndMs, startMs + duration / 1000);
    const phase = phaseOf(this.#frame, startMs - lag / 1000);
    const cell = this.#cellOf(key, intervalAt(this.#frame, startMs), phase);
    const latency = latencyUs(lag, duration);
    const code = block.outcomes[outcome[at] as number] as Outcome;
    const failed = requestClass === 'failed';
    if (requestClass === 'censored') cell.censored.push(latency);
    else (failed ? cell.failed : cell.useful).push(latency);
    if (failed) cell.failures[code] = (cell.failures[code] ?? 0) + 1;
    if (failed && isTimeout(code)) cell.silent.push(latency);
    if (phase < this.#frame.warmUpPhases) return;
    this.#addToOperation(key, block, at, failed || requestClass === 'censored', latency);
    if (code !== 'OK') this.#addOutcome(key, code, startMs);
  }

  /** Counts a call that was not sent, because no session could be opened for it. */
  addBlocked(block: Block, at: number): void {
    const { startUs, lagUs, durationUs, operation, outcome } = block.columns;
    const key = block.operations[operation[at] as number] as OperationKey;
    const startMs = block.originMs + (startUs[at] as number) / 1000;
    const phase = phaseOf(this.#frame, startMs - (lagUs[at] as number) / 1000);
    const cell = this.#cellOf(key, intervalAt(this.#frame, startMs), phase);
    const code = block.outcomes[outcome[at] as number] as Outcome;
    cell.blocked++;
    cell.failures[code] = (cell.failures[code] ?? 0) + 1;
    if (isTimeout(code)) cell.blockedSilent.push(latencyUs(lagUs[at] as number, durationUs[at] as number));
    if (phase >= this.#frame.warmUpPhases) this.#operationOf(key);
  }

  /** Keeps an example message of an outcome. */
  addExample(key: OperationKey, outcome: Outcome, message: string): void {
    const name = outcomeId({ ...key, outcome });
    const kept = this.#examples.get(name);
    if (kept === undefined) this.#examples.set(name, { ...key, outcome, message });
    else kept.message = firstExample(kept.message, message);
  }

  finish(): Pick<Fold, 'cells' | 'operations' | 'outcomes' | 'examples' | 'lastEndMs'> {
    return {
      cells: [...this.#cells.values()].map(
        ({ key, useful, failed, silent, censored, blocked, blockedSilent, ...rest }) => ({
          ...key,
          ...rest,
          useful: ascending(useful),
          failed: ascending(failed),
          silent: ascending(silent),
          censored: ascending(censored),
          ...(blocked === 0 ? {} : { blocked: { count: blocked, silent: ascending(blockedSilent) } }),
        }),
      ),
      operations: [...this.#operations.values()].map(({ key, clocks, cold, queued, resent, ...counts }) => ({
        ...key,
        ...mapClocks((clock) => ascending(clocks[clock])),
        firstOfSession: ascending(cold.firstOfSession),
        afterIdle: ascending(cold.afterIdle),
        ...counts,
        ...(queued === 0 ? {} : { queued }),
        ...(resent === 0 ? {} : { resent }),
      })),
      outcomes: [...this.#outcomes.values()],
      examples: [...this.#examples.values()],
      lastEndMs: this.#lastEndMs,
    };
  }

  #cellOf(key: OperationKey, interval: number, phase: number): OpenCell {
    const name = `${interval} ${phase}\n${operationId(key)}`;
    let cell = this.#cells.get(name);
    if (cell === undefined) {
      cell = {
        key,
        interval,
        phase,
        useful: [],
        failed: [],
        silent: [],
        censored: [],
        failures: {},
        blocked: 0,
        blockedSilent: [],
      };
      this.#cells.set(name, cell);
    }
    return cell;
  }

  #addToOperation(key: OperationKey, block: Block, at: number, unanswered: boolean, latency: number): void {
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
    if (flags & SAMPLE_FLAG.queued) operation.queued++;
    if (flags & SAMPLE_FLAG.resent) operation.resent++;
    keep('lag', lagUs);
    keep('socket', socketUs);
    keep('connect', connectUs);
    keep('tls', tlsUs);
    if (unanswered) return;
    const cold = COLD_CALLS.find((each) => flags & SAMPLE_FLAG[each]);
    if (cold !== undefined) operation.cold[cold].push(latency);
    keep('headers', headersUs);
    keep('firstEvent', firstEventUs);
    keep('close', closeUs);
    const close = closeUs[at] as number;
    if (close === NO_TIME) return;
    const hold = close - (durationUs[at] as number);
    // Rounding can put the close a microsecond before the answer. If it is earlier, the answer came with another reply.
    if (hold >= -1) clocks.hold.push(Math.max(0, hold));
  }

  #operationOf(key: OperationKey): OpenOperation {
    const name = operationId(key);
    let operation = this.#operations.get(name);
    if (operation === undefined) {
      const cold = { firstOfSession: [], afterIdle: [] };
      const counts = { held: 0, resumed: 0, retries: 0, queued: 0, resent: 0 };
      operation = { key, clocks: mapClocks((): number[] => []), cold, ...counts };
      this.#operations.set(name, operation);
    }
    return operation;
  }

  #addOutcome(key: OperationKey, outcome: Outcome, startMs: number): void {
    const name = outcomeId({ ...key, outcome });
    const entry = this.#outcomes.get(name);
    if (entry === undefined) {
      this.#outcomes.set(name, { ...key, outcome, count: 1, firstMs: startMs, lastMs: startMs });
      return;
    }
    entry.count++;
    entry.firstMs = Math.min(entry.firstMs, startMs);
    entry.lastMs = Math.max(entry.lastMs, startMs);
  }
}
