import type { Plan } from '../../src/plan/plan-schema.ts';
import type { Scenario } from '../../src/plan/scenario-schema.ts';
import type { Recorder } from '../../src/sample/recorder.ts';
import { compileScenario } from '../../src/scenario/compile-scenario.ts';
import { McpVirtualUser, type McpVirtualUserOptions } from '../../src/scenario/virtual-user.ts';
import type { Iteration } from '../../src/traffic/executor.ts';
import { randomFor } from '../../src/traffic/random.ts';

type Given = Pick<McpVirtualUserOptions, 'newSession' | 'clock'> &
  Partial<McpVirtualUserOptions> & { readonly recorder: Recorder };

/** A virtual user of a plan's scenario `calls`, the first one unless told otherwise. */
export function aVirtualUser(plan: Plan, given: Given): McpVirtualUser {
  const scenario = plan.scenarios.calls as Scenario;
  const never = new AbortController().signal;
  return new McpVirtualUser({
    vu: 0,
    place: 0,
    scenario,
    compiled: compileScenario(plan, scenario),
    abortRequests: () => {},
    randomOf: (ordinal) => randomFor(plan.seed, 0, ordinal, 0),
    maxRetryAfterMs: 0,
    untilMs: Number.POSITIVE_INFINITY,
    iterationOperation: given.recorder.operation('web', 'calls'),
    sessionOperation: given.recorder.operation('web', 'session'),
    stopping: never,
    ended: never,
    ...given,
  });
}

/** An iteration of the only virtual user, whose pace is its own. */
export function nth(number: number): Iteration {
  return { number, ordinal: number, intendedMs: undefined };
}
