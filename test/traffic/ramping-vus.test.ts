import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { activeTimes, type RampingVus } from '../../src/traffic/ramping-vus.ts';
import { beginningsOf, drive, onlySegment } from './drive.ts';

type Stages = readonly (readonly [duration: string, target: number])[];

const segmentOf = (startVUs: number, stages: Stages, keys: Record<string, unknown> = {}) =>
  onlySegment({
    executor: 'ramping-vus',
    startVUs,
    stages: stages.map(([duration, target]) => ({ duration, target })),
    ...keys,
  });

describe('ramping-vus', () => {
  it('lets virtual users come and go as the level does', async () => {
    const driven = await drive(
      segmentOf(0, [
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

  it('does not bring back a virtual user whose feed has no rows left for it', async () => {
    const stages: Stages = [
      ['2s', 2],
      ['0s', 0],
      ['2s', 0],
      ['0s', 2],
      ['2s', 2],
    ];
    const driven = await drive(segmentOf(2, stages), { callMs: 900, thinkMs: 100, feedRows: 3 });
    assert.deepEqual(beginningsOf(driven), { 0: [0, 1000], 1: [20] });
    assert.deepEqual(driven.made, [0, 1, 0]);
  });

  it('interrupts an iteration when the graceful ramp-down is over, and only then', async () => {
    const stages: Stages = [
      ['5s', 2],
      ['0s', 1],
      ['55s', 1],
    ];
    const patient = await drive(segmentOf(2, stages, { gracefulRampDown: '3s' }), {
      callMs: ({ vu, atMs }) => (vu === 1 && atMs > 4000 ? Number.POSITIVE_INFINITY : 1000),
    });
    // The second one begins its last iteration before the level drops at 5 s.
    assert.deepEqual([patient.interrupted, patient.cuts], [[{ vu: 1, atMs: 8000 }], ['TMO_GRACEFUL_STOP']]);
    assert.deepEqual(patient.ended[0], { vu: 1, atMs: 8000 });
    const prompt = await drive(segmentOf(2, stages, { gracefulRampDown: '3s' }), { callMs: 1300 });
    assert.deepEqual(prompt.interrupted, []);
    assert.deepEqual(prompt.ended[0], { vu: 1, atMs: 5220 });
    const none = await drive(segmentOf(2, stages, { gracefulRampDown: '0s' }), { callMs: 1300 });
    assert.deepEqual(none.interrupted, [{ vu: 1, atMs: 5000 }]);
  });

  it('lets an iteration continue for 30 seconds after the ramp-down by default, and not a millisecond longer', async () => {
    const callUntil = async (endMs: number) => {
      const stages: Stages = [
        ['5s', 2],
        ['0s', 1],
        ['55s', 1],
      ];
      const segment = segmentOf(2, stages);
      return drive(segment, { callMs: ({ vu, atMs }) => (vu === 1 ? endMs - atMs : 1000) });
    };
    const within = await callUntil(34_999);
    assert.deepEqual([within.interrupted, within.ended[0]], [[], { vu: 1, atMs: 34_999 }]);
    const beyond = await callUntil(35_001);
    assert.deepEqual([beyond.interrupted, beyond.ended[0]], [[{ vu: 1, atMs: 35_000 }], { vu: 1, atMs: 35_000 }]);
  });

  it('leaves the iterations in progress at its end to the graceful stop', async () => {
    const driven = await drive(segmentOf(1, [['5s', 1]], { gracefulRampDown: '1s' }), { callMs: 8000 });
    assert.deepEqual(driven.interrupted, []);
    assert.equal(driven.overMs, 8000);
  });

  it('creates a new virtual user when one comes back, and continues its count of iterations', async () => {
    const driven = await drive(
      segmentOf(1, [
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

  it('does not let a virtual user come back before it has left', async () => {
    const driven = await drive(
      segmentOf(1, [
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

  it('spreads virtual users that a jump adds over less than a second', async () => {
    const driven = await drive(
      segmentOf(1, [
        ['5s', 1],
        ['0s', 5],
        ['5s', 5],
      ]),
      { callMs: 10_000 },
    );
    assert.deepEqual(beginningsOf(driven), { 0: [0], 1: [5000], 2: [5020], 3: [5040], 4: [5060] });
  });

  it('ends all virtual users when it is stopped, and adds no more', async () => {
    const driven = await drive(segmentOf(0, [['10s', 10]]), { callMs: 100, thinkMs: 60_000, stopMs: 3000 });
    assert.deepEqual(beginningsOf(driven), { 0: [500], 1: [1500], 2: [2500] });
    assert.deepEqual([driven.left, driven.overMs], [0, 3000]);
  });

  it('holds as many sessions open as the level says', async () => {
    const driven = await drive(
      segmentOf(
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
});

const EVER = { fromMs: 0, toMs: 1e12 };

function ramping(startVUs: number, ...stages: readonly (readonly [durationMs: number, target: number])[]): RampingVus {
  return { startVUs, stages: stages.map(([duration, target]) => ({ duration, target })) };
}

const timesOf = (scenario: RampingVus, vuIndex: number, window = EVER) =>
  activeTimes(scenario, vuIndex, window).map(({ fromMs, toMs }) => [fromMs, toMs]);

describe('activeTimes', () => {
  it('keeps a virtual user active while the level is at least half above its index', () => {
    const scenario = ramping(0, [10_000, 10], [5000, 10], [10_000, 0]);
    assert.deepEqual(timesOf(scenario, 0), [[500, 24_500]]);
    assert.deepEqual(timesOf(scenario, 9), [[9500, 15_500]]);
    assert.deepEqual(timesOf(scenario, 10), []);
  });

  it('follows jumps, and treats two jumps at the same instant as one', () => {
    const scenario = ramping(1, [1000, 1], [0, 9], [0, 3], [1000, 3], [0, 0], [1000, 0], [0, 2], [1000, 2]);
    assert.deepEqual(timesOf(scenario, 0), [
      [0, 2000],
      [3000, 4000],
    ]);
    assert.deepEqual(timesOf(scenario, 2), [[1000, 2000]]);
    assert.deepEqual(timesOf(scenario, 5), []);
  });

  it('offsets virtual users that start at the same instant, but not one that starts alone', () => {
    const offsets = (scenario: RampingVus, window = EVER) =>
      Array.from({ length: 5 }, (_, vuIndex) => activeTimes(scenario, vuIndex, window).map(({ offsetMs }) => offsetMs));
    assert.deepEqual(offsets(ramping(2, [1000, 2], [0, 4], [1000, 5])), [[0], [20], [0], [20], [0]]);
    assert.deepEqual(offsets(ramping(0, [1000, 4]), { fromMs: 500, toMs: 1000 }), [[0], [20], [0], [0], []]);
    const crowd = Array.from(
      { length: 500 },
      (_, at) => activeTimes(ramping(0, [0, 500], [5000, 500]), at, EVER)[0]?.offsetMs,
    );
    assert.equal(new Set(crowd).size, 500);
    assert.ok(crowd.every((ms) => (ms as number) >= 0 && (ms as number) < 1000));
  });

  const anyRamping = fc
    .record({
      start: fc.nat(8),
      stages: fc.array(fc.tuple(fc.constantFrom(0, 1, 700, 1000, 3333), fc.nat(8)), { minLength: 1, maxLength: 7 }),
    })
    .filter(({ stages }) => stages.some(([duration]) => duration > 0))
    .map(({ start, stages }) => ramping(start, ...stages));

  it('has as many active virtual users at any time as the rounded level', () => {
    fc.assert(
      fc.property(
        anyRamping,
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 5 }),
        (scenario, times) => {
          const allMs = scenario.stages.reduce((sum, { duration }) => sum + duration, 0);
          for (const ms of times.map((part) => part * allMs)) {
            let fromMs = 0;
            let from = scenario.startVUs;
            let level = 0;
            for (const { duration, target } of scenario.stages) {
              if (ms >= fromMs && ms < fromMs + duration) level = from + ((target - from) * (ms - fromMs)) / duration;
              from = target;
              fromMs += duration;
            }
            // At the instant of a change, to the microsecond, either is right.
            if (Math.abs((level % 1) - 0.5) < 0.01) continue;
            const atWork = Array.from({ length: 9 }, (_, vuIndex) => timesOf(scenario, vuIndex)).filter((active) =>
              active.some(([a, b]) => ms >= (a as number) && ms < (b as number)),
            ).length;
            assert.equal(atWork, Math.round(level), `at ${ms} ms`);
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  it('adds up over windows to the times of the whole scenario', () => {
    fc.assert(
      fc.property(anyRamping, fc.nat(8), fc.array(fc.nat(20_000), { maxLength: 5 }), (scenario, vuIndex, cuts) => {
        const bounds = [0, ...new Set(cuts.filter((cut) => cut > 0).toSorted((a, b) => a - b)), 1e12];
        const joined: number[][] = [];
        for (let i = 0; i + 1 < bounds.length; i++) {
          for (const time of timesOf(scenario, vuIndex, {
            fromMs: bounds[i] as number,
            toMs: bounds[i + 1] as number,
          })) {
            const last = joined.at(-1);
            if (last !== undefined && last[1] === time[0]) last[1] = time[1] as number;
            else joined.push([...time]);
          }
        }
        assert.deepEqual(joined, timesOf(scenario, vuIndex));
      }),
      { numRuns: 200 },
    );
  });
});
