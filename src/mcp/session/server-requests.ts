import { excerpt } from '../../plan/bounded-text.ts';
import type { Target } from '../../plan/target-schema.ts';
import type { Clock } from '../../traffic/clock.ts';
import type { ServerMessage } from '../http/json-rpc.ts';
import { answerElicitation } from '../operations/answer-input.ts';

/** How many answers to requests of the server may be under way in one session. */
export const MAX_ANSWERS = 16;

/** The longest id of a request that is sent back. */
const MAX_ID_CHARACTERS = 1024;

/**
 * The requests that a target can make this process send at will: answers to its own requests, and streams that it asks to
 * be opened again. Together they may be as many a second as the operator allows starts.
 */
export class ExtraRequests {
  readonly #perSecond: number;
  readonly #clock: Pick<Clock, 'now'>;
  /** How many may be sent now; grows with time, up to those of a second. */
  #left: number;
  #atMs: number;
  #refused = 0;

  constructor(perSecond: number, clock: Pick<Clock, 'now'>) {
    this.#perSecond = perSecond;
    this.#clock = clock;
    this.#left = perSecond;
    this.#atMs = clock.now();
  }

  /** Requests of the target that got no answer, because there were too many. */
  get refused(): number {
    return this.#refused;
  }

  /** Takes one, if it may be sent now. */
  take(): boolean {
    const nowMs = this.#clock.now();
    this.#left = Math.min(this.#perSecond, this.#left + ((nowMs - this.#atMs) * this.#perSecond) / 1000);
    this.#atMs = nowMs;
    if (this.#left < 1) return false;
    this.#left--;
    return true;
  }

  /** Milliseconds until another one may be sent, after `take` has refused one. */
  get waitMs(): number {
    return Math.max(1, Math.ceil(((1 - this.#left) * 1000) / this.#perSecond));
  }

  /** Counts a request of the target that gets no answer. */
  refuse(): void {
    this.#refused++;
  }
}

/**
 * JSON-RPC 2.0: the method does not exist. Clients answer so to requests for capabilities that they did not declare.
 */
const METHOD_NOT_FOUND = -32601;

/** Server requests that the protocol defines. All others share one operation, as a server may invent any number. */
const KNOWN: ReadonlySet<string> = new Set(['ping', 'elicitation/create', 'sampling/createMessage', 'roots/list']);

/**
 * The response to a request of the server; undefined for an id that cannot be sent back. `ping` gets its empty result,
 * and an elicitation gets what the plan allows. Everything else is answered with "method not found": sampling and roots
 * are never declared.
 * @returns the response as JSON text, and the operation that its sample counts under
 */
export function answerServer(
  { id, method, params }: ServerMessage,
  elicitation: Target['elicitation'],
): { readonly operation: string; readonly body: string } | undefined {
  if (typeof id !== 'number' && (typeof id !== 'string' || id.length > MAX_ID_CHARACTERS)) return undefined;
  const operation = KNOWN.has(method) ? `response:${method}` : 'response';
  const result = resultOf(method, params, elicitation);
  if (result !== undefined) return { operation, body: JSON.stringify({ jsonrpc: '2.0', id, result }) };
  const error = { code: METHOD_NOT_FOUND, message: `this client does not have ${excerpt(method, MAX_ID_CHARACTERS)}` };
  return { operation, body: JSON.stringify({ jsonrpc: '2.0', id, error }) };
}

function resultOf(method: string, params: unknown, elicitation: Target['elicitation']): object | undefined {
  if (method === 'ping') return {};
  if (method === 'elicitation/create' && elicitation === 'defaults') return answerElicitation(params);
  return undefined;
}
