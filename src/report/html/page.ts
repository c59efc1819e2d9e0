import type { Report } from '../report.ts';
import { verdictWords } from '../verdict-words.ts';
import { html, type Markup } from './markup.ts';
import { style, styleHash } from './style.ts';

/** Nothing is fetched and no script runs, whatever a message of a target may contain. */
const POLICY = `default-src 'none'; style-src '${styleHash}'; img-src data:; base-uri 'none'; form-action 'none'`;

const STYLE: Markup = { markup: style };

/** The page around its body: head, style and policy. The empty icon keeps a browser from asking for one. */
export function page({ plan, runId, verdict }: Report, body: Markup): Markup {
  const words = verdictWords[verdict.status];
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<meta name="robots" content="noindex">
<meta name="generator" content="mcp-surge">
<title>${words.mark} ${words.title}: ${plan.name} (${runId})</title>
<link rel="icon" href="data:,">
<style>${STYLE}</style>
</head>
<body class="is-${verdict.status}">
${body}
</body>
</html>
`;
}
