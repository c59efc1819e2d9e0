import type { ArrivalScenario, ScenarioOf } from '../../src/plan/scenario-schema.ts';
import { arrivalSchedule, instantOf } from '../../src/traffic/arrival-schedule.ts';
import { onlyShare } from './drive.ts';

/** The schedule of an arrival scenario with these keys. */
function scheduleOf(scenario: Record<string, unknown>) {
  return arrivalSchedule(onlyShare({ preAllocatedVUs: 1, ...scenario }).scenario as ArrivalScenario);
}

export const constant = (rate: number, duration: string, timeUnit = '1s') =>
  scheduleOf({ executor: 'constant-arrival-rate', rate, duration, timeUnit });

export const ramping = (
  startRate: number,
  stages: readonly (readonly [duration: string, target: number])[],
  timeUnit = '1s',
) =>
  scheduleOf({
    executor: 'ramping-arrival-rate',
    startRate,
    timeUnit,
    stages: stages.map(([duration, target]) => ({ duration, target })),
  });

export const ANY_CONSTANT = onlyShare({
  executor: 'constant-arrival-rate',
  rate: 1,
  duration: '1s',
  preAllocatedVUs: 1,
}).scenario as ScenarioOf<'constant-arrival-rate'>;
export const ANY_RAMPING = onlyShare({
  executor: 'ramping-arrival-rate',
  stages: [{ duration: '1s', target: 1 }],
  preAllocatedVUs: 1,
}).scenario as ScenarioOf<'ramping-arrival-rate'>;

export const instantsOf = (schedule: ReturnType<typeof scheduleOf>, count: number) =>
  Array.from({ length: count }, (_, k) => instantOf(schedule, k));
