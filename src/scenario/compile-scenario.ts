import { compileSoftErrors, judgeToolResult, type ResultJudge, USEFUL } from '../mcp/operations/tool-result.ts';
import type { Plan } from '../plan/plan-schema.ts';
import type { Scenario, Step } from '../plan/scenario-schema.ts';
import type { Target } from '../plan/target-schema.ts';
import type { Random } from '../traffic/random.ts';
import { compileArguments, type RequestMaker } from './compile-arguments.ts';
import { compileCheck } from './compile-check.ts';

/** A step that can be called at once: its request made ahead, its judge compiled. */
export type CompiledStep = { readonly makeRequest: RequestMaker; readonly judge: ResultJudge };

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

function compileStep(step: Step, target: Target, feeds: Plan['feeds']): CompiledStep {
  const softErrors = compileSoftErrors(target.softErrors);
  const checks = step.checks.map(compileCheck);
  const judge: ResultJudge = (result) => {
    const judgement = judgeToolResult(result, softErrors);
    if (judgement.outcome !== 'OK' && judgement.outcome !== 'TOOL_EMPTY') return judgement;
    for (const check of checks) {
      const problem = check(result);
      if (problem !== undefined) return { outcome: 'TOOL_ASSERT', message: problem };
    }
    return judgement.outcome === 'OK' ? USEFUL : judgement;
  };
  return { makeRequest: compileArguments(step, feeds), judge };
}
