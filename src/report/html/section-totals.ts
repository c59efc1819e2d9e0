import { formatCount, formatMs, formatRate, formatShare } from '../format.ts';
import { pauseSentences } from '../pause-words.ts';
import type { Report } from '../report.ts';
import { warmUpSentences } from '../warm-up-words.ts';
import { html, type Markup } from './markup.ts';

/** The counts of the whole run, as large figures, and the pauses that explain a load below the plan. */
export function totalsSection({ totals, iterationMs, pauses, warmUp }: Report): Markup {
  const usefulShare = totals.requests === 0 ? '' : formatShare(totals.useful / totals.requests);
  return html`<section id="totals"><h2>Totals</h2>
<dl class="tiles">
${tile('Requests', formatCount(totals.requests), `${formatRate(totals.requestsPerSecond)} per second`)}
${tile('Useful', formatCount(totals.useful), usefulShare)}
${tile('Failures', formatCount(totals.failures), formatShare(totals.failureRate), totals.failures > 0 ? 'tone-bad' : '')}
${tile('Iterations', formatCount(totals.iterations), iterationMs === null ? '' : `p50 ${formatMs(iterationMs.p50)} · p95 ${formatMs(iterationMs.p95)} ms`)}
${tile('Dropped iterations', formatCount(totals.droppedIterations), 'starts that could not be made', totals.droppedIterations > 0 ? 'tone-warn' : '')}
</dl>${warmUpSentences(warmUp).map((sentence) => html`\n<p class="hint">${sentence}</p>`)}${
    pauses.length === 0
      ? null
      : html`
<ul class="remarks">${pauseSentences(pauses).map((sentence) => html`<li>${sentence}</li>`)}</ul>`
  }</section>`;
}

function tile(title: string, value: string, detail: string, tone = ''): Markup {
  return html`<div class="tile ${tone}"><dt>${title}</dt><dd>${value}</dd>${detail === '' ? null : html`<dd class="detail">${detail}</dd>`}</div>`;
}
