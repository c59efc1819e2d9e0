import { formatDuration, formatInstant } from '../format.ts';
import type { Report } from '../report.ts';
import { verdictWords } from '../verdict-words.ts';
import { html, type Markup } from './markup.ts';

/** The head of the page: which plan, the verdict with its reasons, which run. */
export function verdictSection(report: Report): Markup {
  const { plan, verdict, runId } = report;
  const words = verdictWords[verdict.status];
  return html`<header>
<p class="kicker">mcp-surge report</p>
<h1>${plan.name}</h1>
${plan.description === '' ? null : html`<p class="lead">${plan.description}</p>`}
<section class="verdict" aria-labelledby="verdict"><h2 id="verdict"><span class="mark" aria-hidden="true">${words.mark}</span> ${words.title}</h2>
<p>${words.sentence}</p>
${verdict.reasons.length === 0 ? null : html`<ul>${verdict.reasons.map((reason) => html`<li>${reason}</li>`)}</ul>`}</section>
<dl class="facts">
<div><dt>Started</dt><dd>${formatInstant(report.startedAt)} UTC</dd></div>
<div><dt>Ended</dt><dd>${formatInstant(report.endedAt)} UTC</dd></div>
<div><dt>Duration</dt><dd>${formatDuration(report.durationSeconds)}</dd></div>
<div><dt>Run</dt><dd><code>${runId}</code></dd></div>
<div><dt>Plan hash</dt><dd><code>${plan.hash}</code></dd></div>
</dl>
</header>`;
}
