import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { getReport, getRun, postRun } from '../../demo/runs-api.ts';
import { hasEnded, newRunId, readRun } from '../../src/run/run-documents.ts';
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
  stack = await startFaultyStack(cleanup, { SURGE_VUS_PER_LANE: '1', SURGE_WINDOW_SECONDS: '10', SURGE_MAX_VUS: '10' });
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
    // Ten seconds with the standard dead-after time, of which these are a fifteenth; the rest is for a busy machine.
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

// Whoever has the key of the Durable HTTP API can start orchestrations with any input, without the app's own API. These
// tests do so with runs that the API would have refused: they write plan and record into the store themselves.

const writing = () =>
  learnPlan(stack.servers, { tool: 'create_issue' }).replace(
    /\{ url: .* \}/,
    `{ url: "${stack.servers.github.url}", auth: { type: bearer, secret: github-pat } }`,
  );

/** A record as preflight leaves it: one lane, one window, and load from now on. */
function scheduled(): Partial<RunRecord> {
  const startAtMs = Date.now();
  const schedule = { startAtMs, endAtMs: startAtMs + 2000, lanes: 1, windows: 1, windowMs: 2000 };
  return { state: 'running', schedule };
}

/** Starts an orchestration by the Durable HTTP API, and waits for its end. */
async function startAndEnd(name: string, instanceId: string, input: unknown): Promise<string | undefined> {
  const url = new URL(`orchestrators/${name}/${instanceId}`, host.durable.rpcBaseUrl);
  const { status } = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(input),
  });
  assert.equal(status, 202);
  for (const limitMs = performance.now() + 20_000; performance.now() < limitMs; await delay(50)) {
    const state = host.durable.status(instanceId)?.runtimeStatus;
    if (state === 'Completed' || state === 'Failed') return state;
  }
  assert.fail(`${instanceId} does not end: ${JSON.stringify(host.durable.status(instanceId))}`);
}

/** How many requests of every kind the reference servers have had. */
async function requestsSoFar(): Promise<number> {
  const stats = await Promise.all(Object.values(stack.servers).map(({ statsUrl }) => fleetStats(statsUrl)));
  return stats.flatMap(({ operations }) => Object.values(operations)).reduce((sum, { count }) => sum + count, 0);
}

/** Asserts that an orchestration that is started by hand sends nothing. */
async function sendsNothing(name: string, instanceId: string, input: unknown): Promise<void> {
  const earlier = await requestsSoFar();
  await startAndEnd(name, instanceId, input);
  assert.equal((await requestsSoFar()) - earlier, 0);
}

const slice = (runId: string, changes: object = {}) => ({
  runId,
  lane: 0,
  window: 0,
  endAtMs: Date.now() + 300,
  ...changes,
});

describe('an orchestration that was started without the API', () => {
  it('refuses a stored plan with more virtual users than the settings allow', async () => {
    const runId = await storeRun(stack.store, learnPlan(stack.servers, { vus: 11 }));
    await sendsNothing('run', runId, { runId });
    const { state, problems } = await readRun(stack.store, runId);
    assert.equal(state, 'refused');
    assert.match(JSON.stringify(problems), /11 virtual users together; 10 are allowed here/);
  });

  it('refuses a stored plan for a target that is not allowed', async () => {
    const text = learnPlan(stack.servers).replace(
      /\{ url: .* \}/,
      '{ url: "https://mcp.example.com/mcp", permission: true }',
    );
    const runId = await storeRun(stack.store, text);
    await sendsNothing('run', runId, { runId });
    assert.match(JSON.stringify((await readRun(stack.store, runId)).problems), /not on the allowlist/);
  });

  it('refuses a stored plan with a tool that may write, after preflight has seen the tool', async () => {
    const runId = await storeRun(stack.store, writing());
    await startAndEnd('run', runId, { runId });
    const { state, problems } = await readRun(stack.store, runId);
    assert.equal(state, 'refused');
    assert.match(JSON.stringify(problems), /create_issue/);
    assert.equal((await fleetStats(stack.servers.github.statsUrl)).operations['tools/call:create_issue'], undefined);
  });

  it('makes no load in a slice of a plan that the policy refuses', async () => {
    const runId = await storeRun(stack.store, learnPlan(stack.servers, { vus: 11 }), scheduled());
    await sendsNothing('slice', 'forged-policy', slice(runId));
  });

  it('makes no load in a slice of a plan with a tool that may write', async () => {
    const runId = await storeRun(stack.store, writing(), scheduled());
    await startAndEnd('slice', 'forged-write', slice(runId));
    assert.equal((await fleetStats(stack.servers.github.statsUrl)).operations['tools/call:create_issue'], undefined);
  });

  it('makes no load in lanes and windows outside the schedule', async () => {
    const runId = await storeRun(stack.store, learnPlan(stack.servers), scheduled());
    await sendsNothing('slice', 'forged-lane', slice(runId, { lane: 1 }));
    await sendsNothing('slice', 'forged-window', slice(runId, { window: 1 }));
    await sendsNothing('slice', 'forged-neither', slice(runId, { lane: 10_000, window: 10_000 }));
  });

  it('makes no load for a run whose preflight has not passed', async () => {
    const runId = await storeRun(stack.store, learnPlan(stack.servers));
    await sendsNothing('slice', 'forged-early', slice(runId));
  });

  it('makes no load for a run that has ended, whatever is started', async () => {
    const runId = await storeRun(stack.store, learnPlan(stack.servers), { ...scheduled(), state: 'done' });
    await sendsNothing('slice', 'forged-late', slice(runId));
    await sendsNothing('run', runId, { runId });
    assert.equal((await readRun(stack.store, runId)).state, 'done');
  });

  it('does nothing with a run that is not stored', async () => {
    const runId = newRunId(Date.now());
    await sendsNothing('slice', 'forged-unknown', slice(runId));
  });
});
