import { NAMED_OUTCOMES, outcomeMeaning } from '../src/report/outcome-meaning.ts';
import { outcomeClass } from '../src/sample/outcome.ts';

const INTRODUCTION = `# Outcomes

Every request has exactly one, the first that applies in the order NET, TMO, HTTP/AUTH/SESS, PROTO/SSE, RPC, TOOL. A *failed*
request did not bring what was asked for; a *warning* did, although the server bent a rule; an *aborted* one was ended by us, or
could not be sent, and counts neither way. Thresholds name them: \`mcp_failures{outcome:HTTP_429}\`.

| Outcome | Counts as | What happened |
|---|---|---|
`;

/** The text of docs/outcomes.md, from the sentences that reports explain outcomes with. */
export function outcomesPage(): string {
  const named = NAMED_OUTCOMES.map(
    (outcome) => `| \`${outcome}\` | ${outcomeClass(outcome)} | ${outcomeMeaning(outcome)} |`,
  );
  const numbered = [
    '| `HTTP_<status>` | failed | The server answered with this HTTP status, which is none of the above. |',
    '| `RPC_<code>` | failed | The server answered with this JSON-RPC error. |',
  ];
  return `${INTRODUCTION}${[...named, ...numbered].join('\n')}\n`;
}
