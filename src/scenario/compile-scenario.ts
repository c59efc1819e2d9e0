import type { Plan } from '../plan/plan-schema.ts';
import type { Scenario } from '../plan/scenario-schema.ts';
import type { Target } from '../plan/target-schema.ts';
import type { Random } from '../traffic/random.ts';
import { type CompiledStep, compileStep } from './compile-step.ts';

/** Chooses the next step by weight. */
export type StepChooser = (random: Random) => CompiledStep;

/** Compiles a scenario's steps once for all virtual users of a process. */
export function compileScenario(plan: Plan, scenario: Scenario): StepChooser {
  const target = plan.targets[scenario.target] as Target;
  const steps = scenario.steps.map((step) => compileStep(step, target, plan.feeds));
  const ends: number[] = [];
  let total = 0;
  for (const step of scenario.steps) {
    total += step.weight;
    ends.push(total);
  }
  return (random) => {
    const drawn = random() * total;
    return steps[ends.findIndex((end) => drawn < end)] as CompiledStep;
  };
}
