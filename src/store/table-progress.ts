import type { LiveProgress } from '../summary/live-progress.ts';
import { latestProgress } from './latest-progress.ts';
import { packJson, unpackJson } from './packed-bytes.ts';
import type { RunStore } from './run-store.ts';
import { progressKey, wholePartition } from './table-keys.ts';
import type { TableRows } from './table-rows.ts';

/** Progress rows are a few KiB each and an answer of the service may be 4 MiB. */
const PROGRESS_ROWS_A_PAGE = 200;

/** One row an attempt at a slice, so that a straggler of a lost attempt cannot hide the attempt that replaced it. */
export function tableProgress(
  rows: TableRows,
  pageSize = PROGRESS_ROWS_A_PAGE,
): Pick<RunStore, 'putProgress' | 'listProgress'> {
  return {
    async putProgress(runId, progress) {
      const { sliceId, attemptId, atMs } = progress;
      const doing = `store the progress of slice ${sliceId} of run ${runId}`;
      // atMs is repeated as a property of its own for people who look into the table.
      const values = {
        sliceId,
        attemptId,
        at: new Date(atMs).toISOString(),
        ...(await packJson('progress', progress)),
      };
      await rows.put(doing, progressKey(runId, sliceId, attemptId), values);
    },
    async listProgress(runId) {
      const { partitionKey } = progressKey(runId, '', '');
      const found: LiveProgress[] = [];
      for await (const row of rows.range(`list the progress of run ${runId}`, wholePartition(partitionKey), pageSize)) {
        const progress = await unpackJson<LiveProgress>('progress', row);
        if (progress !== undefined) found.push(progress);
      }
      return latestProgress(found);
    },
  };
}
