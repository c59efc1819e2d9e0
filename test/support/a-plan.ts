import assert from 'node:assert/strict';
import { parsePlan } from '../../src/plan/parse-plan.ts';
import type { Plan } from '../../src/plan/plan-schema.ts';

/** Plain objects of a plan as a file would hold it; every part can be replaced. */
export type PlanParts = {
  readonly target?: Record<string, unknown>;
  readonly scenario?: Record<string, unknown>;
  readonly plan?: Record<string, unknown>;
  /** Targets that get a scenario of their own, which only holds a session open. */
  readonly idle?: readonly string[];
};

const HOLD = { executor: 'constant-vus', vus: 1, duration: '10s', steps: [] };

/** The text of a small valid plan with some keys of its target `web`, its scenario `calls` or itself replaced. */
export function planText({ target, scenario, plan, idle = [] }: PlanParts = {}): string {
  const whole = {
    name: 'small',
    targets: { web: { url: 'http://127.0.0.1:4801/mcp', ...target } },
    scenarios: {
      calls: {
        target: 'web',
        executor: 'constant-vus',
        vus: 1,
        duration: '10s',
        steps: [{ tool: 'look' }],
        ...scenario,
      },
      ...Object.fromEntries(idle.map((name) => [name, { ...HOLD, target: name }])),
    },
    ...plan,
  };
  return JSON.stringify(whole, undefined, 2);
}

/** The same plan, parsed. @throws when the replacements make it invalid */
export function aPlan(parts: PlanParts = {}): Plan {
  const parsed = parsePlan(planText(parts));
  assert.ok(parsed.ok, JSON.stringify(parsed));
  return parsed.plan;
}

/** The problems of the plan with these replacements, as `path: message`. */
export function problemsOf(parts: PlanParts): string[] {
  const parsed = parsePlan(planText(parts));
  return parsed.ok ? [] : parsed.problems.map(({ path, message }) => `${path}: ${message}`);
}
