import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { ThinkTime } from '../../src/plan/scenario-parts.ts';
import { drawThinkTime, type Random, randomFor, randomPerIteration } from '../../src/traffic/random.ts';
import { onlySegment } from './drive.ts';

const take = (random: Random, count: number) => Array.from({ length: count }, random);

describe('randomFor', () => {
  it('draws the same numbers in [0, 1) for the same seeds', () => {
    fc.assert(
      fc.property(fc.nat(0xffff_ffff), fc.nat(10_000), fc.nat(1000), (...seeds) => {
        const drawn = take(randomFor(...seeds), 20);
        assert.deepEqual(take(randomFor(...seeds), 20), drawn);
        assert.ok(drawn.every((value) => value >= 0 && value < 1));
      }),
    );
  });

  it('draws differently for every list of seeds, and for every order', () => {
    const firsts = new Set<number>();
    for (let seed = 0; seed < 10; seed++) {
      for (let vu = 0; vu < 50; vu++) {
        for (let window = 0; window < 5; window++) firsts.add(randomFor(seed, vu, window)());
      }
    }
    assert.equal(firsts.size, 10 * 50 * 5);
  });

  it('draws evenly over the virtual users', () => {
    const tenths = new Array<number>(10).fill(0);
    for (let vu = 0; vu < 10_000; vu++) {
      const tenth = Math.floor(randomFor(1, vu, 0)() * 10);
      tenths[tenth] = (tenths[tenth] as number) + 1;
    }
    // 1000 expected of each; six standard deviations are 180.
    for (const count of tenths) assert.ok(Math.abs(count - 1000) < 180, tenths.join(' '));
  });
});

describe('randomPerIteration', () => {
  const vus = { vus: 2, duration: '10s' };
  const rate = { rate: 1, duration: '10s', preAllocatedVUs: 2 };
  const stages = [{ duration: '10s', target: 2 }];
  const executors: readonly (readonly [executor: string, keys: object, repeats: boolean])[] = [
    ['constant-vus', vus, false],
    ['ramping-vus', { stages }, false],
    ['constant-arrival-rate', rate, true],
    ['ramping-arrival-rate', { ...rate, rate: undefined, duration: undefined, stages }, true],
    ['per-vu-iterations', { vus: 2, iterations: 3 }, true],
    ['shared-iterations', { vus: 2, iterations: 3 }, true],
  ];
  const drawn = (segment: Parameters<typeof randomPerIteration>[1], seed = 1) =>
    [0, 1, 2].map((ordinal) => take(randomPerIteration(seed, segment)(ordinal), 5));

  for (const [executor, keys, repeats] of executors) {
    it(`${repeats ? 'draws the same in each window' : 'draws differently in each window'} for ${executor}`, () => {
      const segment = onlySegment({ executor, ...keys });
      const windows = [0, 1, 7].map((window) => JSON.stringify(drawn({ ...segment, window })));
      assert.equal(new Set(windows).size, repeats ? 1 : 3);
    });
  }

  it('draws differently for every iteration, scenario and seed, and the same when asked again', () => {
    const segment = onlySegment({ executor: 'constant-vus', ...vus });
    const first = drawn(segment);
    assert.equal(new Set(first.flat()).size, 15);
    assert.deepEqual(drawn(segment), first);
    assert.notDeepEqual(drawn({ ...segment, index: 1 }), first);
    assert.notDeepEqual(drawn(segment, 2), first);
  });
});

describe('drawThinkTime', () => {
  it('stays within the range that the plan gives', () => {
    const random = randomFor(1);
    const drawn = (thinkTime: ThinkTime) => Array.from({ length: 5000 }, () => drawThinkTime(thinkTime, random));
    assert.ok(drawn({ type: 'none' }).every((ms) => ms === 0));
    assert.ok(drawn({ type: 'constant', duration: 250 }).every((ms) => ms === 250));
    const uniform = drawn({ type: 'uniform', range: { min: 100, max: 300 } });
    assert.ok(uniform.every((ms) => ms >= 100 && ms <= 300));
    assert.ok(Math.abs(uniform.reduce((sum, ms) => sum + ms, 0) / uniform.length - 200) < 5);
    const agent = drawn({
      type: 'agent',
      intraTurnProbability: 0.8,
      intraTurn: { min: 1, max: 2 },
      interTurn: { min: 10, max: 20 },
    });
    const short = agent.filter((ms) => ms >= 1 && ms <= 2).length;
    assert.equal(agent.length - short, agent.filter((ms) => ms >= 10 && ms <= 20).length);
    assert.ok(Math.abs(short / agent.length - 0.8) < 0.04, String(short));
  });

  it('is lognormal around the median that the plan gives, and never above its max', () => {
    const random = randomFor(7);
    const draw = (max: number) =>
      Array.from({ length: 20_000 }, () =>
        drawThinkTime({ type: 'lognormal', median: 1000, sigma: 0.5, max }, random),
      ).toSorted((a, b) => a - b);
    const drawn = draw(1e9);
    // Quantiles of exp(0.5 z): z is -1 at 15.87 %, 0 at the half, 1 at 84.13 %, 2 at 97.72 %.
    for (const [share, z] of [
      [0.1587, -1],
      [0.5, 0],
      [0.8413, 1],
      [0.9772, 2],
    ] as const) {
      const expected = 1000 * Math.exp(0.5 * z);
      assert.ok(Math.abs((drawn[Math.floor(share * 20_000)] as number) / expected - 1) < 0.04, `${share}`);
    }
    const capped = draw(1200);
    assert.equal(capped.at(-1), 1200);
    assert.ok((capped[0] as number) > 0);
    assert.ok(capped.every(Number.isFinite));
  });
});
