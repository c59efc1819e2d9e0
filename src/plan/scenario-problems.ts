import type { Scenario } from './scenario-schema.ts';
import { isArrival, isStaged, plannedIterationsOf, stagesOf } from './timeline.ts';

type ScenarioProblem = { readonly path: readonly PropertyKey[]; readonly message: string };

/** The most that a sample's column for the number of its iteration can hold. */
const MAX_STARTS = 0xffff_ffff;
/** The limit of shared-iterations; iterations that do not begin in time become samples all in one moment. */
const MAX_ITERATIONS = 10_000_000;

/** A check of keys that are valid alone but may contradict each other. */
type ScenarioCheck = {
  /** The keys that the check reads; it makes sense only where all of them are valid. */
  readonly keys: ReadonlySet<PropertyKey>;
  readonly problemsOf: (scenario: Scenario) => ScenarioProblem[];
};

const LOAD_KEYS = [
  ...['executor', 'vus', 'iterations', 'maxVUs', 'preAllocatedVUs'],
  ...['rate', 'startRate', 'startVUs', 'timeUnit', 'duration', 'stages'],
];
const CALL_KEYS = ['executor', 'steps', 'sessions', 'order', 'callsPerIteration'];

/** Every key of a scenario has an effect, or one of these checks refuses it. */
export const SCENARIO_CHECKS: readonly ScenarioCheck[] = [
  { keys: new Set(LOAD_KEYS), problemsOf: loadProblems },
  { keys: new Set(CALL_KEYS), problemsOf: stepProblems },
  { keys: new Set([...CALL_KEYS, 'thinkTime', 'thinkTimeBefore']), problemsOf: pauseProblems },
];

function loadProblems(scenario: Scenario): ScenarioProblem[] {
  const problems: ScenarioProblem[] = [];
  if (isArrival(scenario)) {
    const { maxVUs, preAllocatedVUs } = scenario;
    if (maxVUs !== undefined && maxVUs < preAllocatedVUs) {
      problems.push({
        path: ['maxVUs'],
        message: `expected at least preAllocatedVUs (${preAllocatedVUs}), got ${maxVUs}`,
      });
    }
    const starts = plannedIterationsOf(scenario) ?? 0;
    if (starts > MAX_STARTS) {
      problems.push({
        path: ['executor'],
        message: `expected at most ${MAX_STARTS} starts, got ${Math.round(starts)}`,
      });
    }
  }
  if (isStaged(scenario) && stagesOf(scenario).every(({ fromLevel, toLevel }) => fromLevel === 0 && toLevel === 0)) {
    const start = isArrival(scenario) ? 'startRate' : 'startVUs';
    problems.push({ path: ['stages'], message: `expected a target or ${start} above 0; otherwise nothing starts` });
  }
  if (scenario.executor === 'per-vu-iterations') {
    const iterations = scenario.vus * scenario.iterations;
    if (iterations > MAX_ITERATIONS) {
      const message = `expected vus times iterations to be at most ${MAX_ITERATIONS}, got ${iterations}`;
      problems.push({ path: ['iterations'], message });
    }
  }
  return problems;
}

function stepProblems({ executor, steps, sessions, order, callsPerIteration }: Scenario): ScenarioProblem[] {
  const problems: ScenarioProblem[] = [];
  if (steps.length === 0) {
    if (sessions.reuse === 'call') {
      const message = 'expected iteration or vu: a scenario without steps makes no calls';
      problems.push({ path: ['sessions', 'reuse'], message });
    }
    if (sessions.reuse === 'vu' && executor !== 'constant-vus' && executor !== 'ramping-vus') {
      const message = 'expected a step; only constant-vus and ramping-vus can hold sessions open without calls';
      problems.push({ path: ['steps'], message });
    }
  }
  if (order === 'fixed' && callsPerIteration !== 1) {
    const message = 'expected no callsPerIteration with order: fixed, which makes each step once';
    problems.push({ path: ['callsPerIteration'], message });
  }
  if (order !== 'fixed') {
    for (const [index, { capture }] of steps.entries()) {
      if (Object.keys(capture).length === 0) continue;
      const message = 'expected order: fixed in this scenario, so that a later step can use the value';
      problems.push({ path: ['steps', index, 'capture'], message });
    }
  }
  return problems;
}

function pauseProblems(scenario: Scenario): ScenarioProblem[] {
  const { steps, sessions, order, callsPerIteration, thinkTime, thinkTimeBefore } = scenario;
  const problems: ScenarioProblem[] = [];
  if (isArrival(scenario) && thinkTime.type !== 'none') {
    const isOneCall = order === 'fixed' ? steps.length <= 1 : callsPerIteration === 1;
    if (steps.length === 0) {
      const message = 'expected no thinkTime without steps; thinkTimeBefore sets how long each session stays open';
      problems.push({ path: ['thinkTime'], message });
    } else if (isOneCall) {
      const message =
        'expected no thinkTime: starts come at a rate, and an iteration has no second call to pause before';
      problems.push({ path: ['thinkTime'], message });
    }
  }
  if (steps.length === 0 && sessions.reuse === 'vu' && (thinkTime.type !== 'none' || thinkTimeBefore.type !== 'none')) {
    const message = 'expected a step: sessions that are held open without calls have nothing to pause between';
    problems.push({ path: ['steps'], message });
  }
  return problems;
}
