import assert from 'node:assert/strict';
import type { ServerStatsSnapshot } from '../../fleet/server-stats.ts';
import type { FleetProcess } from '../../fleet/start-fleet-process.ts';
import type { Report } from '../../src/report/report.ts';

/** What a server of the fleet counted itself. */
export async function fleetStats(statsUrl: string): Promise<ServerStatsSnapshot> {
  return (await (await fetch(statsUrl)).json()) as ServerStatsSnapshot;
}

/** Asserts that a report counts exactly what the fleet's servers counted, operation by operation, failures included. */
export async function assertCountsReconcile(report: Report, servers: FleetProcess['servers']): Promise<void> {
  const theirs: Record<string, { count: number; failures: number }> = {};
  for (const [target, { statsUrl }] of Object.entries(servers)) {
    for (const [operation, { count, failures }] of Object.entries((await fleetStats(statsUrl)).operations)) {
      theirs[`${target} ${operation}`] = { count, failures };
    }
  }
  assert.ok(Object.keys(theirs).length > 0, 'the servers counted no requests');
  const ours: Record<string, { count: number; failures: number }> = {};
  for (const { target, operation, count, failures } of report.operations) {
    // A step of the plan and a request of the protocol may have the same name.
    const other = ours[`${target} ${operation}`] ?? { count: 0, failures: 0 };
    ours[`${target} ${operation}`] = { count: count + other.count, failures: failures + other.failures };
  }
  assert.deepEqual(ours, theirs);
}
