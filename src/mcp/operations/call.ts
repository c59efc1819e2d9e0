import { asRecord, isRecord } from '../../plan/primitives.ts';
import type { Target } from '../../plan/target-schema.ts';
import { type Judgement, type ResultJudge, USEFUL } from '../http/json-rpc.ts';
import { answerInput } from './answer-input.ts';

/** The judgement of a result that is not what its method's definition says. */
export function shapeError(method: string, expected: string): Judgement {
  return { outcome: 'PROTO_SHAPE', message: `${method}: expected ${expected}` };
}

/** One request of the protocol, serialised as far as it can be before a session of either era sends it. */
export type Call = {
  /** What its samples are counted under, e.g. `tools/call:search_code`. */
  readonly operation: string;
  readonly method: string;
  /** The tool's or prompt's name or the resource's URI, which the stateless era repeats in a header. */
  readonly name: string | undefined;
  /** JSON text of the params, an object without `_meta`. */
  readonly params: string;
  /** Judges the result, up to the checks of the plan. */
  readonly judge: ResultJudge;
  /** Asks the server for progress notifications. */
  readonly progress: boolean;
};

/**
 * Puts further members at the end of params.
 * @param params JSON text of an object
 * @param members JSON text of the members, without braces; may be empty
 */
export function addParams(params: string, members: string): string {
  if (members === '') return params;
  return params === '{}' ? `{${members}}` : `${params.slice(0, -1)},${members}}`;
}

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
  const requests = Object.entries(asRecord(inputRequests));
  if (requests.length === 0) return 'the server asks for input without saying for which';
  const asked = requests.map(([key, request]) => `${key} (${isRecord(request) ? request.method : 'no request'})`);
  return `the server asks for input that the plan does not give: ${asked.join(', ')}`;
}

/** Asks whether the other side is there; MCP until 2025-11-25. */
export const PING: Call = {
  operation: 'ping',
  method: 'ping',
  name: undefined,
  params: '{}',
  judge: (result) => (isRecord(result) ? USEFUL : shapeError('ping', 'an object')),
  progress: false,
};
