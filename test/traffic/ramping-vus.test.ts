import assert from 'node:assert/strict';
import { it } from 'node:test';
import { beginningsOf, drive, onlyShare } from './drive.ts';

type Stages = readonly (readonly [duration: string, target: number])[];

const shareOf = (startVUs: number, stages: Stages, keys: Record<string, unknown> = {}) =>
  onlyShare({
    executor: 'ramping-vus',
    startVUs,
    stages: stages.map(([duration, target]) => ({ duration, target })),
    ...keys,
  });

it('lets virtual users come and go as the level does', async () => {
  const driven = await drive(
    shareOf(0, [
      ['4s', 4],
      ['2s', 4],
      ['4s', 0],
    ]),
    { callMs: 100 },
  );
  const ofVu = beginningsOf(driven);
  const spans = Object.values(ofVu).map((times) => [times[0], times.at(-1)]);
  assert.deepEqual(spans, [
    [500, 9400],
    [1500, 8400],
    [2500, 7400],
    [3500, 6400],
  ]);
  assert.deepEqual(
    driven.ended.map(({ vu, atMs }) => [vu, atMs]),
    [
      [3, 6500],
      [2, 7500],
      [1, 8500],
      [0, 9500],
    ],
  );
  assert.deepEqual([driven.most, driven.left], [4, 0]);
  assert.deepEqual(driven.counts.planned, undefined);
  assert.equal(driven.counts.started, driven.begun.length);
});

it('interrupts an iteration when the graceful ramp-down is over, and only then', async () => {
  const stages: Stages = [
    ['5s', 2],
    ['0s', 1],
    ['55s', 1],
  ];
  const patient = await drive(shareOf(2, stages, { gracefulRampDown: '3s' }), {
    callMs: ({ vu, atMs }) => (vu === 1 && atMs > 4000 ? Number.POSITIVE_INFINITY : 1000),
  });
  // The second one begins its last iteration before the level drops at 5 s.
  assert.deepEqual(patient.interrupted, [{ vu: 1, atMs: 8000 }]);
  assert.deepEqual(patient.ended[0], { vu: 1, atMs: 8000 });
  const prompt = await drive(shareOf(2, stages, { gracefulRampDown: '3s' }), { callMs: 1300 });
  assert.deepEqual(prompt.interrupted, []);
  assert.deepEqual(prompt.ended[0], { vu: 1, atMs: 5220 });
  const none = await drive(shareOf(2, stages, { gracefulRampDown: '0s' }), { callMs: 1300 });
  assert.deepEqual(none.interrupted, [{ vu: 1, atMs: 5000 }]);
});

it('leaves the iterations at its very end to the graceful stop', async () => {
  const driven = await drive(shareOf(1, [['5s', 1]], { gracefulRampDown: '1s' }), { callMs: 8000 });
  assert.deepEqual(driven.interrupted, []);
  assert.equal(driven.overMs, 8000);
});

it('makes a virtual user anew that comes back, and goes on counting its iterations', async () => {
  const driven = await drive(
    shareOf(1, [
      ['2s', 1],
      ['0s', 0],
      ['3s', 0],
      ['0s', 1],
      ['2s', 1],
    ]),
    { callMs: 1000 },
  );
  assert.deepEqual(beginningsOf(driven), { 0: [0, 1000, 5000, 6000] });
  assert.deepEqual(
    driven.begun.map(({ number }) => number),
    [0, 1, 2, 3],
  );
  assert.deepEqual(driven.made, [0, 0]);
  assert.deepEqual(
    driven.ended.map(({ atMs }) => atMs),
    [2000, 7000],
  );
});

it('does not let one back in before it has left', async () => {
  const driven = await drive(
    shareOf(1, [
      ['2s', 1],
      ['0s', 0],
      ['1s', 0],
      ['0s', 1],
      ['5s', 1],
    ]),
    { callMs: 3500 },
  );
  assert.deepEqual(beginningsOf(driven), { 0: [0, 3500, 7000] });
  assert.equal(driven.most, 1);
});

it('spreads those who come with a jump over less than a second', async () => {
  const driven = await drive(
    shareOf(1, [
      ['5s', 1],
      ['0s', 5],
      ['5s', 5],
    ]),
    { callMs: 10_000 },
  );
  assert.deepEqual(beginningsOf(driven), { 0: [0], 1: [5000], 2: [5020], 3: [5040], 4: [5060] });
});

it('ends all of them when it is told to stop, also those who were to come', async () => {
  const driven = await drive(shareOf(0, [['10s', 10]]), { callMs: 100, thinkMs: 60_000, stopMs: 3000 });
  assert.deepEqual(beginningsOf(driven), { 0: [500], 1: [1500], 2: [2500] });
  assert.deepEqual([driven.left, driven.overMs], [0, 3000]);
});

it('holds as many sessions open as the level says', async () => {
  const driven = await drive(
    shareOf(
      0,
      [
        ['2s', 2],
        ['2s', 0],
      ],
      { steps: [] },
    ),
    { callMs: 10 },
  );
  assert.deepEqual(beginningsOf(driven), { 0: [500], 1: [1500] });
  assert.deepEqual(driven.ended, [
    { vu: 1, atMs: 2500 },
    { vu: 0, atMs: 3500 },
  ]);
});
