import { TableClient } from '@azure/data-tables';
import { runSlice } from '../../src/run/run-slice.ts';
import { timingOf } from '../../src/run/timing.ts';
import { tableRunStore } from '../../src/store/open-run-store.ts';
import { testContext } from '../support/run-context.ts';

/** What a worker process needs to run a slice, as JSON in its first argument. */
export type WorkerTask = {
  readonly connectionString: string;
  readonly table: string;
  readonly runId: string;
  readonly holder: string;
  readonly attempt: number;
  readonly endAtMs: number;
  readonly deadAfterMs: number;
};

// A worker process that runs the only slice of a run, and prints how that ended as JSON.
const task = JSON.parse(process.argv[2] ?? '') as WorkerTask;
const client = TableClient.fromConnectionString(task.connectionString, task.table, { allowInsecureConnection: true });
const context = testContext({
  store: tableRunStore(client),
  timing: timingOf(task.deadAfterMs),
  instance: task.holder,
});
const { runId, holder, attempt, endAtMs } = task;
const result = await runSlice(context, { runId, lane: 0, window: 0, attempt, holder, endAtMs });
process.stdout.write(JSON.stringify(result), () => process.exit(0));
