import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { SilentHolder, SliceFold } from '../../src/summary/fold.ts';
import { RUN_START_MS, type SampleParts } from '../support/blocks-of.ts';
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
  assert.deepEqual(slicesOf(true), { planned: 1, committed: 1, partial: 0, lost: 0, skipped: 1, duplicates: 0 });
  assert.deepEqual(slicesOf(false), { planned: 2, committed: 1, partial: 0, lost: 1, duplicates: 0 });
});

/** An attempt that died after a sign of life that says all that it had sent. */
const DEAD: SilentHolder = {
  blocks: 3,
  samples: 40,
  instance: 'host-b-7',
  unstored: 12,
  peakPerSecond: 20,
  likelyMs: 2000,
  atMostMs: 5000,
  growth: 1.5,
  plannedRequests: null,
};

it('the health of the generator says why slices are lost or partial, and how many instances were seen', () => {
  const { generator } = summaryOf([{}], { plannedSlices: 7 }, [
    committedSlice({ instance: 'host-a-7' }),
    committedSlice({ instance: 'host-a-9' }, { sliceId: 's1', state: 'partial', cause: 'died', silent: [DEAD] }),
    lostSlice({ sliceId: 's2', cause: 'died', silent: [DEAD] }),
    lostSlice({ sliceId: 's3', cause: 'never begun' }),
    lostSlice({ sliceId: 's4', cause: 'never begun' }),
    lostSlice({ sliceId: 's5', cause: 'store away' }),
    lostSlice({ sliceId: 's6', cause: 'too late' }),
  ]);
  const { causes, instancesSeen, lost } = generator.slices;
  assert.deepEqual(causes, [
    { cause: 'died', slices: 2 },
    { cause: 'never begun', slices: 2 },
    { cause: 'too late', slices: 1 },
    { cause: 'store away', slices: 1 },
  ]);
  assert.deepEqual([instancesSeen, generator.instances, lost, generator.unreported], [2, 3, 5, 2]);
  // 12 unstored, and 20 × 1.5 a second afterwards.
  assert.deepEqual(generator.unaccounted, { estimate: 2 * (12 + 60), atMost: 2 * (12 + 150), slices: 2 });
  assert.equal(generator.store.blocks, 1 + 1 + 3 + 3);
  assert.equal(generator.cpu.microsecondsPerRequest, null);
});

it('the health of the generator has null, not 0, for what no slice reported', () => {
  const { instance: _, ...nameless } = DEAD;
  const { generator } = summaryOf([], { plannedStarts: [{ scenario: 'open', starts: [10, 20] }] }, [
    lostSlice({ cause: 'died', silent: [nameless] }),
  ]);
  assert.deepEqual(generator.starts, {
    planned: 30,
    started: null,
    dropped: null,
    late: null,
    maxLagMs: null,
    scenarios: [{ scenario: 'open', planned: 30, started: null, dropped: null, late: null, maxLagMs: null }],
  });
  assert.deepEqual([generator.maxStartDelayMs, generator.instances, generator.store.errors], [null, null, null]);
  assert.deepEqual(generator.cpu, { seconds: null, microsecondsPerRequest: null, maxShare: null });
});

it('the health of the generator counts starts of an attempt that did not report as far as their samples are stored', () => {
  const iteration: SampleParts = { kind: 'iteration', operation: 'open' };
  const samples: SampleParts[] = [
    ...Array.from({ length: 8 }, () => iteration),
    { ...iteration, outcome: 'CLIENT_ABORT' },
    { kind: 'droppedIteration', operation: 'open' },
  ];
  const plannedStarts = [{ scenario: 'open', starts: [30] }];
  const counts = { scenario: 'open', planned: 10, started: 4, dropped: 3, late: 1, maxLagMs: 80 };
  const heir = committedSlice({ starts: [counts] }, { state: 'partial', cause: 'died' });
  const startsOf = (slice: SliceFold) => {
    const { scenarios: _, ...starts } = summaryOf(samples, { plannedStarts }, [slice]).generator.starts;
    return starts;
  };
  const known = { planned: 30, late: 1, maxLagMs: 80 };
  assert.deepEqual(startsOf({ ...heir, silent: [DEAD] }), { ...known, started: 9, dropped: 3 });
  assert.deepEqual(startsOf(heir), { ...known, started: 4, dropped: 3 });
  // Of a stopped run, only starts that had come due can be missing.
  const { starts } = summaryOf(samples, { plannedStarts, stopped: true }, [{ ...heir, silent: [DEAD] }]).generator;
  assert.deepEqual([starts.planned, starts.started, starts.dropped], [12, 9, 3]);
});
