import { NAMED_OUTCOMES, outcomeMeaning } from '../src/report/outcome-meaning.ts';
import { ERROR_TEXTS, READ_CHARACTERS, SHORT_CHARACTERS } from '../src/sample/error-text.ts';
import { outcomeClass } from '../src/sample/outcome.ts';

const INTRODUCTION = `# Outcomes

Every request has exactly one outcome: the first that applies, in the order NET, TMO, HTTP/AUTH/SESS, REPLY,
PROTO/SSE, RPC, TOOL.

- *useful*: the response is usable.
- *warning*: the response counts as useful, but the server broke a rule of the protocol, or the text reads like an error message.
- *failed*: the request did not return a usable response.
- *censored*: a stop ended the request before its response. Only a lower bound of its latency is known.
- *aborted*: mcp-surge could not send the request. It counts neither as useful nor as failed.

Thresholds can name an outcome: \`mcp_failures{outcome:HTTP_429}\`.

| Outcome | Counts as | What happened |
|---|---|---|
`;

const ERROR_TEXTS_INTRODUCTION = `
## Texts that read like an error

Some tools report failures as ordinary results: \`Error searching libraries: fetch failed\` without \`isError: true\`. mcp-surge
cannot know what a tool means, so such a request stays useful. But it gets the outcome \`TOOL_READS_LIKE_ERROR\`, the
report warns of it, and shows the \`softErrors\` that make failures of these texts. Only the plan decides: with
[\`softErrors\`](plans.md), the outcome is \`TOOL_SOFT_ERROR\` or \`TOOL_QUOTA\`, which are failures.

The text of every result of a tool is compared with the patterns below: at its beginning, after white space and signs such as
\`**\`, \`[\` or ❌, without regard to case. *Short* patterns apply only to texts of at most ${SHORT_CHARACTERS} characters, because
prose could begin with the same words. No pattern looks beyond the first ${READ_CHARACTERS} characters. Texts of resources and
prompts are not compared, because they are documents.

| The text says | Length | Suggested outcome | Example |
|---|---|---|---|
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
  const errorTexts = ERROR_TEXTS.map(({ says, length, outcome, example }) => {
    return `| ${says} | ${length} | \`${outcome}\` | \`${example.replaceAll(/\s+/g, ' ')}\` |`;
  });
  const patterns = ERROR_TEXTS.map(({ says, pattern }) => `${says}:\n\n\`\`\`text\n${pattern}\n\`\`\`\n`);
  return [
    `${INTRODUCTION}${[...named, ...numbered].join('\n')}\n`,
    `${ERROR_TEXTS_INTRODUCTION}${errorTexts.join('\n')}\n`,
    `\nThe patterns, as JavaScript regular expressions:\n\n${patterns.join('\n')}`,
  ].join('');
}
