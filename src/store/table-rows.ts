import { odata, RestError, type TableClient } from '@azure/data-tables';
import { serviceAnswer, storeErrorOf } from './store-error.ts';
import type { RowKey, RowRange } from './table-keys.ts';

/** The properties of a row without its keys. */
export type RowValues = Readonly<Record<string, string | number | boolean | Uint8Array>>;

/** A row as it was read; `etag` names this state of it. */
export type StoredRow = { readonly values: RowValues; readonly etag: string };

/**
 * Long enough for the client's own retries: it repeats a call three times, on 408, 5xx other than 501 and 505, refused
 * and broken connections after up to 1, 2 and 4 seconds, on 429 and 503 with Retry-After after what that says.
 */
const OPERATION_TIMEOUT_MS = 60_000;

const NOT_FOUND = 404;
const CONFLICT = 409;
const PRECONDITION_FAILED = 412;

/**
 * Rows of one table, which is created before the first call when it is missing. Every verb takes a phrase that says what
 * is being done ("store block 3 of …"); what fails for good is thrown as a StoreError with that phrase.
 */
export class TableRows {
  readonly #client: TableClient;
  readonly #timeoutMs: number;
  #created: Promise<void> | undefined;

  constructor(client: TableClient, timeoutMs = OPERATION_TIMEOUT_MS) {
    this.#client = client;
    this.#timeoutMs = timeoutMs;
  }

  /** The row, or undefined when there is none. */
  async get(doing: string, key: RowKey): Promise<StoredRow | undefined> {
    return this.#unless(doing, NOT_FOUND, undefined, async (abortSignal) =>
      stored(await this.#client.getEntity<Record<string, unknown>>(key.partitionKey, key.rowKey, { abortSignal })),
    );
  }

  /** Stores a new row; false when there is one already. */
  async create(doing: string, key: RowKey, values: RowValues): Promise<boolean> {
    return this.#unless(doing, CONFLICT, false, async (abortSignal) => {
      await this.#client.createEntity(entityOf(key, values), { abortSignal });
      return true;
    });
  }

  /** Stores a row in place of whatever was there. */
  async put(doing: string, key: RowKey, values: RowValues): Promise<void> {
    await this.#call(doing, (abortSignal) =>
      this.#client.upsertEntity(entityOf(key, values), 'Replace', { abortSignal }),
    );
  }

  /** Sets the named properties and leaves the others; false when there is no such row. */
  async merge(doing: string, key: RowKey, values: RowValues): Promise<boolean> {
    return this.#unless(doing, NOT_FOUND, false, async (abortSignal) => {
      await this.#client.updateEntity(entityOf(key, values), 'Merge', { abortSignal });
      return true;
    });
  }

  /** Replaces a row if it is still as it was read; false when it has changed since. */
  async replace(doing: string, key: RowKey, values: RowValues, etag: string): Promise<boolean> {
    return this.#unless(doing, PRECONDITION_FAILED, false, async (abortSignal) => {
      await this.#client.updateEntity(entityOf(key, values), 'Replace', { etag, abortSignal });
      return true;
    });
  }

  /** Removes a row, or does nothing when there is none. */
  async remove(doing: string, key: RowKey): Promise<void> {
    await this.#unless(doing, NOT_FOUND, undefined, (abortSignal) =>
      this.#client.deleteEntity(key.partitionKey, key.rowKey, { abortSignal }),
    );
  }

  /** The rows of a range in order, fetched a page at a time. */
  async *range(doing: string, range: RowRange, pageSize: number): AsyncGenerator<RowValues> {
    const { partitionKey, from, to } = range;
    const filter = odata`PartitionKey eq ${partitionKey} and RowKey ge ${from} and RowKey lt ${to}`;
    let continuationToken: string | undefined;
    do {
      const page = await this.#call(doing, async (abortSignal) => {
        const pages = this.#client
          .listEntities<Record<string, unknown>>({ queryOptions: { filter }, abortSignal })
          .byPage({ maxPageSize: pageSize, ...(continuationToken === undefined ? {} : { continuationToken }) });
        return (await pages.next()).value;
      });
      continuationToken = page?.continuationToken;
      for (const entity of page ?? []) yield stored(entity).values;
    } while (continuationToken !== undefined);
  }

  /** Runs a call; an answer of the expected status is no failure and gives `otherwise`. */
  async #unless<Value, Otherwise>(
    doing: string,
    status: number,
    otherwise: Otherwise,
    call: (signal: AbortSignal) => Promise<Value>,
  ): Promise<Value | Otherwise> {
    return this.#call(doing, async (signal) => {
      try {
        return await call(signal);
      } catch (error) {
        const expected = error instanceof RestError && error.statusCode === status;
        if (!expected || serviceAnswer(error).code === 'TableNotFound') throw error;
        return otherwise;
      }
    });
  }

  async #call<Value>(doing: string, call: (signal: AbortSignal) => Promise<Value>): Promise<Value> {
    const signal = AbortSignal.timeout(this.#timeoutMs);
    try {
      await this.#createTable(signal);
      return await call(signal);
    } catch (error) {
      throw storeErrorOf(doing, error, this.#timeoutMs);
    }
  }

  /** A failed attempt is not kept, so that a later call tries again. */
  #createTable(abortSignal: AbortSignal): Promise<void> {
    this.#created ??= this.#client.createTable({ abortSignal }).catch((error: unknown) => {
      this.#created = undefined;
      throw error;
    });
    return this.#created;
  }
}

/** The client encodes the whole memory behind a Uint8Array, not the part that it shows; a Buffer it gets right. */
function entityOf(key: RowKey, values: RowValues): RowKey & Record<string, unknown> {
  const entity: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(values)) {
    entity[name] = value instanceof Uint8Array ? Buffer.from(value.buffer, value.byteOffset, value.byteLength) : value;
  }
  return { ...entity, ...key };
}

/** The client gives Binary properties as Buffers, whose slice() shares memory where that of a Uint8Array copies. */
function stored(entity: Record<string, unknown>): StoredRow {
  const { etag, partitionKey: _partitionKey, rowKey: _rowKey, timestamp: _timestamp, ...values } = entity;
  for (const [name, value] of Object.entries(values)) {
    if (Buffer.isBuffer(value)) values[name] = new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  }
  return { values: values as RowValues, etag: String(etag) };
}
