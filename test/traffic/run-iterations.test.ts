import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { beginningsOf, drive, onlyShare } from './drive.ts';

describe('per-vu-iterations', () => {
  const shareOf = (keys: Record<string, unknown> = {}) =>
    onlyShare({ executor: 'per-vu-iterations', vus: 2, iterations: 3, maxDuration: '10s', ...keys });

  it('has every virtual user do its iterations, and does not think after the last', async () => {
    const driven = await drive(shareOf({ startTime: '1s' }), { callMs: 100, thinkMs: 900 });
    assert.deepEqual(beginningsOf(driven), { 0: [1000, 2000, 3000], 1: [1020, 2020, 3020] });
    assert.deepEqual(
      driven.begun.map(({ ordinal }) => ordinal),
      [0, 1, 2, 3, 4, 5],
    );
    assert.deepEqual(driven.counts, { planned: 6, started: 6, dropped: 0, late: 0, maxLagMs: 0 });
    assert.equal(driven.overMs, 3120);
    assert.deepEqual([driven.most, driven.left], [2, 0]);
  });

  it('drops what it has not begun when time is over', async () => {
    const driven = await drive(shareOf(), { callMs: ({ vu }) => (vu === 0 ? 100 : 9000) });
    assert.deepEqual(driven.counts, { planned: 6, started: 5, dropped: 1, late: 0, maxLagMs: 0 });
    assert.deepEqual(driven.dropped, [{ number: 2, ordinal: 5, intendedMs: undefined }]);
    assert.equal(driven.overMs, 18_020);
  });

  it('drops nothing that it was told not to begin', async () => {
    const driven = await drive(shareOf(), { callMs: 1000, stopMs: 1500 });
    assert.deepEqual(driven.counts, { planned: 4, started: 4, dropped: 0, late: 0, maxLagMs: 0 });
  });

  it('drops all of them when it comes after its time, however many', async () => {
    const { counts, made } = await drive(shareOf({ iterations: 20_000 }), { clockMs: 10_000 });
    assert.deepEqual([counts.planned, counts.dropped, made.length], [40_000, 40_000, 0]);
  });
});

describe('shared-iterations', () => {
  const shareOf = (keys: Record<string, unknown> = {}) =>
    onlyShare({ executor: 'shared-iterations', vus: 2, iterations: 6, maxDuration: '10s', ...keys });

  it('gives each iteration to whoever is free', async () => {
    const driven = await drive(shareOf(), { callMs: ({ vu }) => (vu === 0 ? 1000 : 250) });
    assert.deepEqual(beginningsOf(driven), { 0: [0, 1000], 1: [20, 270, 520, 770] });
    assert.deepEqual(
      driven.begun.map(({ number, ordinal }) => [number, ordinal]),
      [0, 1, 2, 3, 4, 5].map((j) => [j, j]),
    );
    assert.deepEqual(driven.counts, { planned: 6, started: 6, dropped: 0, late: 0, maxLagMs: 0 });
  });

  it('drops what nobody has begun when time is over', async () => {
    const driven = await drive(shareOf(), { callMs: 6000 });
    assert.deepEqual(
      driven.dropped.map(({ number }) => number),
      [4, 5],
    );
    assert.deepEqual([driven.counts.planned, driven.counts.started, driven.overMs], [6, 4, 12_020]);
  });

  it('drops nothing that it was told not to begin', async () => {
    const { counts } = await drive(shareOf(), { callMs: 1000, thinkMs: 5000, stopMs: 500 });
    assert.deepEqual([counts.planned, counts.started, counts.dropped], [2, 2, 0]);
  });

  it('needs no more virtual users than there are iterations', async () => {
    const { made, most } = await drive(shareOf({ vus: 5, iterations: 2 }), { callMs: 500 });
    assert.deepEqual([made, most], [[0, 1], 2]);
  });
});
