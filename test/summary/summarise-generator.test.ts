import assert from 'node:assert/strict';
import { it } from 'node:test';
import { RUN_START_MS } from '../support/blocks-of.ts';
import { committedSlice, lostSlice } from '../support/healthy-slice.ts';
import { summaryOf } from '../support/summary-of.ts';

it('the health of the generator counts the virtual users that sent a request, over all windows', () => {
  // Two scenarios one after the other, so no window has all virtual users.
  const slices = [committedSlice(), committedSlice({}, { sliceId: 'w0001-l0000' })];
  const samples = [{ vu: 0 }, { vu: 0, atMs: 6000 }, { vu: 1, atMs: 6000, outcome: 'CLIENT_ABORT' as const }];
  assert.deepEqual(summaryOf(samples, { plannedSlices: 2, plannedVus: 2 }, slices).generator.vus, {
    planned: 2,
    started: 2,
  });
});

it('the health of the generator counts once the CPU seconds that two slices of a process both saw, and finds the busiest process', () => {
  const slice = (sliceId: string, cpuFromSeconds: number, cpuSeconds: number, instance = 'one', wallSeconds = 10) =>
    committedSlice({ cpuFromSeconds, cpuSeconds, instance, wallSeconds }, { sliceId });
  const { generator } = summaryOf([{}, {}], { plannedSlices: 6 }, [
    slice('w0001-l0000', 4, 4),
    slice('w0000-l0000', 1, 3.5),
    slice('w0000-l0001', 1.5, 2),
    slice('w0000-l0002', 9, 5, 'two', 5.5),
    slice('w0001-l0002', 20, 1, 'two', 0.01),
    lostSlice({ sliceId: 'w0001-l0001' }),
  ]);
  assert.equal(generator.cpu.seconds, 7 + 5 + 1);
  assert.equal(generator.cpu.microsecondsPerRequest, 6.5e6);
  assert.equal(Number(generator.cpu.maxShare?.toFixed(3)), 0.909);
  assert.equal(generator.instances, 2);
});

it('the health of the generator has no figure for what no slice measured', () => {
  const short = committedSlice({ wallSeconds: 0.9, eventLoopDelayMs: { p99: null, max: null } });
  const { cpu, eventLoopDelayMs } = summaryOf([], {}, [short]).generator;
  assert.deepEqual(cpu, { seconds: 1, microsecondsPerRequest: null, maxShare: null });
  assert.deepEqual(eventLoopDelayMs, { p99: null, max: null });
  const measured = summaryOf([{}], { plannedSlices: 2 }, [short, committedSlice({}, { sliceId: 'w0000-l0001' })]);
  assert.deepEqual([measured.generator.cpu.maxShare, measured.generator.eventLoopDelayMs.p99], [0.1, 1]);
  const lost = summaryOf([{}], {}, [lostSlice()]).generator;
  assert.deepEqual(lost.cpu, { seconds: null, microsecondsPerRequest: null, maxShare: null });
  assert.deepEqual(lost.eventLoopDelayMs, { p99: null, max: null });
});

it('the health of the generator adds up starts by scenario, and for all scenarios those that have an instant', () => {
  const counts = (scenario: string, planned: number | undefined, started: number, late = 0, maxLagMs = 0) => {
    return { scenario, planned, started, dropped: 2, late, maxLagMs };
  };
  const { starts } = summaryOf([], { plannedSlices: 3 }, [
    committedSlice({ starts: [counts('open', 100, 90, 3, 70), counts('closed', undefined, 7)] }),
    committedSlice({ starts: [counts('open', 50, 48, 1, 90)] }, { sliceId: 'w0000-l0001' }),
    committedSlice({ starts: [counts('late', 10, 8, 0, 5)] }, { sliceId: 'w0001-l0000' }),
  ]).generator;
  const { scenarios, ...all } = starts;
  assert.deepEqual(all, { planned: 160, started: 146, dropped: 6, late: 4, maxLagMs: 90 });
  assert.deepEqual(scenarios, [
    { scenario: 'closed', planned: null, started: 7, dropped: 2, late: 0, maxLagMs: 0 },
    { scenario: 'late', planned: 10, started: 8, dropped: 2, late: 0, maxLagMs: 5 },
    { scenario: 'open', planned: 150, started: 138, dropped: 4, late: 4, maxLagMs: 90 },
  ]);
  assert.equal(summaryOf([]).generator.starts.planned, null);
});

it('the health of the generator names a target that was given up once, with the reason of the first slice that stopped it', () => {
  const stop = (target: string, reason: string, afterMs: number) => ({
    target,
    reason,
    atMs: RUN_START_MS + afterMs,
  });
  const { generator } = summaryOf([{}], { plannedSlices: 3 }, [
    committedSlice({ stoppedTargets: [stop('web', 'late', 4000), stop('other', 'early', -20)] }),
    committedSlice({ stoppedTargets: [stop('web', 'refused b', 1250)] }, { sliceId: 'w0000-l0001' }),
    committedSlice({ stoppedTargets: [stop('web', 'refused a', 1250)] }, { sliceId: 'w0000-l0002', state: 'partial' }),
  ]);
  assert.deepEqual(generator.stoppedTargets, [
    { target: 'other', reason: 'early', atSeconds: 0 },
    { target: 'web', reason: 'refused a', atSeconds: 1.25 },
  ]);
});

it('the health of the generator takes the worst of what slices measured and the sum of what they counted; a silent slice is lost', () => {
  const token = (maxMs: number, failed: number) => ({ target: 'web', fetched: 2, failed, maxMs });
  const { generator } = summaryOf([], { plannedSlices: 4 }, [
    committedSlice({
      startDelayMs: 7,
      eventLoopDelayMs: { p99: 1, max: 90 },
      tokens: [token(5, 0)],
      store: { errors: 1, blocks: 2, samples: 9 },
    }),
    committedSlice(
      {
        startDelayMs: 3,
        eventLoopDelayMs: { p99: 4, max: 5 },
        tokens: [token(9, 1)],
        store: { errors: 2, blocks: 3, samples: 9 },
      },
      { sliceId: 'w0000-l0001', state: 'partial' },
    ),
    lostSlice({ sliceId: 'w0000-l0002', duplicates: 2 }),
  ]);
  assert.deepEqual(generator.slices, { planned: 4, committed: 1, partial: 1, lost: 2, duplicates: 2 });
  assert.equal(generator.maxStartDelayMs, 7);
  assert.deepEqual(generator.eventLoopDelayMs, { p99: 4, max: 90 });
  assert.deepEqual(generator.tokens, [{ target: 'web', fetched: 4, failed: 1, maxMs: 9 }]);
  assert.deepEqual(generator.store, { errors: 3, blocks: 5, samples: 0 });
});

it('the health of the generator counts slices that made no load as not needed after a stop, and as lost without one', () => {
  const slices = [committedSlice(), lostSlice({ sliceId: 'w0001-l0000', state: 'skipped' })];
  const slicesOf = (stopped: boolean) => summaryOf([], { plannedSlices: 2, stopped }, slices).generator.slices;
  assert.deepEqual(slicesOf(true), { planned: 2, committed: 1, partial: 0, lost: 0, skipped: 1, duplicates: 0 });
  assert.deepEqual(slicesOf(false), { planned: 2, committed: 1, partial: 0, lost: 1, duplicates: 0 });
});
