import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Slice } from '../../src/plan/slices.ts';
import type { RunContext } from '../../src/run/run-context.ts';
import { timingOf } from '../../src/run/timing.ts';
import { watchRun } from '../../src/run/watch-run.ts';
import type { Block } from '../../src/sample/block.ts';
import { LiveTally } from '../../src/summary/live-progress.ts';
import { aPlan } from '../support/a-plan.ts';
import { blockOf, RUN_START_MS } from '../support/blocks-of.ts';
import { healthySlice } from '../support/healthy-slice.ts';
import { testContext } from '../support/run-context.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const RUN = '20261123-120000000-00000000';
const PLAN = aPlan({
  plan: { thresholds: { mcp_requests: [{ threshold: 'rate<15', abortOnFail: true, delayAbortEval: '4s' }] } },
});

function sliceOfLane(lane: number, window = 0): Slice {
  return {
    sliceId: `w000${window}-l000${lane}`,
    lane,
    lanes: 3,
    window,
    runStartMs: RUN_START_MS,
    startAtMs: RUN_START_MS + window * 5000,
    endAtMs: RUN_START_MS + (window + 1) * 5000,
  };
}

/** A run in which each lane of the first window has reported so many requests a second, each at its own moment. */
async function activeRun(rate = 10): Promise<{ context: RunContext; clock: VirtualClock }> {
  const clock = new VirtualClock(RUN_START_MS + 4900);
  const context = testContext({ clock });
  const record = { runId: RUN, planName: 'small', planHash: 'x', trigger: 'command', createdAt: '' } as const;
  await context.store.createRun({ ...record, state: 'running', stopRequested: false });
  for (const [lane, seconds] of [4.9, 4.2, 3.5].entries()) {
    const tally = new LiveTally();
    tally.add(blockOf(Array.from({ length: seconds * rate }, () => ({}))) as Block);
    const atMs = RUN_START_MS + seconds * 1000;
    const about = { sliceId: sliceOfLane(lane).sliceId, attemptId: 'a', atMs, activeVus: 1 };
    await context.store.putProgress(RUN, tally.progress(about));
  }
  return { context, clock };
}

const evaluate = (context: RunContext, slice: Slice) => watchRun(context, RUN, PLAN, slice)?.();

it('stops the run for the sum of all lanes, and records the condition', async () => {
  const { context } = await activeRun();
  assert.equal(await evaluate(context, sliceOfLane(0)), true);
  const { stopRequested, abort, state } = (await context.store.getRun(RUN)) ?? assert.fail();
  assert.deepEqual([stopRequested, state, abort?.metric, abort?.over], [true, 'running', 'mcp_requests', 'run']);
  // The lanes report at different moments; their rate is still three times ten a second.
  assert.ok(Math.abs((abort?.observed ?? 0) - 30) < 1e-9, `${abort?.observed}`);
});

it('lets a run go on if its conditions hold', async () => {
  const { context } = await activeRun(4);
  assert.equal(await evaluate(context, sliceOfLane(0)), false);
  assert.equal((await context.store.getRun(RUN))?.stopRequested, false);
});

it('leaves the watch to the first lane that is still active', async () => {
  const { context } = await activeRun();
  const commit = (lane: number) =>
    context.store.commitSlice(RUN, { sliceId: sliceOfLane(lane).sliceId, attemptIds: ['a'], health: healthySlice() });
  const third = watchRun(context, RUN, PLAN, sliceOfLane(2));
  assert.equal(await third?.(), false);
  await commit(1);
  assert.equal(await third?.(), false);
  await commit(0);
  assert.equal(await third?.(), true);
});

it('takes the watch over from a lane that was skipped, and from one that gives no sign of life', async () => {
  const { context, clock } = await activeRun();
  const { store } = context;
  const third = watchRun({ ...context, timing: timingOf(30) }, RUN, PLAN, sliceOfLane(2));
  const { sliceId } = sliceOfLane(0);
  await store.takeLease(RUN, sliceId, 0, 'a');
  assert.ok(await store.skipSlice(RUN, { sliceId, holder: 'a', reason: 'stopped', atMs: clock.now() }));
  assert.equal(await third?.(), false);
  await clock.run(clock.sleepUntil(RUN_START_MS + 4920));
  assert.equal(await third?.(), false);
  await clock.run(clock.sleepUntil(RUN_START_MS + 4940));
  assert.equal(await third?.(), true);
});

it('takes the watch over from several lanes that died, at the same time', async () => {
  const { context, clock } = await activeRun();
  const third = watchRun({ ...context, timing: timingOf(30) }, RUN, PLAN, sliceOfLane(2));
  assert.equal(await third?.(), false);
  await clock.run(clock.sleepUntil(RUN_START_MS + 4940));
  assert.equal(await third?.(), true);
});

it('stops no run before or after its own window', async () => {
  const { context, clock } = await activeRun();
  assert.equal(await evaluate(context, sliceOfLane(0, 1)), false);
  await clock.run(clock.sleepUntil(RUN_START_MS + 5000));
  assert.equal(await evaluate(context, sliceOfLane(0)), false);
  assert.equal(await evaluate(context, sliceOfLane(0, 1)), true);
});

it('does not fail the slice if the store does not answer', async (t) => {
  t.mock.method(console, 'error', () => {});
  const { context } = await activeRun();
  const store = { ...context.store, listProgress: () => Promise.reject(new Error('the store is gone')) };
  assert.equal(await evaluate({ ...context, store }, sliceOfLane(0)), false);
});

it('does not watch a plan that no condition can stop', async () => {
  const { context } = await activeRun();
  assert.equal(
    watchRun(context, RUN, aPlan({ plan: { thresholds: { mcp_requests: ['rate<1'] } } }), sliceOfLane(0)),
    undefined,
  );
});
