import { odata, RestError, type TableClient } from '@azure/data-tables';
import { fromEntity, type RowValues, toProperties } from './row-values.ts';
import { serviceError, storeErrorFrom } from './store-error.ts';
import type { RowKey, RowRange } from './table-keys.ts';

/** A row as it was read; `etag` identifies this state of the row. */
export type StoredRow = { readonly values: RowValues; readonly etag: string };

/**
 * The limit for a call with all its repeats. The client repeats a call three times: after up to 1, 2 and 4 seconds if the
 * service answers 408 or 5xx (except 501 and 505) or the connection is refused or breaks; after the time in Retry-After
 * if the service answers 429 or 503 with that header.
 */
const OPERATION_TIMEOUT_MS = 60_000;

/** The service answers a query with at most a thousand rows, and accepts a hundred changes to one partition together. */
const KEYS_A_PAGE = 1000;
const ROWS_A_TRANSACTION = 100;

const NOT_FOUND = 404;
const CONFLICT = 409;
const PRECONDITION_FAILED = 412;

/**
 * Rows of one table; the table is created before the first call if it is missing. Every method takes a phrase that says
 * what it is doing ("store block 3 of …"). If the call fails after its repeats, a StoreError with this phrase is thrown.
 */
export class TableRows {
  readonly #client: TableClient;
  readonly #timeoutMs: number;
  #created: Promise<void> | undefined;

  constructor(client: TableClient, timeoutMs = OPERATION_TIMEOUT_MS) {
    this.#client = client;
    this.#timeoutMs = timeoutMs;
  }

  /** Reads a row; undefined if there is none. @param signal ends the call */
  async get(doing: string, key: RowKey, signal?: AbortSignal): Promise<StoredRow | undefined> {
    const read = async (abortSignal: AbortSignal) => {
      const { partitionKey, rowKey } = key;
      const entity = await this.#client.getEntity<Record<string, unknown>>(partitionKey, rowKey, { abortSignal });
      return { values: fromEntity(entity), etag: String(entity.etag) };
    };
    return this.#unless(doing, NOT_FOUND, undefined, read, signal);
  }

  /** Stores a new row; false if the row exists. */
  async create(doing: string, key: RowKey, values: RowValues): Promise<boolean> {
    return this.#unless(doing, CONFLICT, false, async (abortSignal) => {
      await this.#client.createEntity(entityOf(key, values), { abortSignal });
      return true;
    });
  }

  /** Stores a row, whether or not it exists. @param signal ends the call */
  async put(doing: string, key: RowKey, values: RowValues, signal?: AbortSignal): Promise<void> {
    const write = (abortSignal: AbortSignal) =>
      this.#client.upsertEntity(entityOf(key, values), 'Replace', { abortSignal });
    await this.#call(doing, write, signal);
  }

  /** Sets the named properties and keeps the others; false if there is no such row. */
  async merge(doing: string, key: RowKey, values: RowValues): Promise<boolean> {
    return this.#unless(doing, NOT_FOUND, false, async (abortSignal) => {
      await this.#client.updateEntity(entityOf(key, values), 'Merge', { abortSignal });
      return true;
    });
  }

  /** As merge, if the row is still in the state with this etag; false if it has changed. */
  async mergeInto(doing: string, key: RowKey, values: RowValues, etag: string): Promise<boolean> {
    return this.#unless(doing, PRECONDITION_FAILED, false, async (abortSignal) => {
      await this.#client.updateEntity(entityOf(key, values), 'Merge', { etag, abortSignal });
      return true;
    });
  }

  /** Replaces a row if it is still in the state with this etag; false if it has changed. */
  async replace(doing: string, key: RowKey, values: RowValues, etag: string): Promise<boolean> {
    return this.#unless(doing, PRECONDITION_FAILED, false, async (abortSignal) => {
      await this.#client.updateEntity(entityOf(key, values), 'Replace', { etag, abortSignal });
      return true;
    });
  }

  /** Removes a row, if it exists. */
  async remove(doing: string, key: RowKey): Promise<void> {
    await this.#unless(doing, NOT_FOUND, undefined, (abortSignal) =>
      this.#client.deleteEntity(key.partitionKey, key.rowKey, { abortSignal }),
    );
  }

  /** The rows of a range in order; a page at a time is fetched. */
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
      for (const entity of page ?? []) yield fromEntity(entity);
    } while (continuationToken !== undefined);
  }

  /** The keys of all rows that a filter selects, a page at a time. @param filter made with `odata` */
  async *keys(doing: string, filter: string): AsyncGenerator<RowKey[]> {
    const select = ['PartitionKey', 'RowKey'];
    let continuationToken: string | undefined;
    do {
      const page = await this.#call(doing, async (abortSignal) => {
        const pages = this.#client
          .listEntities({ queryOptions: { filter, select }, abortSignal })
          .byPage({ maxPageSize: KEYS_A_PAGE, ...(continuationToken === undefined ? {} : { continuationToken }) });
        return (await pages.next()).value;
      });
      continuationToken = page?.continuationToken;
      yield (page ?? []).map(({ partitionKey = '', rowKey = '' }) => ({ partitionKey, rowKey }));
    } while (continuationToken !== undefined);
  }

  /** Removes rows of any partitions. Rows that do not exist are skipped. */
  async removeAll(doing: string, keys: readonly RowKey[]): Promise<void> {
    for (const rows of Map.groupBy(keys, ({ partitionKey }) => partitionKey).values()) {
      for (let first = 0; first < rows.length; first += ROWS_A_TRANSACTION) {
        const batch = rows.slice(first, first + ROWS_A_TRANSACTION);
        const removed = await this.#unless(doing, NOT_FOUND, false, async (abortSignal) => {
          await this.#client.submitTransaction(
            batch.map((key) => ['delete', { ...key }]),
            { abortSignal },
          );
          return true;
        });
        // Somebody else has removed some of them, and then none of the batch is removed.
        if (!removed) for (const key of batch) await this.remove(doing, key);
      }
    }
  }

  /** Makes a call for which one error status is an expected answer; that status gives `otherwise`. */
  async #unless<Value, Otherwise>(
    doing: string,
    status: number,
    otherwise: Otherwise,
    call: (signal: AbortSignal) => Promise<Value>,
    ended?: AbortSignal,
  ): Promise<Value | Otherwise> {
    const callOrOtherwise = async (signal: AbortSignal) => {
      try {
        return await call(signal);
      } catch (error) {
        const expected = error instanceof RestError && error.statusCode === status;
        if (!expected || serviceError(error).code === 'TableNotFound') throw error;
        return otherwise;
      }
    };
    return this.#call(doing, callOrOtherwise, ended);
  }

  async #call<Value>(
    doing: string,
    call: (signal: AbortSignal) => Promise<Value>,
    ended?: AbortSignal,
  ): Promise<Value> {
    const timeout = AbortSignal.timeout(this.#timeoutMs);
    const signal = ended === undefined ? timeout : AbortSignal.any([timeout, ended]);
    try {
      await this.#createTable(signal);
      return await call(signal);
    } catch (error) {
      throw storeErrorFrom(doing, error, this.#timeoutMs);
    }
  }

  /** Creates the table once. A failure is forgotten, so that a later call tries again. */
  #createTable(abortSignal: AbortSignal): Promise<void> {
    this.#created ??= this.#client.createTable({ abortSignal }).catch((error: unknown) => {
      this.#created = undefined;
      throw error;
    });
    return this.#created;
  }
}

function entityOf(key: RowKey, values: RowValues): RowKey & Record<string, unknown> {
  return { ...toProperties(values), ...key };
}
