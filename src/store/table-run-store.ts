import type { TableClient } from '@azure/data-tables';
import type { RunStore } from './run-store.ts';
import { tableBlocks } from './table-blocks.ts';
import { tableClaims } from './table-claims.ts';
import { tableDocuments } from './table-documents.ts';
import { tableProgress } from './table-progress.ts';
import { TableRows } from './table-rows.ts';
import { tableRuns } from './table-runs.ts';
import { tableLedgers } from './table-slices.ts';

/**
 * A run store in one table of Azure Table Storage, which is created when it is missing. The format is described in
 * docs/storage.md. Calls that fail after the client's own retries throw a StoreError.
 */
export function tableRunStore(client: TableClient): RunStore {
  const rows = new TableRows(client);
  return {
    ...tableRuns(rows),
    ...tableClaims(rows),
    ...tableDocuments(rows),
    ...tableLedgers(rows),
    ...tableBlocks(rows),
    ...tableProgress(rows),
  };
}
