import type { Target } from '../../plan/target-schema.ts';
import { type Judgement, USEFUL } from '../exchange/judgement.ts';
import { answerInput } from './answer-input.ts';
import { isRecord } from './is-record.ts';

/**
 * Judges what a result says it is (MCP 2026-07-28, `resultType`); one that says nothing is complete. A result that asks
 * for input is useful where the input can be given, as the call then goes on with it (answerInput).
 * @returns undefined for a complete result, which is then to be judged by what is in it
 */
export function judgeResultType(result: unknown, elicitation: Target['elicitation']): Judgement | undefined {
  if (!isRecord(result)) return undefined;
  const resultType = result.resultType ?? 'complete';
  if (resultType === 'complete') return undefined;
  if (resultType !== 'input_required') {
    return { outcome: 'PROTO_RESULT_TYPE', message: `resultType ${JSON.stringify(resultType)}` };
  }
  if (answerInput(result, elicitation) !== undefined) return USEFUL;
  return { outcome: 'RPC_INPUT_REQUIRED', message: askedFor(result) };
}

function askedFor({ inputRequests }: Readonly<Record<string, unknown>>): string {
  const requests = Object.entries(isRecord(inputRequests) ? inputRequests : {});
  if (requests.length === 0) return 'the server asks for input without saying for which';
  const asked = requests.map(([key, request]) => `${key} (${isRecord(request) ? request.method : 'no request'})`);
  return `the server asks for input that the plan does not give: ${asked.join(', ')}`;
}
