import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Plan } from '../../src/plan/plan-schema.ts';
import {
  durationOf,
  isArrival,
  isStaged,
  measuredStagesOf,
  phaseAt,
  phasesOf,
  type Stage,
  stagesOf,
  toMicrosecond,
  warmUpPhasesOf,
} from '../../src/plan/timeline.ts';
import { momentsOf } from '../../src/report/report.ts';
import { arrivalSchedule } from '../../src/traffic/arrival-schedule.ts';
import { activeTimes } from '../../src/traffic/ramping-vus.ts';
import { aPlan } from '../support/a-plan.ts';
import { judgedRun } from '../support/judged-run.ts';

const OVER_STAGES = { useful_rate: [{ threshold: 'rate>0.9', over: 'stage' }] };
const inMs = (microseconds: number) => `${microseconds / 1000}ms`;

/** A scenario whose stages last these microseconds and rise by one each. */
function stagedScenario(executor: string, startUs: number, lengthsUs: readonly number[]) {
  return {
    executor,
    vus: undefined,
    duration: undefined,
    startTime: inMs(startUs),
    stages: lengthsUs.map((us, index) => ({ duration: inMs(us), target: index + 1 })),
    ...(executor === 'ramping-vus' ? { startVUs: 1 } : { startRate: 1, preAllocatedVUs: 1 }),
  };
}

function stagesIn(plan: Plan): readonly Stage[] {
  return Object.values(plan.scenarios)
    .filter(isStaged)
    .flatMap((scenario) => stagesOf(scenario, scenario.startTime));
}

const anyExecutor = fc.constantFrom('ramping-vus', 'ramping-arrival-rate');
const anyLengthUs = fc.integer({ min: 1, max: 5_000_000 });
const SECOND = 1_000_000;

describe('stagesOf', () => {
  it('puts every stage into the phase with its own index', () => {
    fc.assert(
      fc.property(anyExecutor, fc.array(anyLengthUs, { minLength: 1, maxLength: 12 }), (executor, lengthsUs) => {
        const plan = aPlan({ scenario: stagedScenario(executor, 0, lengthsUs), plan: { thresholds: OVER_STAGES } });
        const stages = stagesIn(plan);
        assert.equal(stages.length, lengthsUs.length);
        for (const { index, fromMs, toMs } of stages) {
          assert.equal(phaseAt(phasesOf(plan), fromMs), index);
          assert.equal(phaseAt(phasesOf(plan), toMs), index + 1);
        }
      }),
    );
  });

  it('gives all users of stages the same bounds, the exact sums of the durations', () => {
    const lengths = fc.array(fc.oneof(fc.constant(0), anyLengthUs), { maxLength: 8 });
    fc.assert(
      fc.property(anyExecutor, fc.nat(5_000_000), lengths, (executor, startUs, shortLengthsUs) => {
        const lengthsUs = [...shortLengthsUs, SECOND];
        const plan = aPlan({
          scenario: stagedScenario(executor, startUs, lengthsUs),
          plan: { thresholds: OVER_STAGES },
        });
        const scenario = Object.values(plan.scenarios)[0];
        assert.ok(scenario !== undefined && isStaged(scenario));
        const stages = stagesIn(plan);
        let endUs = startUs;
        for (const [index, { fromMs, toMs }] of stages.entries()) {
          assert.equal(fromMs, endUs / 1000);
          endUs += lengthsUs[index] as number;
          assert.equal(toMs, endUs / 1000);
        }
        const lasting = stages.filter(({ durationMs }) => durationMs > 0);
        const bounds = lasting.map(({ fromMs, toMs }) => [fromMs, toMs]);
        assert.deepEqual(
          measuredStagesOf(plan)?.stages.map(({ fromMs, toMs }) => [fromMs, toMs]),
          bounds,
        );
        assert.deepEqual(
          momentsOf(plan).map(({ atSeconds }) => atSeconds),
          lasting.slice(0, -1).map(({ toMs }) => toMs / 1000),
        );
        assert.equal(toMicrosecond(scenario.startTime + durationOf(scenario)), lasting.at(-1)?.toMs);
        const boundaries = phasesOf(plan);
        const before = startUs === 0 ? 0 : 1;
        assert.deepEqual(
          lasting.map(({ fromMs }) => phaseAt(boundaries, fromMs)),
          lasting.map((_, nth) => nth + before),
        );
        const inRun = (ms: number) => toMicrosecond(scenario.startTime + ms);
        if (isArrival(scenario)) {
          const planned = arrivalSchedule(scenario).stages;
          assert.deepEqual(
            planned.map(({ fromMs, toMs }) => [inRun(fromMs), inRun(toMs)]),
            bounds,
          );
        } else {
          // The first virtual user works from the first stage to the last.
          const spans = activeTimes(scenario, 0, { fromMs: 0, toMs: 1e12 });
          assert.deepEqual(
            spans.map(({ fromMs, toMs }) => [inRun(fromMs), inRun(toMs)]),
            [[bounds[0]?.[0], bounds.at(-1)?.[1]]],
          );
        }
      }),
    );
  });

  it('finds the stage that broke when stages last fractions of a millisecond', () => {
    const scenario = stagedScenario('ramping-arrival-rate', 0, [1_000_300, 1_000_900, 1_002_100]);
    const samples = Array.from({ length: 31 }, (_, index) => {
      const atMs = index * 100;
      return { atMs, durationMs: 1, ...(atMs > 2001.2 ? { outcome: 'HTTP_500' as const } : {}) };
    });
    const { ceiling } = judgedRun({
      scenario,
      samples,
      span: { plannedDurationMs: 3003.3 },
      plan: { thresholds: OVER_STAGES },
    });
    assert.deepEqual(
      ceiling?.stages.map(({ index, fromSeconds, held }) => [index, fromSeconds, held]),
      [
        [0, 0, true],
        [1, 1.0003, true],
        [2, 2.0012, false],
      ],
    );
    assert.deepEqual([ceiling?.held, ceiling?.broke], [2, 3]);
  });
});

describe('phasesOf', () => {
  const STAGED = {
    target: 'web',
    executor: 'ramping-vus',
    startTime: '1s',
    stages: [
      { duration: '2s', target: 3 },
      { duration: '0s', target: 5 },
      { duration: '3s', target: 5 },
    ],
    steps: [{ tool: 'look' }],
  };

  function staged(plan: Record<string, unknown>) {
    return aPlan({ plan: { scenarios: { calls: STAGED }, ...plan } });
  }

  it('separates phases at the end of the warm-up, and at stages only when a threshold covers stages', () => {
    const thresholds = { mcp_failures: ['rate<1', { threshold: 'rate<0.1', over: 'stage' }] };
    assert.deepEqual(phasesOf(staged({})), []);
    assert.deepEqual(phasesOf(staged({ warmUp: '500ms' })), [500]);
    assert.deepEqual(phasesOf(staged({ thresholds })), [1000, 3000, 6000]);
    assert.deepEqual(phasesOf(staged({ thresholds, warmUp: '4s' })), [1000, 3000, 4000, 6000]);
    assert.deepEqual(phasesOf(staged({ thresholds, warmUp: '3s' })), [1000, 3000, 6000]);
  });

  it('counts every phase up to the end of the warm-up as warm-up', () => {
    const thresholds = { mcp_failures: [{ threshold: 'rate<0.1', over: 'stage' }] };
    assert.equal(warmUpPhasesOf(staged({ thresholds })), 0);
    assert.equal(warmUpPhasesOf(staged({ warmUp: '500ms' })), 1);
    assert.equal(warmUpPhasesOf(staged({ thresholds, warmUp: '4s' })), 3);
    assert.equal(warmUpPhasesOf(staged({ thresholds, warmUp: '3s' })), 2);
  });

  it('puts a boundary into the phase that it begins', () => {
    const at = (ms: number) => phaseAt([1000, 3000], ms);
    assert.deepEqual([-5, 0, 999.999, 1000, 2999.999, 3000, 1e9].map(at), [0, 0, 0, 1, 1, 2, 2]);
    assert.equal(phaseAt([], 5), 0);
  });
});
