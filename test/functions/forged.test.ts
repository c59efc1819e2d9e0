import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { newRunId, readRun } from '../../src/run/run-documents.ts';
import type { RunRecord } from '../../src/store/run-store.ts';
import type { FunctionsHost } from '../../tools/functions-host/functions-host.ts';
import { learnPlan } from '../support/fleet-plan.ts';
import { fleetStats } from '../support/reconcile.ts';
import { startFaultyStack, storeRun as storeRunIn } from './faulty-stack.ts';

// Whoever has the key of the Durable HTTP API can start orchestrations with any input, without the app's own API. These
// tests do so with runs that the API would have refused: they write plan and record into the store themselves.

let stack: Awaited<ReturnType<typeof startFaultyStack>>;
let host: FunctionsHost;
const ending: (() => Promise<void>)[] = [];
before(async () => {
  const cleanup = { after: (end: () => Promise<void>) => void ending.unshift(end) };
  stack = await startFaultyStack(cleanup, { SURGE_MAX_VUS: '10' });
  host = await stack.startHost();
});
after(async () => {
  for (const end of ending) await end();
});

const writing = () =>
  learnPlan(stack.servers, { tool: 'create_issue' }).replace(
    /\{ url: .* \}/,
    `{ url: "${stack.servers.github.url}", auth: { type: bearer, secret: github-pat } }`,
  );

const storeRun = (planText: string, changes: Partial<RunRecord> = {}) => storeRunIn(stack.store, planText, changes);

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
  endAtMs: Date.now() + 500,
  ...changes,
});

describe('an orchestration that was started without the API', () => {
  it('refuses a stored plan with more virtual users than the settings allow', async () => {
    const runId = await storeRun(learnPlan(stack.servers, { vus: 11 }));
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
    const runId = await storeRun(text);
    await sendsNothing('run', runId, { runId });
    assert.match(JSON.stringify((await readRun(stack.store, runId)).problems), /not on the allowlist/);
  });

  it('refuses a stored plan with a tool that may write, after preflight has seen the tool', async () => {
    const runId = await storeRun(writing());
    await startAndEnd('run', runId, { runId });
    const { state, problems } = await readRun(stack.store, runId);
    assert.equal(state, 'refused');
    assert.match(JSON.stringify(problems), /create_issue/);
    assert.equal((await fleetStats(stack.servers.github.statsUrl)).operations['tools/call:create_issue'], undefined);
  });

  it('makes no load in a slice of a plan that the policy refuses', async () => {
    const runId = await storeRun(learnPlan(stack.servers, { vus: 11 }), scheduled());
    await sendsNothing('slice', 'forged-policy', slice(runId));
  });

  it('makes no load in a slice of a plan with a tool that may write', async () => {
    const runId = await storeRun(writing(), scheduled());
    await startAndEnd('slice', 'forged-write', slice(runId));
    assert.equal((await fleetStats(stack.servers.github.statsUrl)).operations['tools/call:create_issue'], undefined);
  });

  it('makes no load in lanes and windows outside the schedule', async () => {
    const runId = await storeRun(learnPlan(stack.servers), scheduled());
    await sendsNothing('slice', 'forged-lane', slice(runId, { lane: 1 }));
    await sendsNothing('slice', 'forged-window', slice(runId, { window: 1 }));
    await sendsNothing('slice', 'forged-neither', slice(runId, { lane: 10_000, window: 10_000 }));
  });

  it('makes no load for a run whose preflight has not passed', async () => {
    const runId = await storeRun(learnPlan(stack.servers));
    await sendsNothing('slice', 'forged-early', slice(runId));
  });

  it('makes no load for a run that has ended, whatever is started', async () => {
    const runId = await storeRun(learnPlan(stack.servers), { ...scheduled(), state: 'done' });
    await sendsNothing('slice', 'forged-late', slice(runId));
    await sendsNothing('run', runId, { runId });
    assert.equal((await readRun(stack.store, runId)).state, 'done');
  });

  it('does nothing with a run that is not stored', async () => {
    const runId = newRunId(Date.now());
    await sendsNothing('slice', 'forged-unknown', slice(runId));
  });
});
