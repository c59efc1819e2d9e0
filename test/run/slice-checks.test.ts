import assert from 'node:assert/strict';
import { it } from 'node:test';
import { preflight } from '../../src/run/preflight.ts';
import { readRun, readScheduledRun } from '../../src/run/run-documents.ts';
import { runSlice } from '../../src/run/run-slice.ts';
import { checkSlice } from '../../src/run/slice-checks.ts';
import { aPlan, planText } from '../support/a-plan.ts';
import { type Answer, legacyServer, startMcpServer } from '../support/mcp-server.ts';
import { testContext } from '../support/run-context.ts';
import { sliceRequest } from '../support/slice-request.ts';
import { createdRun } from '../support/whole-run.ts';

const tools: Answer = () => ({
  tools: [
    { name: 'look', annotations: { readOnlyHint: true } },
    { name: 'change', annotations: { readOnlyHint: false } },
    { name: 'other', annotations: { readOnlyHint: true } },
  ],
});

/** A run whose preflight has passed, of a plan that calls a tool that reads and one that writes. */
async function aRun(t: { after(done: () => void): void }) {
  const server = await startMcpServer(legacyServer, { 'tools/list': tools });
  t.after(() => server.close());
  const context = testContext();
  const target = { url: `${server.origin}/mcp`, protocol: '2025-11-25', allowWrites: ['change'] };
  const parts = { target, scenario: { duration: '1s', steps: [{ tool: 'look' }, { tool: 'change' }] } };
  const runId = await createdRun(context, planText(parts));
  await preflight(context, runId, 'p');
  return { server, context, runId, parts, record: await readScheduledRun(context.store, runId) };
}

it('preflight stores which of the tools that the plan calls are read-only', async (t) => {
  const { record } = await aRun(t);
  assert.deepEqual(record.targets?.[0]?.readOnlyTools, ['look']);
});

it('allows the slices of a run whose preflight has passed, in its lanes and windows only', async (t) => {
  const { context, parts, record } = await aRun(t);
  const check = (lane: number, window: number) => checkSlice(aPlan(parts), record, { lane, window }, context.policy);
  check(0, 0);
  for (const [lane, window] of [
    [1, 0],
    [0, 1],
    [-1, 0],
    [0.5, 0],
    [Number.NaN, 0],
  ] as const) {
    assert.throws(() => check(lane, window), /has 1 lanes and 1 windows; there is no lane/, `${lane} ${window}`);
  }
});

it('refuses a tool that preflight did not find to be read-only, unless the plan allows writes', async (t) => {
  const { context, parts, record } = await aRun(t);
  const check = (changes: object, stored = record) =>
    checkSlice(aPlan({ ...parts, ...changes }), stored, { lane: 0, window: 0 }, context.policy);
  const other = { ...parts.scenario, steps: [{ tool: 'other' }] };
  assert.throws(
    () => check({ scenario: other }),
    /preflight did not find tool "other" of web to be read-only; to call it anyway, add it to targets\.web\.allowWrites\.$/,
  );
  check({ scenario: other, target: { ...parts.target, allowWrites: ['other'] } });
  const unknown = { ...record, targets: (record.targets ?? []).map(({ readOnlyTools: _, ...target }) => target) };
  assert.throws(() => check({}, unknown), /tool "look" of web/);
});

it('a slice that is started without its run sends nothing', async (t) => {
  const { server, context, runId } = await aRun(t);
  const sent = server.incoming.length;
  const forged = { ...sliceRequest(runId, 'forged'), lane: 7 };
  await assert.rejects(runSlice(context, forged), /there is no lane 7 in window 0/);
  const { targets = [] } = await readRun(context.store, runId);
  await context.store.updateRun(runId, { targets: targets.map((target) => ({ ...target, readOnlyTools: [] })) });
  await assert.rejects(
    runSlice(context, sliceRequest(runId, 'forged')),
    /must not make load: preflight did not find tool "look"/,
  );
  await assert.rejects(
    runSlice(context, { ...sliceRequest(runId, 'forged'), runId: `${runId.slice(0, -1)}0` }),
    /There is no run/,
  );
  assert.equal(server.incoming.length, sent);
  assert.deepEqual((await context.store.readAttempts(runId, 'w0000-l0000')).leases, []);
});
