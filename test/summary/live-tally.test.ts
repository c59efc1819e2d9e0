import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Block } from '../../src/sample/block.ts';
import { readHistogram } from '../../src/summary/histogram.ts';
import { LiveTally } from '../../src/summary/live-tally.ts';
import { blockOf } from '../support/blocks-of.ts';

it('keeps running totals over blocks, without what we ended ourselves', () => {
  const tally = new LiveTally();
  tally.add(
    blockOf([{ durationMs: 0 }, { durationMs: 100, outcome: 'HTTP_500' }, { outcome: 'CLIENT_ABORT' }]) as Block,
  );
  tally.add(
    blockOf([
      { durationMs: 50 },
      { kind: 'iteration', operation: 'calls' },
      { kind: 'iteration', operation: 'calls', outcome: 'CLIENT_ABORT' },
      { kind: 'droppedIteration', operation: 'calls' },
      { kind: 'pause', durationMs: 9000, outcome: 'HTTP_429' },
    ]) as Block,
  );
  const about = { sliceId: 'w0000-l0000', attemptId: 'a', atMs: 1, activeVus: 2 };
  const { operations, ...rest } = tally.progress(about);
  assert.deepEqual(rest, { ...about, iterations: 1 });
  assert.equal(operations.length, 1);
  const { histogram, ...look } = operations[0] as (typeof operations)[0];
  assert.deepEqual(look, { target: 'web', operation: 'tools/call:look', count: 3, failures: 1 });
  const latency = readHistogram(histogram);
  assert.equal(latency.totalCount, 2);
  assert.ok(Math.abs(latency.getValueAtPercentile(100) - 50_000) <= 500);
});
