import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { batchesOf, batchGrid, bucketsOf } from '../../src/summary/batches.ts';
import type { Cell } from '../../src/summary/fold.ts';

const cell = (interval: number, useful: readonly number[], failed = 0): Cell => ({
  target: 't',
  operation: 'o',
  interval,
  phase: 0,
  useful: Uint32Array.from(useful).sort(),
  failed: new Uint32Array(failed),
  silent: new Uint32Array(),
  censored: new Uint32Array(),
  failures: {},
});

it('batches number at most 20, follow one another, and hold every request, late ones included', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 150 }),
      fc.array(fc.record({ interval: fc.nat(170), useful: fc.array(fc.nat(2 ** 32 - 2)), failed: fc.nat(3) })),
      (planned, drawn) => {
        const cells = drawn.map(({ interval, useful, failed }) => cell(interval, useful, failed));
        const batches = batchesOf(cells, batchGrid(cells, 2000, planned * 2000));
        assert.ok(batches.length <= 20);
        assert.equal(batches.length > 0, cells.length > 0);
        const sum = (of: (batch: (typeof batches)[number]) => number) => batches.reduce((s, each) => s + of(each), 0);
        assert.equal(
          sum(({ useful }) => useful),
          cells.reduce((s, { useful }) => s + useful.length, 0),
        );
        assert.equal(
          sum(({ failures }) => failures),
          cells.reduce((s, { failed }) => s + failed.length, 0),
        );
        for (const [at, batch] of batches.entries()) {
          assert.ok(batch.fromSeconds >= (batches[at - 1]?.toSeconds ?? 0));
          assert.ok(batch.toSeconds > batch.fromSeconds);
        }
      },
    ),
  );
});

it('batches count each latency in a bucket around it, at most 1 % wide', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(2 ** 32 - 2), { minLength: 1 }), (us) => {
      const cells = [cell(0, us)];
      const [batch] = batchesOf(cells, batchGrid(cells, 1000, 1000));
      assert.ok(batch);
      const buckets = bucketsOf(batch);
      assert.ok(buckets.length > 0);
      for (const { fromUs, toUs } of buckets) assert.ok(toUs - fromUs <= Math.max(1, fromUs / 100));
      const inBucket = ({ fromUs, toUs }: (typeof buckets)[number]) => us.filter((u) => u >= fromUs && u < toUs).length;
      assert.deepEqual(
        buckets.map(({ count }) => count),
        buckets.map(inBucket),
      );
      assert.equal(
        buckets.reduce((sum, { count }) => sum + count, 0),
        us.length,
      );
    }),
  );
});

it('batches have the same edges in two runs of a plan, even if one had later answers', () => {
  const edges = (last: number) => {
    const cells = Array.from({ length: last + 1 }, (_, interval) => cell(interval, [1]));
    const batches = batchesOf(cells, batchGrid(cells, 1000, 60_000));
    return batches.map(({ fromSeconds, toSeconds }) => [fromSeconds, toSeconds]);
  };
  assert.deepEqual(edges(59), edges(62));
  assert.equal(edges(59).length, 20);
});

it('batches cover the actual time of a run that counts iterations', () => {
  const cells = Array.from({ length: 100 }, (_, interval) => cell(interval, [1]));
  assert.equal(batchesOf(cells, batchGrid(cells, 1000, 0)).length, 20);
});

it('batches throw an error that names the batch when their histogram is damaged', () => {
  const cells = [cell(0, [5, 6])];
  const [batch] = batchesOf(cells, batchGrid(cells, 1000, 1000));
  assert.ok(batch);
  assert.throws(() => bucketsOf({ ...batch, histogram: 'HISTnothing' }), /at 0 s cannot be read/);
  assert.throws(() => bucketsOf({ ...batch, useful: 3 }), /at 0 s do not match its 3 useful requests/);
});
