import { NAMED_OUTCOMES, outcomeMeaning } from '../src/report/outcome-meaning.ts';
import { outcomeClass } from '../src/sample/outcome.ts';

const INTRODUCTION = `# Outcomes

Every request has exactly one outcome: the first that applies, in the order NET, TMO, HTTP/AUTH/SESS, PROTO/SSE, RPC, TOOL.

- *useful*: the response is usable.
- *warning*: the response is usable and counts as useful, but the server broke a rule of the protocol.
- *failed*: the request did not return a usable response.
- *censored*: a stop ended the request before its response. Only a lower bound of its latency is known.
- *aborted*: mcp-surge could not send the request. It counts neither as useful nor as failed.

Thresholds can name an outcome: \`mcp_failures{outcome:HTTP_429}\`.

| Outcome | Counts as | What happened |
|---|---|---|
`;

/** The text of docs/outcomes.md, from the sentences with which reports explain outcomes. */
export function outcomesPage(): string {
  const named = NAMED_OUTCOMES.map(
    (outcome) => `| \`${outcome}\` | ${outcomeClass(outcome)} | ${outcomeMeaning(outcome)} |`,
  );
  const numbered = [
    '| `HTTP_<status>` | failed | The server returned this HTTP status, and no outcome above applies. |',
    '| `RPC_<code>` | failed | The server returned this JSON-RPC error. |',
  ];
  return `${INTRODUCTION}${[...named, ...numbered].join('\n')}\n`;
}
