import assert from 'node:assert/strict';
import { it } from 'node:test';
import { renderHtml } from '../../src/report/html/html.ts';
import { renderText } from '../../src/report/text/text.ts';
import { conclude, failRun } from '../../src/run/conclude.ts';
import { foldSlices } from '../../src/run/fold-slices.ts';
import { readReport, readRun, writePlan } from '../../src/run/run-documents.ts';
import { runView } from '../../src/run/run-view.ts';
import type { Block } from '../../src/sample/block.ts';
import { aPlan } from '../support/a-plan.ts';
import { blockOf, RUN_START_MS } from '../support/blocks-of.ts';
import { healthySlice } from '../support/healthy-slice.ts';
import { testContext } from '../support/run-context.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const RUN = '20261123-120000000-00000000';
const SLICES = ['w0000-l0000', 'w0000-l0001'] as const;
const END_MS = RUN_START_MS + 10_000;

/** A run of two slices, at its end. The first one is complete with one request. */
async function halfRun() {
  const clock = new VirtualClock(END_MS);
  const context = testContext({ clock });
  const { store } = context;
  await writePlan(store, RUN, aPlan({ scenario: { vus: 2 } }));
  const record = { runId: RUN, planName: 'small', planHash: 'x', trigger: 'command', createdAt: '' } as const;
  const schedule = { startAtMs: RUN_START_MS, endAtMs: END_MS, lanes: 2, windows: 1, windowMs: 10_000 };
  await store.createRun({ ...record, state: 'running', stopRequested: false, schedule });
  const append = async (slice: 0 | 1, holder: string, seq: number, requests: number) => {
    const block = blockOf(Array.from({ length: requests }, () => ({ vu: slice }))) as Block;
    await store.appendBlock(RUN, SLICES[slice], holder, seq, block);
  };
  await store.takeLease(RUN, SLICES[0], 0, 'one');
  await append(0, 'one', 0, 1);
  await store.commitSlice(RUN, { sliceId: SLICES[0], attemptIds: ['one'], health: healthySlice() });
  const show = (holder: string) =>
    store.putProgress(RUN, {
      sliceId: SLICES[1],
      attemptId: holder,
      atMs: clock.now(),
      activeVus: 1,
      warmUpRequests: 0,
      operations: [],
      scenarios: [],
    });
  return { clock, context, store, append, show };
}

const requestsOf = async (context: Awaited<ReturnType<typeof halfRun>>['context']) =>
  ((await readReport(context.store, RUN)) ?? assert.fail('no report')).totals.requests;

it('ends the load first, and counts what a slice that lives stores until its commit', async () => {
  const { clock, context, store, append, show } = await halfRun();
  await store.takeLease(RUN, SLICES[1], 0, 'two');
  await append(1, 'two', 0, 2);
  // Made too early, as by an orchestration whose slice failed while its activity ran on.
  await foldSlices(context, RUN, { window: 0, firstLane: 0, lanes: 2 });
  let seenMs: number | undefined;
  const living = async () => {
    for (let second = 0; second < 40; second++) {
      await show('two');
      if ((await readRun(store, RUN)).state === 'concluding') seenMs ??= clock.now();
      await clock.sleepUntil(clock.now() + 1000);
    }
    await append(1, 'two', 1, 4);
    await store.commitSlice(RUN, { sliceId: SLICES[1], attemptIds: ['two'], health: healthySlice() });
  };
  const [verdict] = await clock.run(Promise.all([conclude(context, RUN), living()]));
  assert.equal(await requestsOf(context), 7);
  assert.notEqual(verdict.status, 'invalid');
  assert.ok(seenMs !== undefined && seenMs <= END_MS + 1000, `the state was set ${seenMs}`);
  const { endedAt = '' } = await readRun(store, RUN);
  const tookMs = Date.parse(endedAt) - END_MS;
  assert.ok(tookMs >= 40_000 && tookMs < 45_000, `it ended after ${tookMs} ms`);
  assert.equal((await readReport(store, RUN))?.endedAt, endedAt);
});

it('waits for a silent slice only for the dead-after time, and counts what it has stored', async () => {
  const { clock, context, store, append, show } = await halfRun();
  await store.takeLease(RUN, SLICES[1], 0, 'dead');
  await append(1, 'dead', 0, 2);
  await show('dead');
  const verdict = await clock.run(conclude(context, RUN));
  const tookMs = clock.now() - END_MS;
  assert.ok(tookMs > context.timing.deadAfterMs && tookMs < context.timing.deadAfterMs + 5000, `${tookMs} ms`);
  assert.equal(await requestsOf(context), 3);
  assert.equal(verdict.status, 'invalid');
  const { slices } = runView(await readRun(store, RUN), '', clock.now());
  assert.deepEqual([slices?.lost, slices?.causes], [1, [{ cause: 'died', slices: 1 }]]);
  // Its signs of life did not say how many requests it had sent.
  assert.deepEqual(slices?.unaccounted, { estimate: null, atMost: null, slices: 1 });
});

it('does not wait for a slice that nobody began, or when its caller knows that all have ended', async () => {
  const unbegun = await halfRun();
  await unbegun.clock.run(conclude(unbegun.context, RUN));
  const known = await halfRun();
  await known.store.takeLease(RUN, SLICES[1], 0, 'dead');
  await known.clock.run(conclude(known.context, RUN, { slicesHaveEnded: true }));
  assert.deepEqual([unbegun.clock.now(), known.clock.now()], [END_MS, END_MS]);
});

it('concludes without a slice that shows life for longer than slices may write late', async () => {
  const { clock, context, store, show } = await halfRun();
  await store.takeLease(RUN, SLICES[1], 0, 'immortal');
  let isOver = false;
  const living = async () => {
    for (; !isOver; await clock.sleepUntil(clock.now() + 1000)) await show('immortal');
  };
  const concluding = conclude(context, RUN).finally(() => {
    isOver = true;
  });
  await clock.run(Promise.all([concluding, living()]));
  const tookMs = clock.now() - END_MS;
  const { lateWriteMs, deadAfterMs } = context.timing;
  assert.ok(tookMs >= lateWriteMs + deadAfterMs && tookMs < lateWriteMs + 2 * deadAfterMs, `${tookMs} ms`);
  assert.equal((await readRun(store, RUN)).state, 'done');
});

it('names what went wrong first in an invalid verdict, in the record, and in every form of the report', async () => {
  const { clock, context, store } = await halfRun();
  const fault = 'run-slice failed: its worker process died (2 times).';
  const verdict = await clock.run(conclude(context, RUN, { faults: [fault] }));
  assert.equal(verdict.reasons[0], fault);
  assert.deepEqual((await readRun(store, RUN)).faults, [fault]);
  const report = (await readReport(store, RUN)) ?? assert.fail();
  assert.deepEqual(report.faults, [fault]);
  assert.ok(renderText(report, { width: 200 }).split('Load generator')[1]?.includes(fault));
  assert.ok(renderHtml(report).includes(fault));
});

it('lists a fault that did not affect the load without judging by it', async () => {
  const { clock, context, store, append } = await halfRun();
  await store.takeLease(RUN, SLICES[1], 0, 'two');
  await append(1, 'two', 0, 1);
  await store.commitSlice(RUN, { sliceId: SLICES[1], attemptIds: ['two'], health: healthySlice() });
  const verdict = await clock.run(conclude(context, RUN, { faults: ['fold-slices failed.'] }));
  assert.equal(verdict.status, 'unjudged');
  assert.ok(!verdict.reasons.includes('fold-slices failed.'));
  assert.deepEqual((await readReport(store, RUN))?.faults, ['fold-slices failed.']);
});

it('has the same end in the record and in the report, although two deliveries conclude the run', async () => {
  const { clock, context, store } = await halfRun();
  let other: Promise<unknown> | undefined;
  const putDocument: typeof store.putDocument = async (runId, name, bytes) => {
    if (name === 'report' && other === undefined) {
      clock.advance(3000);
      other = conclude(context, RUN, { slicesHaveEnded: true });
      await other;
    }
    await store.putDocument(runId, name, bytes);
  };
  await clock.run(conclude({ ...context, store: { ...store, putDocument } }, RUN, { slicesHaveEnded: true }));
  const { endedAt } = await readRun(store, RUN);
  assert.equal(endedAt, new Date(END_MS + 3000).toISOString());
  assert.equal((await readReport(store, RUN))?.endedAt, endedAt);
});

it('keeps the first verdict, and does not let a run fail that has ended', async () => {
  const { clock, context, store } = await halfRun();
  const verdict = await clock.run(conclude(context, RUN));
  const before = await readRun(store, RUN);
  clock.advance(1000);
  assert.deepEqual(await clock.run(conclude(context, RUN, { faults: ['later'] })), verdict);
  await failRun(context, RUN, 'too late');
  assert.deepEqual(await readRun(store, RUN), before);
});
