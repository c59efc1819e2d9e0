import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Block } from '../../src/sample/block.ts';
import { LiveTally } from '../../src/summary/live-progress.ts';
import { readHistogram } from '../../src/summary/percentiles.ts';
import { blockOf, RUN_START_MS, type SampleParts } from '../support/blocks-of.ts';

const ABOUT = { sliceId: 'w0000-l0000', attemptId: 'a', atMs: 1, activeVus: 2 };

function progressOf(lists: readonly (readonly SampleParts[])[], measuredFromMs?: number) {
  const tally = new LiveTally(measuredFromMs);
  for (const list of lists) tally.add(blockOf(list) as Block);
  return tally.progress(ABOUT);
}

it('LiveTally adds up blocks to running totals, without requests that were not sent', () => {
  const { operations, scenarios, ...rest } = progressOf([
    [
      { durationMs: 0 },
      { durationMs: 100, outcome: 'HTTP_500' },
      { durationMs: 100, outcome: 'HTTP_429' },
      { outcome: 'CLIENT_ABORT', socketMs: undefined },
    ],
    [
      { durationMs: 50 },
      { durationMs: 1, outcome: 'HTTP_429' },
      { kind: 'iteration', operation: 'calls', durationMs: 70, lagMs: 10 },
      { kind: 'iteration', operation: 'calls', outcome: 'CLIENT_ABORT' },
      { kind: 'droppedIteration', operation: 'calls' },
      { kind: 'droppedIteration', operation: 'others' },
      { kind: 'pause', durationMs: 9000, outcome: 'HTTP_429' },
      { kind: 'session', operation: 'session', durationMs: 9000 },
    ],
  ]);
  assert.deepEqual(rest, { ...ABOUT, warmUpRequests: 0 });
  assert.equal(operations.length, 1);
  const { histogram, ...look } = operations[0] as (typeof operations)[0];
  const outcomes = { HTTP_429: 2, HTTP_500: 1 };
  assert.deepEqual(look, { target: 'web', operation: 'tools/call:look', count: 5, failures: 3, outcomes });
  const latency = readHistogram(histogram);
  assert.equal(latency.totalCount, 2);
  assert.ok(Math.abs(latency.getValueAtPercentile(100) - 50_000) <= 500);

  const counts = scenarios.map(({ histogram: durations, ...counted }) => {
    const read = readHistogram(durations);
    return { ...counted, measured: read.totalCount, maxMs: Math.round(read.getValueAtPercentile(100) / 1000) };
  });
  assert.deepEqual(counts, [
    { scenario: 'calls', iterations: 1, aborted: 1, dropped: 1, measured: 1, maxMs: 80 },
    { scenario: 'others', iterations: 0, aborted: 0, dropped: 1, measured: 0, maxMs: 0 },
  ]);
});

it('LiveTally counts requests without an answer, and how long they had waited', () => {
  const { operations } = progressOf([
    [
      { durationMs: 10 },
      { durationMs: 500, outcome: 'TMO_HEADERS' },
      { durationMs: 300, outcome: 'CLIENT_ABORT', lagMs: 100 },
      { durationMs: 200, outcome: 'CLIENT_ABORT' },
    ],
  ]);
  const [{ count, failures, histogram, silent, censored }] = operations as [(typeof operations)[0]];
  assert.deepEqual([count, failures, silent?.count, censored?.count], [4, 1, 1, 2]);
  assert.equal(readHistogram(histogram).totalCount, 1);
  const longest = (text = '') => readHistogram(text).getValueAtPercentile(100) / 1000;
  assert.ok(Math.abs(longest(silent?.histogram) - 500) <= 5);
  assert.ok(Math.abs(longest(censored?.histogram) - 400) <= 4);
});

it('LiveTally measures latency from the intended start, up to the maximum of a histogram', () => {
  const { operations } = progressOf([[{ durationMs: 100, lagMs: 900 }]]);
  assert.ok(Math.abs(readHistogram(operations[0]?.histogram ?? '').getValueAtPercentile(100) - 1e6) <= 1e4);
  const longest = progressOf([[{ durationMs: 4_294_000, lagMs: 4_294_000 }]]);
  assert.equal(readHistogram(longest.operations[0]?.histogram ?? '').totalCount, 1);
});

it('LiveTally counts requests of the warm-up separately, and nothing else of it', () => {
  const warm = progressOf(
    [
      [
        { atMs: 999, outcome: 'HTTP_500' },
        { atMs: 1100, lagMs: 200 },
        { atMs: 1100, lagMs: 100 },
        { atMs: 500, kind: 'iteration', operation: 'calls' },
        { atMs: 500, kind: 'droppedIteration', operation: 'calls' },
        { atMs: 2000, kind: 'droppedIteration', operation: 'calls' },
      ],
    ],
    RUN_START_MS + 1000,
  );
  assert.equal(warm.warmUpRequests, 2);
  assert.deepEqual(
    warm.operations.map(({ count, failures }) => ({ count, failures })),
    [{ count: 1, failures: 0 }],
  );
  assert.deepEqual(
    warm.scenarios.map(({ iterations, dropped }) => ({ iterations, dropped })),
    [{ iterations: 0, dropped: 1 }],
  );
});
