import type { DeviationCount } from './deviation.ts';
import type { Outcome } from './outcome.ts';

/** The value of a clock that a request never reached. */
export const NO_TIME = 0xffff_ffff;

/** The longest time that a column holds, in milliseconds: about 71 minutes. */
export const MAX_COLUMN_MS = (NO_TIME - 1) / 1000;

/**
 * The longest time that a call may take, tasks included. It leaves eleven of the 71 minutes of a column for the time in
 * which a block is filled, so that the starts of long and short calls fit into one block.
 */
export const LONGEST_CALL_MS = 60 * 60_000;

/** What a sample measures; the numbers are the values of the `kind` column. */
export const SAMPLE_KIND = {
  request: 0,
  iteration: 1,
  droppedIteration: 2,
  pause: 3,
  session: 4,
  /** A call of a step that was not sent, because no session could be opened for it; with the outcome of the opening. */
  blockedCall: 5,
  /** A pause that a virtual user made because a connection had failed. */
  connectionPause: 6,
} as const;

/** Bits of the `flags` column. */
export const SAMPLE_FLAG = {
  /** A repeat of a call whose first request is a sample too. */
  retry: 1,
  /** The reply was an event stream. */
  sse: 2,
  /** The server kept the stream open after its answer, so the stream was cut and its connection closed. */
  held: 4,
  /** The answer came over a second request that resumed the broken stream (`Last-Event-ID`). */
  resumed: 8,
  /** The first call of its session. */
  firstOfSession: 16,
  /** A call after its session was idle for long (the plan's `idleAfter`). */
  afterIdle: 32,
  /** An HTTP/2 server closed the connection before it began the request, so the request was sent anew over another one. */
  resent: 64,
  /** Waited for a connection, because all that the plan allows (`maxConnections`) were in use. */
  queued: 128,
} as const;

/**
 * The columns of a block, in storage order. Times are in microseconds: `startUs` from the block's `originMs`, the clocks
 * from the sample's actual start. A sample takes 54 bytes, so that 12,500 samples stay under 64 KiB a column and under
 * 700 KiB an entity.
 */
export const BLOCK_COLUMNS = {
  startUs: Uint32Array,
  /** From the intended to the actual start. */
  lagUs: Uint32Array,
  /** Until the matching response, or until the failure was known. */
  durationUs: Uint32Array,
  /** Until a connection took the request, including the time to open a new connection. */
  socketUs: Uint32Array,
  /** The time to open the connection, name look-up included; NO_TIME if it was open already. */
  connectUs: Uint32Array,
  /** The time of its TLS handshake after that. */
  tlsUs: Uint32Array,
  headersUs: Uint32Array,
  firstEventUs: Uint32Array,
  closeUs: Uint32Array,
  /** Bytes of the reply's body; for a session, its lifetime in milliseconds, which may exceed `durationUs`. */
  bytes: Uint32Array,
  vu: Uint32Array,
  iteration: Uint32Array,
  /** Index into the block's operations. */
  operation: Uint16Array,
  /** Index into the block's outcomes. */
  outcome: Uint16Array,
  kind: Uint8Array,
  flags: Uint8Array,
} as const;

export type BlockColumnName = keyof typeof BLOCK_COLUMNS;
export type BlockColumns = { readonly [Name in BlockColumnName]: InstanceType<(typeof BLOCK_COLUMNS)[Name]> };

/** The largest number of samples in a block. */
export const BLOCK_CAPACITY = 12_500;

/** Whether a request is a step of the plan, or one that the protocol adds: a handshake, a list on opening, a poll … */
export type OperationKind = 'step' | 'protocol';

/** What samples are grouped by. For iterations, the operation is the scenario's name. */
export type OperationKey = {
  readonly target: string;
  readonly operation: string;
  /** Absent for a step. Blocks and folds stored by earlier versions have none, so all their operations count as steps. */
  readonly kind?: Exclude<OperationKind, 'step'>;
};

/** The one text that identifies an operation of a target, as the key of a map. Names of targets have no line breaks. */
export function operationId({
  target,
  operation,
  kind,
}: Omit<OperationKey, 'kind'> & { readonly kind?: OperationKind }): string {
  return kind === 'protocol' ? `${target}\n${operation}\nprotocol` : `${target}\n${operation}`;
}

/** Whether an operation is of a kind; `all` matches both. */
export function isOfKind({ kind }: Pick<OperationKey, 'kind'>, wanted: OperationKind | 'all'): boolean {
  return wanted === 'all' || (kind ?? 'step') === wanted;
}

/** True for a request that a connection took. @param at its index in the block */
export function wasSent({ columns }: Pick<Block, 'columns'>, at: number): boolean {
  return columns.socketUs[at] !== NO_TIME;
}

/** How many requests a block has a sample of. */
export function requestsIn({ columns }: Pick<Block, 'columns'>): number {
  return columns.kind.reduce((count, kind) => (kind === SAMPLE_KIND.request ? count + 1 : count), 0);
}

/** A message that came with an outcome, shortened and redacted; with OK, the text of a useful answer. */
export type OutcomeExample = { readonly operation: number; readonly outcome: number; readonly message: string };

/** One check of a step of the plan. */
export type CheckKey = {
  readonly target: string;
  readonly scenario: string;
  readonly operation: string;
  /** Positions of the step in its scenario and of the check in its step, from 0. */
  readonly step: number;
  readonly position: number;
  /** The check in the plan's words, e.g. `contains "ok"`. */
  readonly check: string;
};

/** How often a check held and how often it did not, without the warm-up. */
export type CheckCount = CheckKey & { readonly passes: number; readonly failures: number };

/** Samples packed by column, with the dictionaries that the index columns refer to; a block can be read alone. */
export type Block = {
  readonly count: number;
  /** Epoch milliseconds that `startUs` counts from: the slice's planned start, or later in slices over half an hour. */
  readonly originMs: number;
  readonly operations: readonly OperationKey[];
  readonly outcomes: readonly Outcome[];
  /** Examples that first occurred in this block. */
  readonly examples: readonly OutcomeExample[];
  /** The checks of these samples; absent when there were none, and in blocks of earlier versions. */
  readonly checks?: readonly CheckCount[];
  /** The deviations from the specification that were seen since the last block; absent as above. */
  readonly deviations?: readonly DeviationCount[];
  readonly columns: BlockColumns;
};

/** A block as it is stored: a small JSON header, and each column's little-endian bytes. */
export type EncodedBlock = {
  readonly count: number;
  /** JSON of originMs, operations, outcomes, examples, checks and deviations. */
  readonly header: string;
  readonly columns: Readonly<Record<BlockColumnName, Uint8Array>>;
};

/** The names of all columns, in storage order. */
export const columnNames = Object.keys(BLOCK_COLUMNS) as readonly BlockColumnName[];

/** Encodes without copying: the columns share memory with the block. */
export function encodeBlock(block: Block): EncodedBlock {
  assertLittleEndian();
  const { count, originMs, operations, outcomes, examples, checks, deviations } = block;
  const columns = {} as Record<BlockColumnName, Uint8Array>;
  for (const name of columnNames) {
    const column = block.columns[name];
    columns[name] = new Uint8Array(column.buffer, column.byteOffset, column.byteLength);
  }
  return { count, header: JSON.stringify({ originMs, operations, outcomes, examples, checks, deviations }), columns };
}

/**
 * Reverses encodeBlock.
 * @throws if a column's length does not match the count: the stored block is damaged
 */
export function decodeBlock(encoded: EncodedBlock): Block {
  assertLittleEndian();
  const columns = {} as Record<BlockColumnName, Uint32Array | Uint16Array | Uint8Array>;
  for (const name of columnNames) {
    const ArrayType = BLOCK_COLUMNS[name];
    const bytes = encoded.columns[name];
    if (bytes.byteLength !== encoded.count * ArrayType.BYTES_PER_ELEMENT) {
      throw new Error(
        `Block column ${name} has ${bytes.byteLength} bytes, which does not match ${encoded.count} samples.`,
      );
    }
    // Copied, because stored bytes may start at an odd offset, where a wider array cannot.
    columns[name] = new ArrayType(new Uint8Array(bytes).buffer);
  }
  const header = JSON.parse(encoded.header) as Omit<Block, 'count' | 'columns'>;
  return { count: encoded.count, ...header, columns: columns as BlockColumns };
}

function assertLittleEndian(): void {
  if (new Uint8Array(new Uint16Array([1]).buffer)[0] !== 1) {
    throw new Error('Blocks are little-endian, and this processor is not. Run mcp-surge on x64 or arm64.');
  }
}
