import { odata } from '@azure/data-tables';
import type { RunStore } from './run-store.ts';
import { claimKey, isRowOfDocument, planRunKey, runKey, runPartitions } from './table-keys.ts';
import type { TableRows } from './table-rows.ts';

type RemovalMethods = 'deleteSamples' | 'deleteRun' | 'deleteClaims';

/** Removes what is stored of runs. What a removal that failed has left is removed when it is repeated. */
export function tableRemoval(rows: TableRows): Pick<RunStore, RemovalMethods> {
  async function deleteSamples(runId: string, keepDocuments: readonly string[]): Promise<void> {
    const doing = `delete the samples of run ${runId}`;
    const { from, to } = runPartitions(runId);
    for await (const keys of rows.keys(doing, odata`PartitionKey ge ${from} and PartitionKey lt ${to}`)) {
      await rows.removeAll(
        doing,
        keys.filter((key) => !isRowOfDocument(key, runId, keepDocuments)),
      );
    }
  }

  return {
    deleteSamples,

    async deleteRun(runId) {
      const doing = `delete run ${runId}`;
      const row = await rows.get(doing, runKey(runId));
      await deleteSamples(runId, []);
      if (row === undefined) return;
      const { planName, idempotencyKeyHash } = row.values;
      await rows.remove(doing, planRunKey(String(planName), runId));
      if (idempotencyKeyHash !== undefined) await rows.remove(doing, claimKey(String(idempotencyKeyHash)));
      await rows.remove(doing, runKey(runId));
    },

    async deleteClaims(beforeRunId) {
      const doing = `delete the idempotency keys of runs before ${beforeRunId}`;
      const { partitionKey } = claimKey('');
      const filter = odata`PartitionKey eq ${partitionKey} and runId lt ${beforeRunId}`;
      for await (const keys of rows.keys(doing, filter)) await rows.removeAll(doing, keys);
    },
  };
}
