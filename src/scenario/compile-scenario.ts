import { PLACEHOLDER, parsePlaceholder } from '../plan/placeholder.ts';
import type { Plan } from '../plan/plan-schema.ts';
import type { Scenario } from '../plan/scenario-schema.ts';
import type { Target } from '../plan/target-schema.ts';
import type { Random } from '../traffic/random.ts';
import { type CompiledStep, compileStep } from './compile-step.ts';
import type { RowTaker } from './feed-rows.ts';
import { UsedFeeds } from './feeds.ts';

/** A scenario made ready for all virtual users of a process. */
export type CompiledScenario = {
  /** Draws the steps of one iteration, in the order in which they are called. */
  readonly drawSteps: (random: Random) => readonly CompiledStep[];
  /** The iteration's row of each feed that its steps take values from; undefined when one has run out. */
  readonly rowsFor: (taker: RowTaker) => readonly number[] | undefined;
};

/**
 * Compiles the steps of a scenario.
 * @throws when the plan's feeds or schemas hold what cannot be used
 */
export function compileScenario(plan: Plan, scenario: Scenario): CompiledScenario {
  const feeds = new UsedFeeds(plan.feeds);
  const target = plan.targets[scenario.target] as Target;
  const scope = { target, feeds, readAsJson: readAsJson(scenario) };
  const steps = scenario.steps.map((step) => compileStep(step, scope));
  return { drawSteps: drawingOf(scenario, steps), rowsFor: (taker) => feeds.rowsFor(taker) };
}

function drawingOf({ order, callsPerIteration, steps }: Scenario, compiled: readonly CompiledStep[]) {
  const isFixed = order === 'fixed' || (compiled.length === 1 && callsPerIteration === 1);
  if (isFixed || compiled.length === 0) return () => compiled;
  const ends: number[] = [];
  let total = 0;
  for (const { weight } of steps) {
    total += weight;
    ends.push(total);
  }
  const draw = (random: Random): CompiledStep => {
    const drawn = random() * total;
    return compiled[ends.findIndex((end) => drawn < end)] as CompiledStep;
  };
  const countOf = drawCount(callsPerIteration);
  return (random: Random): readonly CompiledStep[] => {
    const drawn: CompiledStep[] = [];
    for (let left = countOf(random); left > 0; left--) drawn.push(draw(random));
    return drawn;
  };
}

function drawCount(calls: Scenario['callsPerIteration']): (random: Random) => number {
  if (typeof calls === 'number') return () => calls;
  const { min, max } = calls;
  return (random) => min + Math.floor(random() * (max - min + 1));
}

/** Names that stand as `{{name|json}}` in a scenario's steps. */
function readAsJson({ steps }: Scenario): Set<string> {
  const names = new Set<string>();
  for (const [, inner = ''] of JSON.stringify(steps).matchAll(new RegExp(PLACEHOLDER, 'g'))) {
    const placeholder = parsePlaceholder(inner);
    if ('kind' in placeholder && placeholder.kind === 'value' && placeholder.json) names.add(placeholder.name);
  }
  return names;
}
