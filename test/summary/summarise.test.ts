import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { SliceFold } from '../../src/summary/fold.ts';
import { mergeFolds } from '../../src/summary/merge-folds.ts';
import type { RunSpan } from '../../src/summary/run-span.ts';
import type { SliceHealth } from '../../src/summary/slice-health.ts';
import { summarise } from '../../src/summary/summarise.ts';
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
