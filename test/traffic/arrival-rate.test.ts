import assert from 'node:assert/strict';
import { it } from 'node:test';
import { runScenario } from '../../src/traffic/run-scenario.ts';
import { VirtualClock } from '../support/virtual-clock.ts';
import { drive, idleRun, onlySegment, RUN_START_MS } from './drive.ts';

const segmentOf = (keys: Record<string, unknown> = {}) =>
  onlySegment({ executor: 'constant-arrival-rate', rate: 10, duration: '2s', preAllocatedVUs: 2, ...keys });

const tenths = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => (from + at) * 100);

it('runArrival starts iterations at their instants, whether or not earlier ones are done', async () => {
  const driven = await drive(segmentOf({ startTime: '1s', preAllocatedVUs: 20 }), { callMs: 5000 });
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

it('runArrival follows a ramp', async () => {
  const segment = onlySegment({
    executor: 'ramping-arrival-rate',
    startRate: 1,
    stages: [
      { duration: '2s', target: 1 },
      { duration: '0s', target: 4 },
      { duration: '1s', target: 4 },
    ],
    preAllocatedVUs: 1,
  });
  const driven = await drive(segment, { callMs: 10 });
  assert.deepEqual(
    driven.begun.map(({ atMs }) => atMs),
    [0, 1000, 2000, 2250, 2500, 2750],
  );
});

it('runArrival gives each start to the virtual user that has been free longest', async () => {
  const driven = await drive(segmentOf({ duration: '1s', preAllocatedVUs: 3 }), { callMs: 150 });
  assert.deepEqual(
    driven.begun.map(({ vu }) => vu),
    [0, 1, 2, 0, 1, 2, 0, 1, 2, 0],
  );
});

it('runArrival drops a start immediately when all virtual users are busy', async () => {
  const driven = await drive(segmentOf({ preAllocatedVUs: 2 }), { callMs: 350 });
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

it('runArrival makes more virtual users when all are busy, up to maxVUs', async () => {
  const driven = await drive(segmentOf({ preAllocatedVUs: 2, maxVUs: 4 }), { callMs: 60_000 });
  assert.deepEqual(driven.made, [0, 1, 2, 3]);
  assert.deepEqual([driven.counts.started, driven.counts.dropped], [4, 16]);
  const idle = await drive(segmentOf({ preAllocatedVUs: 2, maxVUs: 4 }), { callMs: 10 });
  assert.deepEqual(idle.made, [0, 1], 'none that is not needed');
});

it('runArrival misses starts that are over 250 ms late, makes the others immediately, and counts how late they were', async () => {
  const driven = await drive(segmentOf({ preAllocatedVUs: 20 }), { clockMs: 1500, callMs: 10, lateAfterMs: 150 });
  assert.deepEqual(
    driven.dropped.map(({ number }) => number),
    Array.from({ length: 13 }, (_, number) => number),
  );
  assert.deepEqual(
    driven.begun.slice(0, 4).map(({ atMs }) => atMs),
    [1500, 1500, 1500, 1600],
  );
  // The starts that were missed are planned, and neither made nor dropped: the generator was too late for them.
  assert.deepEqual(driven.counts, { planned: 20, started: 7, dropped: 0, late: 1, maxLagMs: 200 });
});

it('runArrival counts starts as late, with their largest lag, when the wait for them overslept', async () => {
  // Each wait lasts 30 ms too long, and starts come 100 ms apart: all but the first, which needs no wait, are late.
  const driven = await drive(segmentOf(), { callMs: 10, oversleepMs: 30 });
  assert.deepEqual(
    driven.begun.map(({ atMs }) => atMs),
    [0, ...tenths(1, 20).map((ms) => ms + 30)],
  );
  assert.deepEqual(driven.counts, { planned: 20, started: 20, dropped: 0, late: 19, maxLagMs: 30 });
  const within = await drive(segmentOf(), { callMs: 10, oversleepMs: 30, lateAfterMs: 30 });
  assert.deepEqual(within.counts, { planned: 20, started: 20, dropped: 0, late: 0, maxLagMs: 30 });
});

it('runArrival misses starts for which the wait overslept by more than 250 ms', async () => {
  const driven = await drive(segmentOf({ rate: 1, duration: '3s' }), { callMs: 10, oversleepMs: 1001 });
  // The second wait ends 1.001 s after its start was due, the third start is then 1 ms late.
  assert.deepEqual(
    driven.dropped.map(({ number }) => number),
    [1],
  );
  assert.deepEqual(driven.counts, { planned: 3, started: 2, dropped: 0, late: 0, maxLagMs: 1 });
});

it('runArrival ends idle virtual users when nothing more starts, and busy ones when they are done', async () => {
  const driven = await drive(segmentOf({ rate: 2, duration: '1s', preAllocatedVUs: 3 }), {
    callMs: ({ number }) => (number === 0 ? 100 : 5000),
  });
  assert.deepEqual(driven.ended, [
    { vu: 2, atMs: 500 },
    { vu: 0, atMs: 500 },
    { vu: 1, atMs: 5500 },
  ]);
});

it('runArrival waits until all virtual users have closed their sessions', async () => {
  const { ended, overMs } = await drive(segmentOf({ rate: 2, duration: '1s', preAllocatedVUs: 3 }), { endMs: 700 });
  assert.deepEqual(
    ended.map(({ atMs }) => atMs),
    [500, 500, 500],
  );
  assert.equal(overMs, 1200);
});

it('runArrival begins nothing more when it is stopped, and does not count starts that were not yet due as missed', async () => {
  const driven = await drive(segmentOf({ duration: '1h' }), { callMs: 50, stopMs: 1050 });
  assert.deepEqual(
    driven.begun.map(({ atMs }) => atMs),
    tenths(0, 11),
  );
  assert.deepEqual(driven.counts, { planned: 11, started: 11, dropped: 0, late: 0, maxLagMs: 0 });
  assert.deepEqual([driven.left, driven.overMs], [0, 1050]);
  const before = await drive(segmentOf({ startTime: '5s' }), { stopMs: 100 });
  assert.deepEqual([before.counts.planned, before.overMs, before.ended.length], [0, 100, 2]);
});

it('runArrival leaves the event loop to others when very many starts are due in one instant', async () => {
  const longer = await drive(segmentOf({ rate: 2000, duration: '1s', preAllocatedVUs: 3000 }), {
    clockMs: 1000,
    callMs: 10_000,
  });
  const perInstant = Map.groupBy(longer.begun, ({ atMs }) => atMs);
  assert.ok(perInstant.size > 0);
  assert.ok([...perInstant.values()].every(({ length }) => length <= 201));
  assert.equal(longer.counts.planned, 2000);
  assert.ok(longer.counts.started > 201, `${longer.counts.started} starts`);
});

it('runArrival rejects and starts nothing more when a virtual user rejects, which is a bug in mcp-surge', async () => {
  const clock = new VirtualClock(RUN_START_MS);
  let asked = 0;
  const iterate = () => {
    asked++;
    return Promise.reject(new Error('a bug'));
  };
  await assert.rejects(clock.run(runScenario(idleRun(segmentOf(), clock, { iterate }))), /a bug/);
  assert.equal(asked, 1);
});
