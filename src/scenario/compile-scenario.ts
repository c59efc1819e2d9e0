import type { ResultJudge } from '../mcp/http/json-rpc.ts';
import { type Call, PING } from '../mcp/operations/call.ts';
import { callTool, compileSoftErrors, judgeToolResult, textOfTool } from '../mcp/operations/call-tool.ts';
import { listItems } from '../mcp/operations/list-items.ts';
import {
  completeArgument,
  getPrompt,
  judgeCompletion,
  judgePrompt,
  judgeResource,
  readResource,
  textOfCompletion,
  textOfPrompt,
  textOfResource,
} from '../mcp/operations/prompts-and-resources.ts';
import { PLACEHOLDER, parsePlaceholder } from '../plan/placeholder.ts';
import type { Plan } from '../plan/plan-schema.ts';
import type { Scenario } from '../plan/scenario-schema.ts';
import { operationOf, type Step } from '../plan/step-schema.ts';
import type { Target } from '../plan/target-schema.ts';
import type { Random } from '../traffic/random.ts';
import { type AnswerKeeper, answerKeeper, captureInto, compileJudge, type StepPlace, type TextOf } from './checks.ts';
import { type RowTaker, UsedFeeds } from './feeds.ts';
import { compileTemplate, type Template } from './template.ts';
import { compileCapture, type Values } from './values.ts';

/** A scenario's steps, prepared once for all virtual users of a process. */
export type CompiledScenario = {
  /** Draws the steps of one iteration, in the order in which they are called. */
  readonly drawSteps: (random: Random) => readonly CompiledStep[];
  /** The iteration's row of each feed that its steps take values from; undefined when one is exhausted. */
  readonly rowsFor: (taker: RowTaker) => readonly number[] | undefined;
};

/**
 * Compiles the steps of a scenario.
 * @param name the scenario's, in the plan
 * @param onAnswer receives an operation and the text of its first useful result, once for each step
 * @throws when the plan's feeds or schemas hold what cannot be used
 */
export function compileScenario(
  plan: Plan,
  name: string,
  onAnswer?: (operation: string, text: string) => void,
): CompiledScenario {
  const scenario = plan.scenarios[name] as Scenario;
  const feeds = new UsedFeeds(plan.feeds);
  const target = plan.targets[scenario.target] as Target;
  const scope = { target, feeds, readAsJson: readAsJson(scenario), onAnswer };
  const steps = scenario.steps.map((step, index) => {
    return compileStep(step, scope, {
      scenario: name,
      target: scenario.target,
      operation: operationOf(step),
      step: index,
    });
  });
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

/** Names that occur as `{{name|json}}` in a scenario's steps. */
function readAsJson({ steps }: Scenario): Set<string> {
  const names = new Set<string>();
  for (const [, inner = ''] of JSON.stringify(steps).matchAll(new RegExp(PLACEHOLDER, 'g'))) {
    const placeholder = parsePlaceholder(inner);
    if ('kind' in placeholder && placeholder.kind === 'value' && placeholder.json) names.add(placeholder.name);
  }
  return names;
}

/** A step prepared for its calls: serialised in advance, its judge compiled. */
type CompiledStep = {
  /** The operation that its calls count as. */
  readonly operation: string;
  /** Captures of earlier steps that its call needs. */
  readonly needs: readonly string[];
  /** Makes the next call; without placeholders and captures it is the same object every time. */
  readonly makeCall: (values: Values) => Call;
};

type StepScope = {
  readonly target: Target;
  readonly feeds: UsedFeeds;
  /** Captures that a step of the scenario reads as JSON. */
  readonly readAsJson: ReadonlySet<string>;
  readonly onAnswer?: ((operation: string, text: string) => void) | undefined;
};

/** Makes a step's calls, and reads their results. */
type CallMaker = Pick<CompiledStep, 'needs'> & {
  readonly make: (values: Values) => Call;
  /** True when every call is the same. */
  readonly fixed: boolean;
  readonly textOf: TextOf;
};

/**
 * Compiles one step for all virtual users of a process.
 * @throws when the plan's feeds or schemas hold what cannot be used
 */
export function compileStep(step: Step, scope: StepScope, place: StepPlace): CompiledStep {
  const { onAnswer } = scope;
  const keeper = onAnswer === undefined ? asIs : answerKeeper((text) => onAnswer(place.operation, text));
  const captures = Object.entries(step.capture).map(([name, capture]) => {
    return compileCapture(name, capture, scope.readAsJson.has(name));
  });
  const { make, needs, fixed, textOf } = callMaker(step, scope, place, captures.length === 0 ? keeper : asIs);
  if (captures.length === 0)
    return { operation: place.operation, needs, makeCall: fixed ? always(make(NO_VALUES)) : make };
  const call = fixed ? always(make(NO_VALUES)) : make;
  const makeCall = (values: Values): Call => {
    const made = call(values);
    return { ...made, judge: keeper(captureInto(values.captured, made.judge, textOf, captures), textOf) };
  };
  return { operation: place.operation, needs, makeCall };
}

/** Keeps nothing. */
const asIs: AnswerKeeper = (judge) => judge;

function callMaker(step: Step, { target, feeds }: StepScope, place: StepPlace, keeper: AnswerKeeper): CallMaker {
  const { tool, resource, prompt, complete, list, checks } = step;
  const texts = (value: unknown) => compileTemplate(value, feeds, true);
  if (tool !== undefined) {
    const softErrors = compileSoftErrors(target.softErrors);
    const judgeTool: ResultJudge = (result, known) => judgeToolResult(result, softErrors, known);
    const judge = keeper(compileJudge(judgeTool, textOfTool, checks, place), textOfTool);
    const template = compileTemplate(step.arguments ?? {}, feeds);
    return filled(textOfTool, callTool(tool, judge, step.progress), template);
  }
  if (resource !== undefined) {
    const judge = keeper(compileJudge(judgeResource, textOfResource, checks, place), textOfResource);
    return filled(textOfResource, readResource(resource, judge), texts(resource));
  }
  if (prompt !== undefined) {
    const judge = keeper(compileJudge(judgePrompt, textOfPrompt, checks, place), textOfPrompt);
    return filled(textOfPrompt, getPrompt(prompt, judge), texts(step.arguments ?? {}));
  }
  if (complete !== undefined) {
    const { prompt: ofPrompt, resource: ofResource, argument, context } = complete;
    const completed = ofPrompt === undefined ? { resource: ofResource as string } : { prompt: ofPrompt };
    const judge = keeper(compileJudge(judgeCompletion, textOfCompletion, checks, place), textOfCompletion);
    const make = completeArgument(completed, argument.name, judge);
    return context === undefined
      ? filled(textOfCompletion, make, texts(argument.value))
      : filled(textOfCompletion, make, texts(argument.value), texts(context));
  }
  // A ping and a list have no text that checks or captures could read.
  const noText = () => '';
  const call = list === undefined ? PING : listItems(list);
  return filled(noText, always({ ...call, judge: keeper(call.judge, noText) }));
}

/** Makes calls from the JSON texts that the templates give. */
function filled<Texts extends string[]>(
  textOf: TextOf,
  make: (...texts: Texts) => Call,
  ...templates: Template[]
): CallMaker {
  return {
    textOf,
    make: (values) => make(...(templates.map((template) => template.fill(values)) as Texts)),
    fixed: templates.every(({ fixed }) => fixed),
    needs: templates.flatMap(({ needs }) => needs),
  };
}

/** What the calls of a step without placeholders are filled from. */
const NO_VALUES: Values = { random: () => 0, vu: 0, iteration: 0, rows: [], captured: new Map() };

function always(call: Call): () => Call {
  return () => call;
}
