import type { Scenario } from './scenario-schema.ts';
import { isArrival, isStaged, plannedIterationsOf, stagesOf } from './timeline.ts';

export type ScenarioProblem = { readonly path: readonly PropertyKey[]; readonly message: string };

/** A sample's column for the number of its iteration holds no more. */
const MAX_STARTS = 0xffff_ffff;
/** As many as shared-iterations allows: those not begun in time become samples, all at once. */
const MAX_ITERATIONS = 10_000_000;

/** What keys of a scenario, each right by itself, say against each other; every key has an effect or is refused. */
export function scenarioProblems(scenario: Scenario): ScenarioProblem[] {
  const problems: ScenarioProblem[] = [];
  const add = (path: readonly PropertyKey[], message: string) => problems.push({ path, message });
  const { executor, steps, sessions, order, callsPerIteration, thinkTime, thinkTimeBefore } = scenario;
  const atRate = isArrival(scenario);
  if (atRate && scenario.maxVUs !== undefined && scenario.maxVUs < scenario.preAllocatedVUs) {
    add(['maxVUs'], `expected at least preAllocatedVUs, ${scenario.preAllocatedVUs}, got ${scenario.maxVUs}`);
  }
  if (isStaged(scenario) && stagesOf(scenario).every(({ fromLevel, toLevel }) => fromLevel === 0 && toLevel === 0)) {
    const load = atRate ? 'a rate above 0' : 'virtual users';
    add(['stages'], `expected ${load} somewhere, or nothing would ever start`);
  }
  if (atRate && (plannedIterationsOf(scenario) ?? 0) > MAX_STARTS) {
    add(
      ['executor'],
      `expected at most ${MAX_STARTS} starts in all, got ${Math.round(plannedIterationsOf(scenario) ?? 0)}`,
    );
  }
  if (executor === 'per-vu-iterations' && scenario.vus * scenario.iterations > MAX_ITERATIONS) {
    const all = scenario.vus * scenario.iterations;
    add(['iterations'], `expected at most ${MAX_ITERATIONS} in all, vus times iterations, got ${all}`);
  }
  if (steps.length === 0) {
    if (sessions.reuse === 'call') add(['sessions', 'reuse'], 'expected iteration or vu, as there are no calls');
    if (sessions.reuse === 'vu' && executor !== 'constant-vus' && executor !== 'ramping-vus') {
      add(['steps'], 'expected a step, or executor constant-vus or ramping-vus to hold sessions open without calls');
    }
  }
  if (order === 'fixed' && callsPerIteration !== 1) {
    add(['callsPerIteration'], 'expected none with order fixed, which makes each step once');
  }
  const oneCall = order === 'fixed' ? steps.length <= 1 : callsPerIteration === 1;
  if (atRate && oneCall && thinkTime.type !== 'none' && steps.length > 0) {
    add(['thinkTime'], 'expected none: starts come at a rate, and an iteration has no second call to pause before');
  }
  if (atRate && steps.length === 0 && thinkTime.type !== 'none') {
    add(['thinkTime'], 'expected none without steps; thinkTimeBefore is how long each session stays open');
  }
  if (steps.length === 0 && sessions.reuse === 'vu' && (thinkTime.type !== 'none' || thinkTimeBefore.type !== 'none')) {
    add(['steps'], 'expected a step, as sessions that are held open without calls have nothing to pause between');
  }
  if (order !== 'fixed') {
    steps.forEach(({ capture }, index) => {
      if (Object.keys(capture).length === 0) return;
      add(
        ['steps', index, 'capture'],
        'expected order: fixed in this scenario, so that a later step can use the value',
      );
    });
  }
  return problems;
}
