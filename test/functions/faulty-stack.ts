import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { localHostOptions } from '../../demo/local-stack.ts';
import { startFleetProcess } from '../../fleet/start-fleet-process.ts';
import { parsePlan } from '../../src/plan/parse-plan.ts';
import { newRunId, readPlan, readScheduledRun, writePlan } from '../../src/run/run-documents.ts';
import { sliceOfSchedule } from '../../src/run/run-slice.ts';
import { SAMPLE_KIND, wasSent } from '../../src/sample/block.ts';
import { openRunStore } from '../../src/store/open-run-store.ts';
import type { RunRecord, RunStore } from '../../src/store/run-store.ts';
import { allHolders } from '../../src/store/slice-attempts.ts';
import { startAzurite } from '../../tools/functions-host/azurite/azurite.ts';
import type { Faults } from '../../tools/functions-host/faults.ts';
import type { FunctionsHost } from '../../tools/functions-host/functions-host.ts';
import { type HostProcess, startHostProcess } from '../../tools/functions-host/host-process/host-process.ts';
import { superviseFunctionsHost } from '../../tools/functions-host/supervised-host.ts';

type Cleanup = { after(end: () => Promise<void>): void };

/** A dead-after time of two seconds: all waiting is a fifteenth of what it is on Azure. */
export const FAST_TIMES = { SURGE_DEAD_AFTER_SECONDS: '2' } as const;

/** Storage and reference servers for a host that tests harm, with the store that the app writes to. */
export async function startFaultyStack(t: Cleanup, settings: Readonly<Record<string, string>> = {}) {
  const [azurite, fleet] = await Promise.all([startAzurite(), startFleetProcess({ latencyScale: 0 })]);
  t.after(() => azurite.stop());
  t.after(() => fleet.stop());
  const options = localHostOptions(azurite.connectionString, { settings: { ...FAST_TIMES, ...settings } });
  const store = await openRunStore({ AzureWebJobsStorage: azurite.connectionString });
  return {
    store,
    servers: fleet.servers,

    /** A host in this process; it starts again when it recycles itself. */
    async startHost(faults: Faults = {}): Promise<FunctionsHost> {
      const host = await superviseFunctionsHost({ ...options, faults });
      t.after(() => host.stop());
      return host;
    },

    /** A host that can be killed and started again. */
    async startHostProcess(faults: Omit<Faults, 'deliverTwice'> = {}): Promise<HostProcess> {
      const hubFolder = await mkdtemp(join(tmpdir(), 'hub-'));
      t.after(() => rm(hubFolder, { recursive: true, force: true }));
      const host = await startHostProcess({ ...options, hubFolder, faults });
      t.after(() => host.stop());
      return host;
    },
  };
}

/** How many requests that were sent are stored by all holders of all slices of a run. */
export async function storedRequests(store: RunStore, runId: string): Promise<number> {
  const { schedule } = await readScheduledRun(store, runId);
  const plan = await readPlan(store, runId);
  let requests = 0;
  for (let index = 0; index < schedule.lanes * schedule.windows; index++) {
    const [lane, window] = [index % schedule.lanes, Math.floor(index / schedule.lanes)];
    const { sliceId } = sliceOfSchedule(plan, schedule, lane, window);
    for (const holder of allHolders(await store.readAttempts(runId, sliceId))) {
      for await (const block of store.readBlocks(runId, sliceId, holder)) {
        const isSent = (kind: number, at: number) => kind === SAMPLE_KIND.request && wasSent(block, at);
        requests += block.columns.kind.subarray(0, block.count).filter(isSent).length;
      }
    }
  }
  return requests;
}

/** Stores a run as its starter does, without asking whether it may run, and without starting it. @returns its id */
export async function storeRun(store: RunStore, planText: string, changes: Partial<RunRecord> = {}): Promise<string> {
  const parsed = parsePlan(planText);
  assert.ok(parsed.ok, JSON.stringify(parsed));
  const runId = newRunId(Date.now());
  await writePlan(store, runId, parsed.plan);
  await store.createRun({
    runId,
    planName: parsed.plan.name,
    planHash: 'x',
    trigger: 'http',
    createdAt: new Date().toISOString(),
    state: 'queued',
    stopRequested: false,
    ...changes,
  });
  return runId;
}
