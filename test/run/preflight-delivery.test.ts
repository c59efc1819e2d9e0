import assert from 'node:assert/strict';
import { it } from 'node:test';
import { failRun } from '../../src/run/conclude.ts';
import { preflight } from '../../src/run/preflight.ts';
import { readRun } from '../../src/run/run-documents.ts';
import { DEFAULT_DEAD_AFTER_MS, timingOf } from '../../src/run/timing.ts';
import { planText } from '../support/a-plan.ts';
import { type Answer, legacyServer, startMcpServer } from '../support/mcp-server.ts';
import { testContext } from '../support/run-context.ts';
import { createdRun } from '../support/whole-run.ts';

const TIMING = timingOf(4500);
const readOnly: Answer = () => ({ tools: [{ name: 'look', annotations: { readOnlyHint: true } }] });

/** A stored run against a server whose list of tools may answer differently each time. */
async function storedRun(t: { after(done: () => void): void }, list: Answer = readOnly, timing = TIMING) {
  const server = await startMcpServer(legacyServer, { 'tools/list': list });
  t.after(() => void server.close());
  const context = testContext({ timing });
  const target = { url: `${server.origin}/mcp`, protocol: '2025-11-25' };
  const runId = await createdRun(context, planText({ target }));
  return { server, context, runId };
}

it('gives the result of the first of two deliveries to both', async (t) => {
  const { server, context, runId } = await storedRun(t, readOnly, timingOf(DEFAULT_DEAD_AFTER_MS));
  const [first, second] = await Promise.all([preflight(context, runId, 'a'), preflight(context, runId, 'b')]);
  assert.ok('schedule' in first);
  assert.deepEqual(second, first);
  assert.equal(server.of('initialize').length, 1);
});

it('is ended by a stop although a target does not answer, and tells the target nothing more', async (t) => {
  const { promise: asked, resolve } = Promise.withResolvers<void>();
  const { server, context, runId } = await storedRun(t, () => {
    resolve();
    return undefined;
  });
  const working = preflight(context, runId, 'a');
  await asked;
  await context.store.updateRun(runId, { stopRequested: true });
  const stopMs = performance.now();
  const found = await working;
  const tookMs = performance.now() - stopMs;
  assert.ok('schedule' in found, JSON.stringify(found));
  assert.equal(found.stopRequested, true);
  assert.ok(tookMs < 1000, `it took ${tookMs} ms`);
  assert.deepEqual((await readRun(context.store, runId)).targets, []);
  assert.deepEqual(server.methods().slice(0, 3), ['initialize', 'notifications/initialized', 'tools/list']);
  // Cancelling the request and closing the session is all that may follow.
  for (const method of server.methods().slice(3)) assert.match(method, /^(notifications\/cancelled|DELETE)$/);
});

it('does the work of a delivery that died after a short wait, and in the next attempt without a wait', async (t) => {
  const { context, runId } = await storedRun(t);
  await context.store.takeLease(runId, 'preflight-0', 0, 'dead');
  const began = performance.now();
  const redelivered = preflight(context, runId, 'again');
  const retried = await preflight(context, runId, 'retry', 1);
  const retriedMs = performance.now() - began;
  assert.ok('schedule' in retried);
  assert.ok(retriedMs < TIMING.deadAfterMs / 3, `it waited for ${retriedMs} ms`);
  assert.deepEqual(await redelivered, retried);

  const other = await storedRun(t);
  await other.context.store.takeLease(other.runId, 'preflight-0', 0, 'dead');
  const otherBegan = performance.now();
  assert.ok('schedule' in (await preflight(other.context, other.runId, 'again')));
  const waitedMs = performance.now() - otherBegan;
  assert.ok(waitedMs >= TIMING.deadAfterMs / 3 - 1, `it waited for ${waitedMs} ms only`);
});

it('stores one of two different results, and gives it to both deliveries', async (t) => {
  let lists = 0;
  const { context, runId } = await storedRun(t, (incoming) =>
    lists++ === 0 ? readOnly(incoming) : { tools: [{ name: 'other' }] },
  );
  const [first, second] = await Promise.all([preflight(context, runId, 'a', 0), preflight(context, runId, 'b', 1)]);
  assert.equal(lists, 2);
  assert.deepEqual(second, first);
  const { schedule, problems, state } = await readRun(context.store, runId);
  assert.ok((schedule === undefined) !== (problems === undefined), 'the record has parts of both results');
  assert.equal(state, schedule === undefined ? 'refused' : 'running');
});

it('does not start a run that has failed meanwhile', async (t) => {
  const failing = { after: async () => {} };
  const { context, runId } = await storedRun(t, (incoming) => {
    void failing.after();
    return readOnly(incoming);
  });
  failing.after = () => failRun(context, runId, 'It waited for too long.');
  const found = await preflight(context, runId, 'late');
  assert.ok('problems' in found && found.problems[0]?.message === 'It waited for too long.', JSON.stringify(found));
  const { state, schedule } = await readRun(context.store, runId);
  assert.deepEqual([state, schedule], ['failed', undefined]);
});
