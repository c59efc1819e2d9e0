import assert from 'node:assert/strict';
import { describe, it, mock, type TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { conclude } from '../../src/run/conclude.ts';
import { preflight } from '../../src/run/preflight.ts';
import type { RunContext } from '../../src/run/run-context.ts';
import { readReport } from '../../src/run/run-documents.ts';
import { runSlice, type SliceResult } from '../../src/run/run-slice.ts';
import { timingOf } from '../../src/run/timing.ts';
import type { RunChange } from '../../src/store/run-store.ts';
import { type Answer, legacyServer, type McpServer, startMcpServer } from '../support/mcp-server.ts';
import { testContext } from '../support/run-context.ts';
import { sliceRequest } from '../support/slice-request.ts';
import { createRunOf } from './run-plan.ts';

const SLICE = 'w0000-l0000';
const TIMING = timingOf(3000);
mock.method(console, 'error', () => {});

type Running = {
  readonly context: RunContext;
  readonly runId: string;
  readonly server: McpServer;
  readonly before: number;
};

/** A run of a slice of four seconds whose preflight has passed. */
async function aRun(t: TestContext, answers: Readonly<Record<string, Answer>> = {}, changes: Partial<RunContext> = {}) {
  const server = await startMcpServer(legacyServer, answers);
  t.after(() => server.close());
  const context = testContext({ timing: TIMING, ...changes });
  const thinkTime = { type: 'constant', duration: '20ms' };
  const scenario = { executor: 'constant-vus', vus: 3, duration: '4s', thinkTime, steps: [{ tool: 'look' }] };
  const runId = await createRunOf(context, server.origin, { calls: scenario });
  await preflight(context, runId, 'preflight');
  return { context, runId, server, before: server.incoming.length };
}

/** Delivers the slice, and does something to it while its load is made. @returns the result, and when the load ended */
async function disturbed(run: Running, disturb: () => unknown, more: Partial<Parameters<typeof runSlice>[1]> = {}) {
  const working = runSlice(run.context, { ...sliceRequest(run.runId, 'a'), ...more });
  while (run.server.of('tools/call').length < 30) await delay(5);
  const fromMs = performance.now();
  await disturb();
  const result = await working;
  const lastMs = run.server.incoming.at(-1)?.atMs ?? 0;
  return { result, endedAfterMs: lastMs - fromMs };
}

async function assertCounted({ context, runId, server, before }: Running): Promise<void> {
  await conclude(context, runId);
  const report = (await readReport(context.store, runId)) ?? assert.fail('no report');
  const counted = report.operations.reduce((sum, { count }) => sum + count, 0);
  assert.equal(counted, server.incoming.length - before);
}

// At the same time, because they mostly wait.
describe('a slice', { concurrency: true }, () => {
  it('gives itself back when its process is shut down, and the next attempt goes on without waiting', async (t) => {
    const run = await aRun(t);
    const { context, runId, server } = run;
    const { clock, runningSlices } = context;
    const { result } = await disturbed(run, () => runningSlices.releaseAll(clock, 'the process was shut down', 5000));
    assert.equal(result.state, 'released');
    const { commit } = await context.store.readAttempts(runId, SLICE);
    const { reason, mayContinue } = commit?.health.endedEarly ?? assert.fail('no commit');
    assert.deepEqual([reason, mayContinue], ['the process was shut down', true]);

    const [callsBefore, fromMs] = [server.of('tools/call').length, performance.now()];
    const others = { ...context, runningSlices: testContext().runningSlices };
    assert.equal((await runSlice(others, sliceRequest(runId, 'b', 1))).state, 'committed');
    const firstMs = (server.of('tools/call')[callsBefore]?.atMs ?? 0) - fromMs;
    assert.ok(firstMs < TIMING.deadAfterMs / 2, `the next attempt began after ${firstMs} ms`);
    await assertCounted(run);
  });

  it('makes no load in a process that is being shut down', async (t) => {
    const run = await aRun(t);
    await run.context.runningSlices.releaseAll(run.context.clock, 'the process was shut down', 0);
    assert.equal((await runSlice(run.context, sliceRequest(run.runId, 'a'))).state, 'released');
    assert.equal(run.server.incoming.length, run.before);
  });

  const endings: readonly (readonly [
    what: string,
    change: RunChange,
    state: SliceResult['state'],
    isStored: boolean,
  ])[] = [
    ['is being concluded', { state: 'concluding' }, 'committed', true],
    ['has its report', { state: 'done' }, 'lost', false],
    ['has failed', { state: 'failed' }, 'lost', false],
  ];
  for (const [what, change, state, isStored] of endings) {
    it(`ends its load when the run ${what}, and stores samples only if they still count`, async (t) => {
      const run = await aRun(t);
      const { store } = run.context;
      let appended = 0;
      let isOver = false;
      const counting: typeof store = {
        ...store,
        appendBlock: (...args) => {
          if (isOver) appended++;
          return store.appendBlock(...args);
        },
      };
      const context = { ...run.context, store: counting };
      const { result, endedAfterMs } = await disturbed({ ...run, context }, async () => {
        await store.updateRun(run.runId, change);
        await delay(6 * TIMING.flushMs);
        isOver = true;
      });
      assert.equal(result.state, state);
      assert.ok(endedAfterMs < 6 * TIMING.flushMs, `load went on for ${endedAfterMs} ms`);
      assert.equal((await store.readAttempts(run.runId, SLICE)).commit !== undefined, isStored);
      if (!isStored) assert.equal(appended, 0);
      if (change.state === 'concluding') await assertCounted(run);
    });
  }

  it('ends its load when another delivery has taken it over, and still stores what it has sent', async (t) => {
    const run = await aRun(t);
    const { store } = run.context;
    const { result, endedAfterMs } = await disturbed(run, () => store.takeOverLease(run.runId, SLICE, 1, 'a', 'b'));
    assert.equal(result.state, 'superseded');
    assert.ok(endedAfterMs < 6 * TIMING.flushMs, `load went on for ${endedAfterMs} ms`);
    const { commit, reports } = await store.readAttempts(run.runId, SLICE);
    assert.equal(commit, undefined);
    assert.equal(reports?.[0]?.health.endedEarly?.reason, 'another delivery had taken the slice over');
    await assertCounted(run);
  });

  it('ends its load when the orchestration of its run is over, and closes its sessions', async (t) => {
    const run = await aRun(t);
    let why: string | undefined;
    const { result, endedAfterMs } = await disturbed(
      run,
      () => {
        why = 'The orchestration was terminated.';
      },
      { whyOrchestrationEnded: async () => why },
    );
    assert.equal(result.state, 'committed');
    assert.ok(endedAfterMs < 6 * TIMING.flushMs, `load went on for ${endedAfterMs} ms`);
    assert.equal(run.server.of('DELETE').length, 3 + 1, 'of the slice and of preflight');
    const { commit } = await run.context.store.readAttempts(run.runId, SLICE);
    const { reason, mayContinue } = commit?.health.endedEarly ?? assert.fail('it did not end early');
    assert.deepEqual([reason, mayContinue], ['The orchestration was terminated', false]);
  });

  it('makes no load if the orchestration of its run is over before', async (t) => {
    const run = await aRun(t);
    const request = { ...sliceRequest(run.runId, 'a'), whyOrchestrationEnded: async () => 'It was terminated.' };
    assert.deepEqual(await runSlice(run.context, request), { state: 'skipped', samples: 0 });
    assert.equal(run.server.incoming.length, run.before);
  });

  it('ends all traffic within five seconds after a stop, although the target answers nothing any more', async (t) => {
    let isSilent = false;
    const silent =
      (answer: Answer): Answer =>
      (incoming) =>
        isSilent ? undefined : answer(incoming);
    const answers = Object.fromEntries(Object.entries(legacyServer).map(([name, answer]) => [name, silent(answer)]));
    // With the times of a real installation.
    const run = await aRun(t, answers, { timing: timingOf(30_000) });
    const { result, endedAfterMs } = await disturbed(run, async () => {
      isSilent = true;
      await run.context.store.updateRun(run.runId, { stopRequested: true });
    });
    assert.equal(result.state, 'committed');
    assert.ok(endedAfterMs < 5000, `traffic went on for ${endedAfterMs} ms`);
  });

  it('gives itself back immediately when it cannot be begun', async (t) => {
    const run = await aRun(t);
    const { context, runId } = run;
    const broken = { ...context, secrets: context.secrets, tokens: undefined } as unknown as RunContext;
    await assert.rejects(runSlice(broken, sliceRequest(runId, 'a')));
    const { leases } = await context.store.readAttempts(runId, SLICE);
    assert.deepEqual(leases, [{ attempt: 0, holder: 'a', released: true }]);
  });

  it('writes nothing about a run that has been deleted', async (t) => {
    const run = await aRun(t);
    const { context, runId } = run;
    const { result } = await disturbed(run, () => context.store.deleteRun(runId));
    assert.equal(result.state, 'lost');
    assert.deepEqual(await context.store.listProgress(runId), []);
  });
});
