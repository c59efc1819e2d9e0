import { boundedJson } from '../../plan/bounded-text.ts';
import type { RpcError } from './json-rpc.ts';

/** How much of a text is searched. Servers name a lost session in a sentence. */
const READ_CHARACTERS = 2000;

/** What servers say of a session that they do not know (any more), before or after the word. */
const GONE =
  "not found|unknown|(?:is |was )?invalid|not valid|expired|does(?: not|n't) exist|no longer|terminated|evicted|not recogni[sz]ed|unrecogni[sz]ed|not initiali[sz]ed|(?:is|was|been) closed|has ended|timed out|is gone|stale|missing";
const BEFORE = `no(?: valid| such| active| matching| transport| transport found for)?|unknown|invalid|expired|unrecogni[sz]ed|stale|missing|bad|(?:could not|can(?:no|')t|unable to|did not|failed to) (?:find|recogni[sz]e|load|look up)(?: an?| the)?`;

/** `session`, `Mcp-Session-Id`, `sessionId`, `session ID "…"`. */
const SESSION = '(?:mcp[- ]?)?session(?:[-_ ]?(?:id|identifier|key))?(?: header)?';

const LOST = new RegExp(
  `${SESSION}\\b[^\\n.]{0,60}?\\b(?:${GONE})\\b|\\b(?:${BEFORE}) (?:or \\w+ )?(?:mcp )?${SESSION}\\b|server not initiali[sz]ed|before initialization was complete`,
  'i',
);

/** True for a text that says that the server does not know the session of a request. */
export function saysSessionIsLost(text: string): boolean {
  return LOST.test(text.slice(0, READ_CHARACTERS));
}

/** The code that the official SDKs send for a session that is not found. They also use it for timeouts. */
const SESSION_NOT_FOUND = -32001;

/** JSON-RPC 2.0: errors in the method and its parameters. They are about the tool, not about the session of the protocol. */
const ABOUT_THE_CALL: ReadonlySet<number> = new Set([-32601, -32602]);

/** True for an error, in answer to a request with a session id, that means the session. */
export function meansLostSession({ code, message }: RpcError): boolean {
  if (code === SESSION_NOT_FOUND && /session/i.test(message)) return true;
  return !ABOUT_THE_CALL.has(code) && saysSessionIsLost(message);
}

/** What a message that is not JSON-RPC says about a lost session, as `{"error":"Session not found"}`; undefined if nothing. */
export function lostSessionIn(message: unknown): string | undefined {
  if (typeof message !== 'object' || message === null || !('error' in message)) return undefined;
  const text = typeof message.error === 'string' ? message.error : boundedJson(message.error, READ_CHARACTERS);
  return saysSessionIsLost(text) ? text : undefined;
}
