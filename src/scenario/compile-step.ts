import type { ResultJudge } from '../mcp/exchange/judgement.ts';
import type { Call } from '../mcp/operations/call.ts';
import { callTool } from '../mcp/operations/call-tool.ts';
import { completeArgument, judgeCompletion, textOfCompletion } from '../mcp/operations/complete-argument.ts';
import { getPrompt, judgePrompt, textOfPrompt } from '../mcp/operations/get-prompt.ts';
import { listItems } from '../mcp/operations/list-items.ts';
import { PING } from '../mcp/operations/ping.ts';
import { judgeResource, readResource, textOfResource } from '../mcp/operations/read-resource.ts';
import { compileSoftErrors, judgeToolResult, textOfTool } from '../mcp/operations/tool-result.ts';
import type { Plan } from '../plan/plan-schema.ts';
import type { Step } from '../plan/step-schema.ts';
import type { Target } from '../plan/target-schema.ts';
import type { Random } from '../traffic/random.ts';
import { compileJudge } from './compile-judge.ts';
import { compileTemplate, type Template } from './compile-template.ts';

/** A step that can be called at once: serialised ahead, its judge compiled. */
export type CompiledStep = {
  /** Makes the next call; without placeholders it is the same object every time. */
  readonly makeCall: (random: Random) => Call;
};

/** Compiles one step for all virtual users of a process. */
export function compileStep(step: Step, target: Target, feeds: Plan['feeds']): CompiledStep {
  const { tool, resource, prompt, complete, list, checks } = step;
  const template = (value: unknown) => compileTemplate(value, feeds);
  if (tool !== undefined) {
    const softErrors = compileSoftErrors(target.softErrors);
    const judgeTool: ResultJudge = (result, known) => judgeToolResult(result, softErrors, known);
    const judge = compileJudge(judgeTool, textOfTool, checks);
    return filled(callTool(tool, judge, step.progress), template(step.arguments ?? {}));
  }
  if (resource !== undefined) {
    const judge = compileJudge(judgeResource, textOfResource, checks);
    return filled(readResource(resource, judge), template(resource));
  }
  if (prompt !== undefined) {
    const judge = compileJudge(judgePrompt, textOfPrompt, checks);
    return filled(getPrompt(prompt, judge), template(step.arguments ?? {}));
  }
  if (complete !== undefined) {
    const { prompt: ofPrompt, resource: ofResource, argument, context } = complete;
    const completed = ofPrompt === undefined ? { resource: ofResource as string } : { prompt: ofPrompt };
    const judge = compileJudge(judgeCompletion, textOfCompletion, checks);
    const make = completeArgument(completed, argument.name, judge);
    return context === undefined
      ? filled(make, template(argument.value))
      : filled(make, template(argument.value), template(context));
  }
  if (list === undefined) return { makeCall: () => PING };
  const call = listItems(list);
  return { makeCall: () => call };
}

/** Gives a maker of calls the JSON texts that the templates make. */
function filled<Texts extends string[]>(make: (...texts: Texts) => Call, ...templates: Template[]): CompiledStep {
  const fill = (random: Random): Call => make(...(templates.map((template) => template.fill(random)) as Texts));
  if (templates.some((template) => !template.fixed)) return { makeCall: fill };
  const call = fill(() => 0);
  return { makeCall: () => call };
}
