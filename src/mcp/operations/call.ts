import { boundedJson, excerpt, quoted } from '../../plan/bounded-text.ts';
import { asRecord, isRecord } from '../../plan/primitives.ts';
import type { Target } from '../../plan/target-schema.ts';
import type { OperationKind } from '../../sample/block.ts';
import { type Judgement, type ResultJudge, USEFUL } from '../http/json-rpc.ts';
import { answerInput } from './answer-input.ts';

/** The judgement of a result that does not have the shape that its method defines. */
export function shapeError(method: string, expected: string): Judgement {
  return { outcome: 'PROTO_SHAPE', message: `${method}: expected ${expected}` };
}

/** One request of the protocol, serialised as far as possible before a session of either era sends it. */
export type Call = {
  /** The operation that its samples count under, e.g. `tools/call:search_code`. */
  readonly operation: string;
  /** `step` by default; `protocol` for a request that no step of the plan asks for. */
  readonly kind?: OperationKind;
  readonly method: string;
  /** The name of the tool or prompt, or the resource's URI. The stateless era repeats it in a header. */
  readonly name: string | undefined;
  /** JSON text of the params, an object without `_meta`. */
  readonly params: string;
  /** Judges the result, including the plan's checks. */
  readonly judge: ResultJudge;
  /** Asks the server for progress notifications. */
  readonly progress: boolean;
};

/**
 * Adds members at the end of params.
 * @param params JSON text of an object
 * @param members JSON text of the members, without braces; may be empty
 */
export function addParams(params: string, members: string): string {
  if (members === '') return params;
  return params === '{}' ? `{${members}}` : `${params.slice(0, -1)},${members}}`;
}

/**
 * Judges a result by its type (MCP 2026-07-28, `resultType`). A result without a type is complete. A result that asks
 * for input is useful when the input can be given: the call then continues with it (answerInput).
 * @returns undefined for a complete result, which must then be judged by its content
 */
export function judgeResultType(result: unknown, elicitation: Target['elicitation']): Judgement | undefined {
  if (!isRecord(result)) return undefined;
  const resultType = result.resultType ?? 'complete';
  if (resultType === 'complete') return undefined;
  if (resultType !== 'input_required') {
    return { outcome: 'PROTO_RESULT_TYPE', message: `resultType ${boundedJson(resultType)}` };
  }
  if (answerInput(result, elicitation) !== undefined) return USEFUL;
  return { outcome: 'RPC_INPUT_REQUIRED', message: askedFor(result) };
}

/** The requests for input that a message names. */
const MOST_REQUESTS = 20;

function askedFor({ inputRequests }: Readonly<Record<string, unknown>>): string {
  const requests = Object.entries(asRecord(inputRequests));
  if (requests.length === 0) return 'the server asks for input but does not say which';
  const asked = requests.slice(0, MOST_REQUESTS).map(([key, request]) => {
    return `${excerpt(key, 200)} (${isRecord(request) ? quoted(request.method, 200) : 'no request'})`;
  });
  return `the server asks for input that the plan does not give: ${asked.join(', ')}`;
}

/** Checks that the server responds; MCP until 2025-11-25. */
export const PING: Call = {
  operation: 'ping',
  method: 'ping',
  name: undefined,
  params: '{}',
  judge: (result) => (isRecord(result) ? USEFUL : shapeError('ping', 'an object')),
  progress: false,
};
