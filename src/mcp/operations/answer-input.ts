import type { Target } from '../../plan/target-schema.ts';
import { answerElicitation } from './answer-elicitation.ts';
import { isRecord } from './is-record.ts';

/**
 * Answers a result that asks for more input (`input_required`, MCP 2026-07-28, "Multi Round-Trip Requests"): with what
 * the same request is to be sent again, under a new id. Each input request gets its response under its key;
 * `requestState` goes back exactly as it came, and only if it came. Something that this client does not answer, a state
 * that is no text, or neither requests nor state make it unanswerable. The same goes for a task that waits for input.
 * @returns members for the params (see addParams): JSON text without braces; undefined when there is no answer, or the
 * result asks for nothing
 */
export function answerInput(result: unknown, elicitation: Target['elicitation']): string | undefined {
  if (!isRecord(result) || !asksForInput(result)) return undefined;
  const requests = result.inputRequests ?? {};
  const state = result.requestState ?? undefined;
  if (!isRecord(requests) || (state !== undefined && typeof state !== 'string')) return undefined;
  const responses: string[] = [];
  for (const [key, request] of Object.entries(requests)) {
    const asksUser = isRecord(request) && request.method === 'elicitation/create';
    const response = asksUser && elicitation === 'defaults' ? answerElicitation(request.params) : undefined;
    if (response === undefined) return undefined;
    responses.push(`${JSON.stringify(key)}:${JSON.stringify(response)}`);
  }
  const members = responses.length === 0 ? [] : [`"inputResponses":{${responses.join(',')}}`];
  if (state !== undefined) members.push(`"requestState":${JSON.stringify(state)}`);
  return members.length === 0 ? undefined : members.join(',');
}

/** By its type a result asks for input, by its status a task does (extension `io.modelcontextprotocol/tasks`). */
function asksForInput({ resultType, status }: Readonly<Record<string, unknown>>): boolean {
  return resultType === 'input_required' || status === 'input_required';
}
