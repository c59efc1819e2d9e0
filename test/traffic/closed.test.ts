import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { startOffsetMs } from '../../src/traffic/closed.ts';
import { runScenario } from '../../src/traffic/run-scenario.ts';
import { VirtualClock } from '../support/virtual-clock.ts';
import { beginningsOf, drive, idleRun, onlySegment, RUN_START_MS } from './drive.ts';

describe('constant-vus', () => {
  const segmentOf = (keys: Record<string, unknown> = {}) =>
    onlySegment({ executor: 'constant-vus', vus: 3, duration: '10s', ...keys });

  it('has each virtual user call and think in turn, after its own offset, and begins nothing at the end', async () => {
    const driven = await drive(segmentOf({ startTime: '1s' }), { callMs: 400, thinkMs: 600 });
    const every = (offsetMs: number) => Array.from({ length: 10 }, (_, n) => 1000 + offsetMs + n * 1000);
    assert.deepEqual(beginningsOf(driven), { 0: every(0), 1: every(20), 2: every(40) });
    assert.deepEqual(driven.counts, { planned: undefined, started: 30, dropped: 0, late: 0, maxLagMs: 0 });
    assert.deepEqual([driven.most, driven.left], [3, 0]);
    assert.deepEqual(
      driven.begun.filter(({ vu }) => vu === 1).map(({ number, ordinal }) => [number, ordinal]),
      Array.from({ length: 10 }, (_, n) => [n, n * 3 + 1]),
    );
  });

  it('ends a pause at the end of its duration, and lets a call in progress finish', async () => {
    const paused = await drive(segmentOf({ vus: 1 }), { callMs: 100, thinkMs: 3_600_000 });
    assert.deepEqual(paused.ended, [{ vu: 0, atMs: 10_000 }]);
    const calling = await drive(segmentOf({ vus: 1 }), { callMs: 25_000 });
    assert.deepEqual(calling.ended, [{ vu: 0, atMs: 25_000 }]);
    assert.deepEqual(calling.interrupted, []);
  });

  it('ends each virtual user when its feed has no rows left for it', async () => {
    const driven = await drive(segmentOf(), { callMs: 400, thinkMs: 600, feedRows: 4 });
    assert.deepEqual(beginningsOf(driven), { 0: [0, 1000], 1: [20], 2: [40] });
    assert.deepEqual(driven.ended, [
      { vu: 1, atMs: 1020 },
      { vu: 2, atMs: 1040 },
      { vu: 0, atMs: 2000 },
    ]);
    assert.deepEqual([driven.left, driven.overMs], [0, 2000]);
  });

  it('ends every pause immediately when it is stopped, and begins nothing more', async () => {
    const driven = await drive(segmentOf(), { callMs: 100, thinkMs: 9000, stopMs: 2500 });
    assert.deepEqual(beginningsOf(driven), { 0: [0], 1: [20], 2: [40] });
    assert.deepEqual(
      driven.ended,
      [0, 1, 2].map((vu) => ({ vu, atMs: 2500 })),
    );
    assert.deepEqual([driven.left, driven.overMs], [0, 2500]);
  });

  it('makes no virtual user when it is stopped before its start, or starts after its end', async () => {
    const stopped = await drive(segmentOf({ startTime: '5s' }), { stopMs: 100 });
    const late = await drive(segmentOf(), { clockMs: 10_000 });
    for (const { made, begun, left } of [stopped, late]) assert.deepEqual([made, begun, left], [[], [], 0]);
    assert.equal(stopped.overMs, 100);
  });

  it('begins with the current time when it starts late, as a second attempt does', async () => {
    const driven = await drive(segmentOf({ vus: 1 }), { clockMs: 7000, callMs: 1000 });
    assert.deepEqual(beginningsOf(driven), { 0: [7000, 8000, 9000] });
  });

  it('opens each session to hold once, and ends it at the end or when it is stopped', async () => {
    const holding = segmentOf({ steps: [], sessions: { reuse: 'vu' } });
    const driven = await drive(holding, { callMs: 50 });
    assert.deepEqual(beginningsOf(driven), { 0: [0], 1: [20], 2: [40] });
    assert.deepEqual(
      driven.ended,
      [0, 1, 2].map((vu) => ({ vu, atMs: 10_000 })),
    );
    assert.equal((await drive(holding, { callMs: 50, stopMs: 3000 })).overMs, 3000);
  });

  it('does not spin when iterations take no time', async () => {
    const { counts } = await drive(segmentOf({ vus: 1, duration: '1s' }));
    assert.equal(counts.started, 1000);
  });

  it('rejects when a virtual user rejects, which is a bug in mcp-surge', async () => {
    const clock = new VirtualClock(RUN_START_MS);
    const iterate = () => Promise.reject(new Error('a bug'));
    await assert.rejects(clock.run(runScenario(idleRun(segmentOf(), clock, { iterate }))), /a bug/);
  });
});

describe('per-vu-iterations', () => {
  const segmentOf = (keys: Record<string, unknown> = {}) =>
    onlySegment({ executor: 'per-vu-iterations', vus: 2, iterations: 3, maxDuration: '10s', ...keys });

  it('has every virtual user do its iterations, and does not think after the last', async () => {
    const driven = await drive(segmentOf({ startTime: '1s' }), { callMs: 100, thinkMs: 900 });
    assert.deepEqual(beginningsOf(driven), { 0: [1000, 2000, 3000], 1: [1020, 2020, 3020] });
    assert.deepEqual(
      driven.begun.map(({ ordinal }) => ordinal),
      [0, 1, 2, 3, 4, 5],
    );
    assert.deepEqual(driven.counts, { planned: 6, started: 6, dropped: 0, late: 0, maxLagMs: 0 });
    assert.equal(driven.overMs, 3120);
    assert.deepEqual([driven.most, driven.left], [2, 0]);
  });

  it('drops the iterations that have not begun when the time is over', async () => {
    const driven = await drive(segmentOf(), { callMs: ({ vu }) => (vu === 0 ? 100 : 9000) });
    assert.deepEqual(driven.counts, { planned: 6, started: 5, dropped: 1, late: 0, maxLagMs: 0 });
    assert.deepEqual(driven.dropped, [{ number: 2, ordinal: 5, intendedMs: undefined }]);
    assert.equal(driven.overMs, 18_020);
  });

  it('drops no iterations when it is stopped', async () => {
    const driven = await drive(segmentOf(), { callMs: 1000, stopMs: 1500 });
    assert.deepEqual(driven.counts, { planned: 4, started: 4, dropped: 0, late: 0, maxLagMs: 0 });
  });

  it('drops all iterations when it starts after its end, however many there are', async () => {
    const { counts, made } = await drive(segmentOf({ iterations: 20_000 }), { clockMs: 10_000 });
    assert.deepEqual([counts.planned, counts.dropped, made.length], [40_000, 40_000, 0]);
  });
});

describe('shared-iterations', () => {
  const segmentOf = (keys: Record<string, unknown> = {}) =>
    onlySegment({ executor: 'shared-iterations', vus: 2, iterations: 6, maxDuration: '10s', ...keys });

  it('gives each iteration to whichever virtual user is free', async () => {
    const driven = await drive(segmentOf(), { callMs: ({ vu }) => (vu === 0 ? 1000 : 250) });
    assert.deepEqual(beginningsOf(driven), { 0: [0, 1000], 1: [20, 270, 520, 770] });
    assert.deepEqual(
      driven.begun.map(({ number, ordinal }) => [number, ordinal]),
      [0, 1, 2, 3, 4, 5].map((j) => [j, j]),
    );
    assert.deepEqual(driven.counts, { planned: 6, started: 6, dropped: 0, late: 0, maxLagMs: 0 });
  });

  it('drops the iterations that have not begun when the time is over', async () => {
    const driven = await drive(segmentOf(), { callMs: 6000 });
    assert.deepEqual(
      driven.dropped.map(({ number }) => number),
      [4, 5],
    );
    assert.deepEqual([driven.counts.planned, driven.counts.started, driven.overMs], [6, 4, 12_020]);
  });

  it('drops no iterations when it is stopped', async () => {
    const { counts } = await drive(segmentOf(), { callMs: 1000, thinkMs: 5000, stopMs: 500 });
    assert.deepEqual([counts.planned, counts.started, counts.dropped], [2, 2, 0]);
  });

  it('makes no more virtual users than there are iterations', async () => {
    const { made, most } = await drive(segmentOf({ vus: 5, iterations: 2 }), { callMs: 500 });
    assert.deepEqual([made, most], [[0, 1], 2]);
  });
});

describe('startOffsetMs', () => {
  it('spreads virtual users evenly, within a second', () => {
    assert.deepEqual(
      [0, 1, 2].map((vu) => startOffsetMs(vu, 3)),
      [0, 20, 40],
    );
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5000 }), (vus) => {
        const offsets = Array.from({ length: vus }, (_, vu) => startOffsetMs(vu, vus));
        assert.equal(new Set(offsets).size, vus);
        assert.ok(offsets.every((ms) => ms >= 0 && ms < 1000));
      }),
      { numRuns: 30 },
    );
  });
});
