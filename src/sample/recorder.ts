import type { DeviationRule } from '../plan/deviation-rules.ts';
import {
  BLOCK_CAPACITY,
  BLOCK_COLUMNS,
  type Block,
  type BlockColumnName,
  type BlockColumns,
  type CheckCount,
  type CheckKey,
  columnNames,
  LONGEST_CALL_MS,
  MAX_COLUMN_MS,
  NO_TIME,
  type OperationKey,
  type OperationKind,
  type OutcomeExample,
  operationId,
  SAMPLE_KIND,
} from './block.ts';
import { DeviationCounter } from './deviation.ts';
import { isRpcCode, MAX_RPC_CODES, type Outcome } from './outcome.ts';
import type { CheckResults, Sample } from './sample.ts';

/** The largest number of characters of an example that is kept. */
const MAX_EXAMPLE_CHARACTERS = 300;

/** The largest number that the columns for operations and outcomes hold. */
const MAX_INDEX = 0xffff;

/** No JSON-RPC code gets a number above this one; the outcomes that mcp-surge defines, and HTTP statuses, always do. */
const MAX_OUTCOMES = 60_000;

/**
 * Collects a slice's samples in columns, without an object or a promise for each sample. The columns become a block when
 * they are full or when the block is asked for. Operations and outcomes keep their numbers from block to block.
 */
export class Recorder {
  #originMs: number;
  #latestStartMs = 0;
  readonly #redact: (text: string) => string;
  readonly #onFull: (block: Block) => void;
  readonly #operations: OperationKey[] = [];
  readonly #operationIndex = new Map<string, number>();
  readonly #outcomes: Outcome[] = [];
  readonly #outcomeIndex = new Map<Outcome, number>();
  /** The JSON-RPC codes of each operation that keep an outcome of their own. */
  readonly #rpcCodes: (Set<Outcome> | undefined)[] = [];
  readonly #exampleSeen = new Set<number>();
  #examples: OutcomeExample[] = [];
  readonly #checks = new Map<CheckKey, { passes: number; failures: number }>();
  readonly #deviations: DeviationCounter;
  readonly #measuredFromMs: number;
  #columns = emptyColumns(BLOCK_CAPACITY);
  #count = 0;

  /**
   * @param originMs epoch milliseconds that the first block's times count from: the slice's planned start
   * @param onFull receives a block within add: one of BLOCK_CAPACITY samples, or one whose columns cannot hold the next
   * @param redact removes secrets from example messages
   * @param measuredFromMs epoch milliseconds; checks of requests that were to start earlier are not counted
   */
  constructor(
    originMs: number,
    onFull: (block: Block) => void,
    redact: (text: string) => string,
    measuredFromMs = Number.NEGATIVE_INFINITY,
  ) {
    this.#originMs = originMs;
    this.#onFull = onFull;
    this.#redact = redact;
    this.#deviations = new DeviationCounter(redact);
    this.#measuredFromMs = measuredFromMs;
  }

  /**
   * The number of an operation, which stays the same for the recorder's lifetime.
   * @throws when there are more operations than their column can number; plans are too short for that
   */
  operation(target: string, operation: string, kind: OperationKind): number {
    const id = operationId({ target, operation, kind });
    let index = this.#operationIndex.get(id);
    if (index === undefined) {
      if (this.#operations.length > MAX_INDEX) throw new Error(`A slice has more than ${MAX_INDEX + 1} operations.`);
      index = this.#operations.push({ target, operation, ...(kind === 'step' ? {} : { kind }) }) - 1;
      this.#operationIndex.set(id, index);
    }
    return index;
  }

  /** Keeps a useful answer to a step as the example of its operation, if it is the first. */
  keepAnswer(target: string, operation: string, text: string): void {
    this.#keepExample(this.operation(target, operation, 'step'), this.#outcomeNumber('OK', 0), text);
  }

  /** Counts a deviation of a target from the specification. @param operation number of the operation @param atMs epoch */
  addDeviation(target: string, rule: DeviationRule, operation: number, atMs: number, example: string): void {
    this.#deviations.add(target, rule, this.#operations[operation]?.operation ?? '', atMs, example);
  }

  /** Adds a sample. Its values are copied, so that the caller may reuse the object. */
  add(sample: Sample): void {
    // A session may be older than its columns can hold; then only its end has to fit.
    const atMs = sample.kind === 'session' ? sample.startMs + sample.durationMs : sample.startMs;
    if (atMs < this.#originMs || atMs - this.#originMs > MAX_COLUMN_MS) this.#beginBlockFor(atMs, sample);
    const columns = this.#columns;
    const at = this.#count++;
    const outcome = this.#outcomeNumber(sample.outcome, sample.operation);
    columns.startUs[at] = microseconds(sample.startMs - this.#originMs);
    this.#latestStartMs = Math.max(this.#latestStartMs, sample.startMs);
    columns.lagUs[at] = microseconds(sample.lagMs);
    columns.durationUs[at] = microseconds(sample.durationMs);
    columns.socketUs[at] = clock(sample.socketMs);
    columns.connectUs[at] = clock(sample.connectMs);
    columns.tlsUs[at] = clock(sample.tlsMs);
    columns.headersUs[at] = clock(sample.headersMs);
    columns.firstEventUs[at] = clock(sample.firstEventMs);
    columns.closeUs[at] = clock(sample.closeMs);
    columns.bytes[at] = Math.min(0xffff_ffff, sample.bytes);
    columns.vu[at] = sample.vu;
    columns.iteration[at] = sample.iteration;
    columns.operation[at] = sample.operation;
    columns.outcome[at] = outcome;
    columns.kind[at] = SAMPLE_KIND[sample.kind];
    columns.flags[at] = sample.flags;
    if (sample.checks !== undefined) this.#countChecks(sample, sample.checks);
    if (sample.kind === 'session') this.#keepLifetime(sample, at);
    if (sample.message !== '') this.#keepExample(sample.operation, outcome, sample.message);
    if (this.#count === BLOCK_CAPACITY) this.#onFull(this.drain() as Block);
  }

  /** Removes and returns the samples collected so far; undefined if there are none. */
  drain(): Block | undefined {
    if (this.#count === 0) return undefined;
    const count = this.#count;
    const full = count === BLOCK_CAPACITY;
    const columns = full ? this.#columns : copyColumns(this.#columns, count);
    if (full) this.#columns = emptyColumns(BLOCK_CAPACITY);
    const examples = this.#examples;
    this.#examples = [];
    this.#count = 0;
    const originMs = this.#originMs;
    // A slice may last longer than a column holds, and a call of the next block may have begun before this block's.
    this.#originMs = Math.max(originMs, this.#latestStartMs - LONGEST_CALL_MS);
    return {
      count,
      originMs,
      operations: [...this.#operations],
      outcomes: [...this.#outcomes],
      examples,
      ...this.#takeChecks(),
      ...this.#deviations.take(),
      columns,
    };
  }

  /**
   * Begins a block whose columns can hold a sample that the current one cannot: it began long before the others, as an
   * iteration with long pauses, or nothing was recorded for long. Other calls that end at the same time fit too.
   */
  #beginBlockFor(atMs: number, { startMs, durationMs }: Sample): void {
    if (this.#count > 0) this.#onFull(this.drain() as Block);
    this.#originMs = Math.min(atMs, startMs + durationMs - LONGEST_CALL_MS);
  }

  /** A session may be older than its columns can hold. Its end stays exact, and `bytes` has its lifetime in milliseconds. */
  #keepLifetime({ startMs, durationMs }: Sample, at: number): void {
    const columns = this.#columns;
    const endMs = startMs + durationMs;
    const fromMs = Math.max(startMs, this.#originMs, endMs - LONGEST_CALL_MS);
    columns.startUs[at] = microseconds(fromMs - this.#originMs);
    columns.durationUs[at] = microseconds(endMs - fromMs);
    columns.bytes[at] = Math.min(0xffff_ffff, Math.round(durationMs));
  }

  #countChecks({ startMs, lagMs }: Sample, { checks, failed }: CheckResults): void {
    // In the precision of the columns, so that a fold draws the line at the same request.
    if (Math.round(startMs * 1000) - microseconds(lagMs) < this.#measuredFromMs * 1000) return;
    for (const [position, key] of checks.entries()) {
      let counts = this.#checks.get(key);
      if (counts === undefined) {
        counts = { passes: 0, failures: 0 };
        this.#checks.set(key, counts);
      }
      if (failed.includes(position)) counts.failures++;
      else counts.passes++;
    }
  }

  /** The checks counted since the last block. */
  #takeChecks(): { readonly checks?: readonly CheckCount[] } {
    if (this.#checks.size === 0) return {};
    const checks = Array.from(this.#checks, ([key, counts]) => ({ ...key, ...counts }));
    this.#checks.clear();
    return { checks };
  }

  /** The number of an outcome; that of RPC_OTHER for a code that gets no number. @param operation number of the sample's */
  #outcomeNumber(outcome: Outcome, operation: number): number {
    const index = this.#outcomeIndex.get(outcome);
    if (index === undefined || isRpcCode(outcome)) return this.#newOutcomeNumber(outcome, operation);
    return index;
  }

  #newOutcomeNumber(given: Outcome, operation: number): number {
    const outcome = isRpcCode(given) && !this.#keepsCode(given, operation) ? 'RPC_OTHER' : given;
    let index = this.#outcomeIndex.get(outcome);
    if (index === undefined) {
      index = this.#outcomes.push(outcome) - 1;
      this.#outcomeIndex.set(outcome, index);
    }
    return index;
  }

  /** Whether a code is one of the first of its operation. Many operations with many codes each must not fill the column. */
  #keepsCode(code: Outcome, operation: number): boolean {
    let codes = this.#rpcCodes[operation];
    if (codes === undefined) {
      codes = new Set();
      this.#rpcCodes[operation] = codes;
    }
    if (codes.has(code)) return true;
    if (codes.size === MAX_RPC_CODES || this.#outcomes.length >= MAX_OUTCOMES) return false;
    codes.add(code);
    return true;
  }

  #keepExample(operation: number, outcome: number, message: string): void {
    const key = operation * 65_536 + outcome;
    if (this.#exampleSeen.has(key)) return;
    this.#exampleSeen.add(key);
    // Redacted before it is cut: the first half of a secret at the end would not be recognised.
    const text = this.#redact(message);
    this.#examples.push({
      operation,
      outcome,
      message: text.length > MAX_EXAMPLE_CHARACTERS ? shortened(text) : text,
    });
  }
}

/** The first characters; a pair of code units that stands for one character is not split. */
function shortened(text: string): string {
  const end = /[\uD800-\uDBFF]/.test(text[MAX_EXAMPLE_CHARACTERS - 1] as string) ? -1 : 0;
  return `${text.slice(0, MAX_EXAMPLE_CHARACTERS + end)}…`;
}

/** Whole microseconds, at most the largest value below NO_TIME. */
function microseconds(ms: number): number {
  return Math.min(NO_TIME - 1, Math.max(0, Math.round(ms * 1000)));
}

function clock(ms: number | undefined): number {
  return ms === undefined ? NO_TIME : microseconds(ms);
}

function emptyColumns(length: number): BlockColumns {
  return mapColumns((name) => new BLOCK_COLUMNS[name](length));
}

function copyColumns(columns: BlockColumns, length: number): BlockColumns {
  return mapColumns((name) => columns[name].slice(0, length));
}

function mapColumns(make: (name: BlockColumnName) => Uint32Array | Uint16Array | Uint8Array): BlockColumns {
  return Object.fromEntries(columnNames.map((name) => [name, make(name)])) as BlockColumns;
}
