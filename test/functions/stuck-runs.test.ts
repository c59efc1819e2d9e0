import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { getReport, getRun, postRun } from '../../demo/runs-api.ts';
import { hasEnded, readRun } from '../../src/run/run-documents.ts';
import type { RunRecord } from '../../src/store/run-store.ts';
import type { FunctionsHost } from '../../tools/functions-host/functions-host.ts';
import { learnPlan } from '../support/fleet-plan.ts';
import { fleetStats } from '../support/reconcile.ts';
import { waitForRun } from '../support/wait-for-run.ts';
import { FAST_TIMES, startFaultyStack, storedRequests, storeRun } from './faulty-stack.ts';

const DEAD_AFTER_MS = Number(FAST_TIMES.SURGE_DEAD_AFTER_SECONDS) * 1000;
const CALLS = 'tools/call:microsoft_docs_search';

let stack: Awaited<ReturnType<typeof startFaultyStack>>;
let host: FunctionsHost;
let api: string;
const ending: (() => Promise<void>)[] = [];
before(async () => {
  const cleanup = { after: (end: () => Promise<void>) => void ending.unshift(end) };
  stack = await startFaultyStack(cleanup, { SURGE_VUS_PER_LANE: '1', SURGE_WINDOW_SECONDS: '10' });
  host = await stack.startHost();
  api = `${host.url}/api`;
});
after(async () => {
  for (const end of ending) await end();
});

const callsSoFar = async () => (await fleetStats(stack.servers.learn.statsUrl)).operations[CALLS]?.count ?? 0;

/** Waits until the target has had no call for a second. @returns when the last one came, on performance.now() */
async function lastCall(): Promise<number> {
  let [calls, atMs] = [await callsSoFar(), performance.now()];
  while (performance.now() - atMs < 1000) {
    await delay(50);
    const now = await callsSoFar();
    if (now !== calls) [calls, atMs] = [now, performance.now()];
    assert.ok(performance.now() - atMs < 30_000);
  }
  return atMs;
}

/** Waits for the end of a run without asking the API, which would reconcile the run. */
async function endInStore(runId: string): Promise<RunRecord> {
  for (const limitMs = performance.now() + 40_000; performance.now() < limitMs; await delay(100)) {
    const record = await readRun(stack.store, runId);
    if (hasEnded(record)) return record;
  }
  assert.fail(`${runId} does not end: ${JSON.stringify(await readRun(stack.store, runId))}`);
}

const activeInstances = (runId: string) =>
  host.durable
    .instances()
    .filter(({ instanceId, runtimeStatus }) => instanceId.startsWith(runId) && runtimeStatus === 'Running')
    .map(({ instanceId }) => instanceId);

describe('a run that its orchestration does not carry to its end', () => {
  it('makes no more load soon after its orchestration was terminated, and is concluded by the timer', async () => {
    const { id } = await postRun(api, learnPlan(stack.servers, { duration: '20s', vus: 2 }));
    await waitForRun(api, id, ({ live }) => live.requests > 20);
    const terminatedMs = performance.now();
    await fetch(new URL(`instances/${id}/terminate?reason=enough`, host.durable.rpcBaseUrl), { method: 'POST' });
    const silentMs = (await lastCall()) - terminatedMs;
    // Ten seconds with the standard dead-after time, of which these are a tenth; the rest is for a busy machine.
    assert.ok(silentMs < 5000, `calls came for ${silentMs} ms`);

    await fetch(`${host.url}/admin/functions/reconcile`, { method: 'POST', body: '{}' });
    const { state, verdict, faults } = await endInStore(id);
    assert.equal(state, 'done');
    assert.deepEqual(faults, ['The orchestration of the run was terminated (enough).']);
    assert.deepEqual([verdict?.status, verdict?.reasons[0]], ['invalid', faults[0]]);
    const report = await getReport(api, id);
    const reported = report.operations.reduce((sum, { count }) => sum + count, 0);
    assert.equal(reported, await storedRequests(stack.store, id));
    // The groups of later windows wait no longer.
    while (activeInstances(id).length > 0) await delay(50);
  });

  it('is started by the reconciler if its starter died after it had stored the run', async () => {
    const createdAt = new Date(Date.now() - DEAD_AFTER_MS).toISOString();
    const id = await storeRun(stack.store, learnPlan(stack.servers, { duration: '1s' }), { createdAt });
    assert.equal((await getRun(api, id)).state, 'queued');
    assert.equal((await endInStore(id)).state, 'done');
  });

  it('fails with the reason if nobody has started it in time', async () => {
    const createdAt = new Date(Date.now() - 20 * DEAD_AFTER_MS).toISOString();
    const id = await storeRun(stack.store, learnPlan(stack.servers), { createdAt });
    const list = (await (await fetch(`${api}/runs`)).json()) as { runs: unknown[] };
    assert.ok(list.runs.length > 0);
    const { state, problems } = await endInStore(id);
    assert.equal(state, 'failed');
    assert.match(JSON.stringify(problems), /stored but not started/);
    assert.deepEqual(activeInstances(id), []);
  });

  it('is concluded from what is stored if the task hub does not know it', async () => {
    const startAtMs = Date.now() - 5000;
    const schedule = { startAtMs, endAtMs: startAtMs + 1000, lanes: 2, windows: 1, windowMs: 1000 };
    const id = await storeRun(stack.store, learnPlan(stack.servers), { state: 'running', schedule });
    await getRun(api, id);
    const { state, verdict, faults } = await endInStore(id);
    assert.equal(state, 'done');
    assert.match(faults?.[0] ?? '', /not in the task hub/);
    assert.deepEqual([verdict?.status, verdict?.reasons[0]], ['invalid', faults?.[0]]);
  });
});
