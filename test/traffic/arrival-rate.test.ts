import assert from 'node:assert/strict';
import { it } from 'node:test';
import { runExecutor } from '../../src/traffic/run-scenario.ts';
import { VirtualClock } from '../support/virtual-clock.ts';
import { drive, onlyShare, RUN_START_MS } from './drive.ts';

const shareOf = (keys: Record<string, unknown> = {}) =>
  onlyShare({ executor: 'constant-arrival-rate', rate: 10, duration: '2s', preAllocatedVUs: 2, ...keys });

const tenths = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => (from + at) * 100);

it('starts at its instants, whether or not earlier iterations are done', async () => {
  const driven = await drive(shareOf({ startTime: '1s', preAllocatedVUs: 20 }), { callMs: 5000 });
  assert.deepEqual(
    driven.begun.map(({ atMs }) => atMs),
    tenths(10, 30),
  );
  assert.deepEqual(
    driven.begun.map(({ number, ordinal }) => [number, ordinal]),
    tenths(0, 20).map((_, k) => [k, k]),
  );
  assert.deepEqual(driven.counts, { planned: 20, started: 20, dropped: 0, late: 0, maxLagMs: 0 });
  assert.deepEqual([driven.most, driven.left], [20, 0]);
  assert.equal(driven.ended.length, 20);
  assert.equal(driven.overMs, 7900);
});

it('follows a ramp', async () => {
  const share = onlyShare({
    executor: 'ramping-arrival-rate',
    startRate: 1,
    stages: [
      { duration: '2s', target: 1 },
      { duration: '0s', target: 4 },
      { duration: '1s', target: 4 },
    ],
    preAllocatedVUs: 1,
  });
  const driven = await drive(share, { callMs: 10 });
  assert.deepEqual(
    driven.begun.map(({ atMs }) => atMs),
    [0, 1000, 2000, 2250, 2500, 2750],
  );
});

it('lets whoever has been free longest go first', async () => {
  const driven = await drive(shareOf({ duration: '1s', preAllocatedVUs: 3 }), { callMs: 150 });
  assert.deepEqual(
    driven.begun.map(({ vu }) => vu),
    [0, 1, 2, 0, 1, 2, 0, 1, 2, 0],
  );
});

it('drops a start at once when all virtual users are busy', async () => {
  const driven = await drive(shareOf({ preAllocatedVUs: 2 }), { callMs: 350 });
  assert.deepEqual(
    driven.begun.slice(0, 4).map(({ atMs }) => atMs),
    [0, 100, 400, 500],
  );
  assert.deepEqual(
    driven.dropped.slice(0, 4).map(({ number }) => number),
    [2, 3, 6, 7],
  );
  assert.equal(driven.dropped[0]?.intendedMs, RUN_START_MS + 200);
  assert.deepEqual(driven.counts, { planned: 20, started: 10, dropped: 10, late: 0, maxLagMs: 0 });
});

it('makes more virtual users when those there are are busy, up to the most', async () => {
  const driven = await drive(shareOf({ preAllocatedVUs: 2, maxVUs: 4 }), { callMs: 60_000 });
  assert.deepEqual(driven.made, [0, 1, 2, 3]);
  assert.deepEqual([driven.counts.started, driven.counts.dropped], [4, 16]);
  const idle = await drive(shareOf({ preAllocatedVUs: 2, maxVUs: 4 }), { callMs: 10 });
  assert.deepEqual(idle.made, [0, 1], 'none that nobody needs');
});

it('drops what is more than a second overdue, makes the rest at once, and says how late it was', async () => {
  const driven = await drive(shareOf({ preAllocatedVUs: 20 }), { clockMs: 1500, callMs: 10, lateAfterMs: 250 });
  assert.deepEqual(
    driven.dropped.map(({ number }) => number),
    [0, 1, 2, 3, 4],
  );
  assert.deepEqual(
    driven.begun.slice(0, 12).map(({ atMs }) => atMs),
    [...new Array(11).fill(1500), 1600],
  );
  // Starts 5 to 12 were due 1000 to 300 ms before.
  assert.deepEqual(driven.counts, { planned: 20, started: 15, dropped: 5, late: 8, maxLagMs: 1000 });
});

it('ends idle virtual users when nothing more starts, and busy ones when they are done', async () => {
  const driven = await drive(shareOf({ rate: 2, duration: '1s', preAllocatedVUs: 3 }), {
    callMs: ({ number }) => (number === 0 ? 100 : 5000),
  });
  assert.deepEqual(driven.ended, [
    { vu: 2, atMs: 500 },
    { vu: 0, atMs: 500 },
    { vu: 1, atMs: 5500 },
  ]);
});

it('begins nothing more when it is told to stop, and does not miss what was not yet due', async () => {
  const driven = await drive(shareOf({ duration: '1h' }), { callMs: 50, stopMs: 1050 });
  assert.deepEqual(
    driven.begun.map(({ atMs }) => atMs),
    tenths(0, 11),
  );
  assert.deepEqual(driven.counts, { planned: 11, started: 11, dropped: 0, late: 0, maxLagMs: 0 });
  assert.deepEqual([driven.left, driven.overMs], [0, 1050]);
  const before = await drive(shareOf({ startTime: '5s' }), { stopMs: 100 });
  assert.deepEqual([before.counts.planned, before.overMs, before.ended.length], [0, 100, 2]);
});

it('lets others have the event loop when very many starts are due at once', async () => {
  const longer = await drive(shareOf({ rate: 2000, duration: '1s', preAllocatedVUs: 3000 }), {
    clockMs: 1000,
    callMs: 10_000,
  });
  const perInstant = Map.groupBy(longer.begun, ({ atMs }) => atMs);
  assert.ok([...perInstant.values()].every(({ length }) => length <= 201));
  assert.equal(longer.counts.started + longer.counts.dropped, 2000);
});

it('rejects when a virtual user breaks, which is a bug of ours, and starts nothing more', async () => {
  const clock = new VirtualClock(RUN_START_MS);
  let asked = 0;
  const working = runExecutor({
    share: shareOf(),
    clock,
    stopping: new AbortController().signal,
    lateAfterMs: 10,
    onActive: () => undefined,
    onDropped: () => undefined,
    newVu: () => ({
      iterate: () => {
        asked++;
        return Promise.reject(new Error('a bug'));
      },
      think: () => 0,
      interrupt: () => undefined,
      end: async () => undefined,
    }),
  });
  await assert.rejects(clock.run(working), /a bug/);
  assert.equal(asked, 1);
});
