import { isWithinJson } from '../../plan/bounded-text.ts';
import { asRecord, isRecord } from '../../plan/primitives.ts';
import type { Target } from '../../plan/target-schema.ts';

/**
 * The capabilities to declare to a server. Sampling and roots are never declared: a load client has no model and no
 * file system behind it.
 */
export function clientCapabilities(elicitation: Target['elicitation']): object {
  return elicitation === 'none' ? {} : { elicitation: { form: {} } };
}

/** The longest answer to a form: its defaults are the server's own text, and are sent back. */
const MAX_CONTENT_CHARACTERS = 65_536;

type Value = string | number | boolean | readonly string[];

/** A user's answer to a form (MCP 2025-06-18, "Elicitation"). */
type ElicitationAnswer =
  | { readonly action: 'accept'; readonly content: Readonly<Record<string, Value>> }
  | { readonly action: 'decline' };

/**
 * Answers elicitation/create, in either era, as a user who accepts a form unchanged: with the defaults of its schema
 * (SEP-1034), without optional fields that have none. A form with a required field that has no default is declined, and so is one with
 * defaults that are too long.
 * @returns undefined when the params are not a form: a mode that was not declared (`url`), or no schema
 */
export function answerElicitation(params: unknown): ElicitationAnswer | undefined {
  if (!isRecord(params) || (params.mode ?? 'form') !== 'form') return undefined;
  const { requestedSchema } = params;
  if (!isRecord(requestedSchema) || !isRecord(requestedSchema.properties)) return undefined;
  const { properties, required } = requestedSchema;
  const defaults = Object.entries(properties).flatMap(([name, field]): [string, Value][] => {
    const value = asRecord(field).default;
    return isValue(value) ? [[name, value]] : [];
  });
  const content = Object.fromEntries(defaults);
  if (!isWithinJson(content, MAX_CONTENT_CHARACTERS)) return { action: 'decline' };
  const lacking =
    Array.isArray(required) && required.some((name) => typeof name !== 'string' || !Object.hasOwn(content, name));
  return lacking ? { action: 'decline' } : { action: 'accept', content };
}

function isValue(value: unknown): value is Value {
  if (Array.isArray(value)) return value.every((item) => typeof item === 'string');
  return ['string', 'number', 'boolean'].includes(typeof value);
}

/**
 * Answers a result that asks for more input (`input_required`, MCP 2026-07-28, "Multi Round-Trip Requests"), or a task
 * that waits for input. The same request is then sent again with this answer, under a new id. Each input request gets
 * its response under its key. `requestState` is returned exactly as it came, if it came. There is no answer when a
 * request is one that mcp-surge does not answer, when the state is not a string or is too long, or when there is neither a request nor
 * a state.
 * @returns members for the params (see addParams): JSON text without braces; undefined when there is no answer, or the
 * result asks for nothing
 */
export function answerInput(result: unknown, elicitation: Target['elicitation']): string | undefined {
  if (!isRecord(result) || !asksForInput(result)) return undefined;
  const requests = result.inputRequests ?? {};
  const state = result.requestState ?? undefined;
  if (!isRecord(requests) || (state !== undefined && !isState(state))) return undefined;
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

/** The longest state that is returned to the server. */
const MAX_STATE_CHARACTERS = 1_000_000;

function isState(state: unknown): boolean {
  return typeof state === 'string' && state.length <= MAX_STATE_CHARACTERS;
}

/** A result asks for input by its type, a task by its status (extension `io.modelcontextprotocol/tasks`). */
function asksForInput({ resultType, status }: Readonly<Record<string, unknown>>): boolean {
  return resultType === 'input_required' || status === 'input_required';
}
