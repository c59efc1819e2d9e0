import { type Judgement, type ResultJudge, USEFUL } from '../exchange/judgement.ts';
import type { Call } from './call.ts';
import { isRecord } from './is-record.ts';
import { misshapen } from './misshapen.ts';

const COMPLETION_COMPLETE = 'completion/complete';

/** Whose argument is completed: a prompt's, by its name, or a resource template's, by its URI template. */
export type Completed = { readonly prompt: string } | { readonly resource: string };

/**
 * Makes requests to complete one argument: its value so far is JSON text, and so is the context, an object with the
 * values of other arguments.
 */
export function completeArgument(
  completed: Completed,
  argument: string,
  judge: ResultJudge = judgeCompletion,
): (valueJson: string, contextJson?: string) => Call {
  const [name, ref] =
    'prompt' in completed
      ? [completed.prompt, { type: 'ref/prompt', name: completed.prompt }]
      : [completed.resource, { type: 'ref/resource', uri: completed.resource }];
  const operation = `${COMPLETION_COMPLETE}:${name}`;
  const head = `{"ref":${JSON.stringify(ref)},"argument":{"name":${JSON.stringify(argument)},"value":`;
  return (valueJson, contextJson) => {
    const context = contextJson === undefined ? '' : `,"context":{"arguments":${contextJson}}`;
    return {
      operation,
      method: COMPLETION_COMPLETE,
      name: undefined,
      params: `${head}${valueJson}}${context}}`,
      judge,
      progress: false,
    };
  };
}

/** Judges the result of completion/complete; that there is nothing to propose is an answer. */
export function judgeCompletion(result: unknown): Judgement {
  const completion = isRecord(result) ? result.completion : undefined;
  if (!isRecord(completion) || !Array.isArray(completion.values)) {
    return misshapen(COMPLETION_COMPLETE, 'an array "completion.values"');
  }
  if (completion.values.every((value) => typeof value === 'string')) return USEFUL;
  return misshapen(COMPLETION_COMPLETE, 'nothing but texts in completion.values');
}

/** The proposals of a completion, one a line; of a result that was judged before. */
export function textOfCompletion(result: unknown): string {
  return (result as { completion: { values: readonly string[] } }).completion.values.join('\n');
}
