import assert from 'node:assert/strict';
import { it } from 'node:test';
import { SAMPLE_FLAG } from '../../src/sample/block.ts';
import type { Outcome } from '../../src/sample/outcome.ts';
import type { SliceFold } from '../../src/summary/fold.ts';
import { mergeFolds } from '../../src/summary/merge-folds.ts';
import type { RunSpan } from '../../src/summary/run-span.ts';
import type { SliceHealth } from '../../src/summary/slice-health.ts';
import { summarise } from '../../src/summary/summarise.ts';
import type { Clocks, OperationSummary } from '../../src/summary/summary.ts';
import { foldOf, INTERVAL_MS, RUN_START_MS, type Told } from '../support/blocks-of.ts';

const SPAN: RunSpan = {
  runStartMs: RUN_START_MS,
  plannedDurationMs: 10_000,
  plannedSlices: 1,
  plannedVus: 2,
  stopped: false,
};

function summaryOf(samples: readonly Told[], span: Partial<RunSpan> = {}, slices: readonly SliceFold[] = []) {
  return summarise(mergeFolds([foldOf([samples], slices)], INTERVAL_MS), { ...SPAN, ...span });
}

function spoken(sliceId: string, health: Partial<SliceHealth>, state: SliceFold['state'] = 'committed'): SliceFold {
  const quiet: SliceHealth = {
    startDelayMs: 0,
    eventLoopDelayMs: { p99: 0, max: 0 },
    cpuSeconds: 0,
    tokens: [],
    stoppedTargets: [],
    store: { errors: 0, blocks: 0, samples: 0 },
    instance: 'one',
  };
  return { sliceId, state, duplicates: 0, health: { ...quiet, ...health } };
}

it('divides by the planned time, by more when requests lingered, by less when the run was stopped', () => {
  const early = [{ atMs: 500, durationMs: 500 }];
  assert.equal(summaryOf(early).durationSeconds, 10);
  assert.equal(summaryOf(early).totals.requestsPerSecond, 0.1);
  assert.equal(summaryOf(early, { stopped: true }).durationSeconds, 1);
  assert.equal(summaryOf([], { stopped: true }).durationSeconds, 10);
  assert.equal(summaryOf([{ atMs: 9000, durationMs: 5000 }]).durationSeconds, 14);
});

it('adds up operations, failures and warnings', () => {
  const summary = summaryOf([
    { durationMs: 10 },
    { durationMs: 20 },
    { durationMs: 300, outcome: 'TOOL_ERROR', message: 'no', atMs: 2000 },
    { operation: 'initialize', outcome: 'SESS_DUP' },
    { outcome: 'CLIENT_ABORT' },
    { kind: 'iteration', durationMs: 25 },
  ]);
  assert.deepEqual(summary.totals, {
    requests: 4,
    useful: 3,
    failures: 1,
    failureRate: 0.25,
    requestsPerSecond: 0.4,
    iterations: 1,
    droppedIterations: 0,
  });
  const look = summary.operations.find(({ operation }) => operation === 'tools/call:look');
  assert.equal(look?.count, 3);
  assert.equal(look?.latencyMs?.max, 20);
  assert.equal(look?.failedLatencyMs?.p50, 300);
  assert.deepEqual(
    summary.failures.map(({ outcome, count, example, firstAt }) => [outcome, count, example, firstAt]),
    [['TOOL_ERROR', 1, 'no', new Date(RUN_START_MS + 2000).toISOString()]],
  );
  assert.deepEqual(
    summary.warnings.map(({ outcome }) => outcome),
    ['SESS_DUP'],
  );
  assert.equal(summary.generator.abortedRequests, 1);
});

it('keeps series over all intervals, also over those after the planned end', () => {
  const { series } = summaryOf([
    { atMs: 200, durationMs: 10 },
    { atMs: 12_300, operation: 'DELETE', outcome: 'HTTP_500' },
  ]);
  assert.deepEqual(
    series.map(({ operation, points }) => [operation, points.length]),
    [
      ['*', 13],
      ['DELETE', 13],
      ['tools/call:look', 13],
    ],
  );
  const all = series[0]?.points ?? [];
  assert.deepEqual(all[0], { atSeconds: 0, requests: 1, failures: 0, p50Ms: 10, p95Ms: 10, p99Ms: 10 });
  assert.deepEqual(all[5], { atSeconds: 5, requests: 0, failures: 0, p50Ms: null, p95Ms: null, p99Ms: null });
  assert.deepEqual(all[12], { atSeconds: 12, requests: 1, failures: 1, p50Ms: null, p95Ms: null, p99Ms: null });
});

it('names operations as they are, line breaks included', () => {
  const summary = summaryOf([{ operation: 'tools/call:a\nb' }]);
  assert.equal(summary.operations[0]?.operation, 'tools/call:a\nb');
  assert.equal(summary.series[1]?.operation, 'tools/call:a\nb');
});

it('counts the virtual users that sent something, over all windows', () => {
  // Two scenarios one after the other: no window has all virtual users.
  const slices = [spoken('w0000-l0000', {}), spoken('w0001-l0000', {})];
  const samples = [{ vu: 0 }, { vu: 0, atMs: 6000 }, { vu: 1, atMs: 6000, outcome: 'CLIENT_ABORT' as const }];
  assert.deepEqual(summaryOf(samples, { plannedSlices: 2 }, slices).generator.vus, { planned: 2, started: 2 });
});

it('counts the CPU seconds of a process once a window, and those of other processes with them', () => {
  const { generator } = summaryOf([{}, {}], { plannedSlices: 5 }, [
    spoken('w0000-l0000', { cpuSeconds: 3 }),
    spoken('w0000-l0001', { cpuSeconds: 2 }),
    spoken('w0000-l0002', { cpuSeconds: 5, instance: 'two' }),
    spoken('w0001-l0000', { cpuSeconds: 4 }),
  ]);
  assert.equal(generator.cpu.seconds, 12);
  assert.equal(generator.cpu.microsecondsPerRequest, 6e6);
  assert.equal(generator.instances, 2);
});

it('tells how requests came to their connections, and how long streams stayed open after the answer', () => {
  const { operations } = summaryOf([
    { connectMs: 20, tlsMs: 30, socketMs: 51, durationMs: 100, closeMs: 100 },
    { connectMs: 40, tlsMs: undefined, socketMs: 41, durationMs: 100, closeMs: 350, flags: SAMPLE_FLAG.held },
    { socketMs: 1, durationMs: 100, closeMs: 104, flags: SAMPLE_FLAG.retry | SAMPLE_FLAG.resumed },
    // A failed request got its connection as any other did; how its stream ended says nothing about answers.
    { connectMs: 60, tlsMs: 70, socketMs: 131, closeMs: 900, outcome: 'HTTP_503', flags: SAMPLE_FLAG.retry },
    { connectMs: 99, tlsMs: 99, outcome: 'CLIENT_ABORT', flags: SAMPLE_FLAG.held },
    { socketMs: undefined, outcome: 'NET_REFUSED' },
  ]);
  const [look] = operations;
  const { newConnections, heldStreams, resumedAnswers, retries } = look as OperationSummary;
  assert.deepEqual(
    { newConnections, heldStreams, resumedAnswers, retries },
    { newConnections: 3, heldStreams: 1, resumedAnswers: 1, retries: 2 },
  );
  const range = (clock: keyof Clocks) => [
    look?.clocksMs[clock]?.min,
    look?.clocksMs[clock]?.p50,
    look?.clocksMs[clock]?.max,
  ];
  assert.deepEqual(range('socket'), [1, 41, 131]);
  assert.deepEqual(range('connect'), [20, 40, 60]);
  assert.deepEqual(range('tls'), [30, 30, 70]);
  assert.deepEqual(range('hold'), [0, 4, 250]);
  assert.equal(look?.clocksMs.close?.max, 350);
});

it('adds up pauses by target and counts them as nothing else', () => {
  const pause = (target: string, durationMs: number, outcome: Outcome, atMs = 0): Told => {
    return { kind: 'pause', target, durationMs, outcome, atMs, vu: 7 };
  };
  const request: Told = { target: 'web', outcome: 'HTTP_429', durationMs: 5 };
  const { pauses, ...rest } = summaryOf([
    request,
    pause('web', 2000, 'HTTP_429'),
    pause('other', 60_000, 'SESS_REFUSED', 9000),
    pause('web', 3000.5, 'HTTP_503'),
  ]);
  assert.deepEqual(pauses, [
    { target: 'other', count: 1, totalMs: 60_000, maxMs: 60_000 },
    { target: 'web', count: 2, totalMs: 5000.5, maxMs: 3000.5 },
  ]);
  const { pauses: none, ...alone } = summaryOf([request]);
  assert.deepEqual(none, []);
  const store = { ...rest.generator.store, samples: 1 };
  assert.deepEqual({ ...rest, generator: { ...rest.generator, store } }, alone);
});

it('tells of a target that was given up once, as the first slice to do so saw it', () => {
  const stop = (target: string, reason: string, afterMs: number) => ({ target, reason, atMs: RUN_START_MS + afterMs });
  const { generator } = summaryOf([{}], { plannedSlices: 3 }, [
    spoken('w0000-l0000', { stoppedTargets: [stop('web', 'late', 4000), stop('other', 'early', -20)] }),
    spoken('w0000-l0001', { stoppedTargets: [stop('web', 'refused b', 1250)] }),
    spoken('w0000-l0002', { stoppedTargets: [stop('web', 'refused a', 1250)] }, 'partial'),
  ]);
  assert.deepEqual(generator.stoppedTargets, [
    { target: 'other', reason: 'early', atSeconds: 0 },
    { target: 'web', reason: 'refused a', atSeconds: 1.25 },
  ]);
});

it('takes the worst of what slices say, the sum of what they count, and silence for loss', () => {
  const token = (maxMs: number, failed: number) => ({ target: 'web', fetched: 2, failed, maxMs });
  const { generator } = summaryOf([], { plannedSlices: 4 }, [
    spoken('w0000-l0000', {
      startDelayMs: 7,
      eventLoopDelayMs: { p99: 1, max: 90 },
      tokens: [token(5, 0)],
      store: { errors: 1, blocks: 2, samples: 9 },
    }),
    spoken(
      'w0000-l0001',
      {
        startDelayMs: 3,
        eventLoopDelayMs: { p99: 4, max: 5 },
        tokens: [token(9, 1)],
        store: { errors: 2, blocks: 3, samples: 9 },
      },
      'partial',
    ),
    { sliceId: 'w0000-l0002', state: 'lost', duplicates: 2, health: undefined },
  ]);
  assert.deepEqual(generator.slices, { planned: 4, committed: 1, partial: 1, lost: 2, duplicates: 2 });
  assert.equal(generator.maxStartDelayMs, 7);
  assert.deepEqual(generator.eventLoopDelayMs, { p99: 4, max: 90 });
  assert.deepEqual(generator.tokens, [{ target: 'web', fetched: 4, failed: 1, maxMs: 9 }]);
  assert.deepEqual(generator.store, { errors: 3, blocks: 5, samples: 0 });
});
