import { formatObserved } from '../format.ts';
import type { Report } from '../report.ts';
import { overWords, seenWords } from '../threshold-words.ts';
import { html, type Markup } from './markup.ts';
import { name } from './name.ts';
import { scrollTable } from './scroll-table.ts';

/** The thresholds of the plan and how they came out; null when the plan has none. */
export function thresholdsSection({ thresholds }: Report): Markup | null {
  if (thresholds.length === 0) return null;
  const rows = thresholds.map((threshold) => {
    const { metric, expression, ok, observed, at } = threshold;
    const over = overWords(threshold);
    return html`<tr><td>${passOrFail(ok)}</td>
<th scope="row" class="metric"><code>${name(metric)}</code></th><td class="expression"><code>${expression}</code>${
      over === '' ? null : html`<p>over ${over}</p>`
    }</td><td class="n">${observed === null ? 'no samples' : formatObserved(observed)}${
      at === undefined ? null : html`<p>${seenWords(at)}</p>`
    }</td></tr>`;
  });
  return html`<section id="thresholds"><h2>Thresholds</h2>
${scrollTable(
  'Thresholds',
  html`<table><caption>Conditions of the plan; durations in ms, rates as fractions</caption>
<thead><tr><th scope="col">Result</th><th scope="col">Metric</th><th scope="col">Threshold</th><th scope="col" class="n">Observed</th></tr></thead>
<tbody>${rows}</tbody></table>`,
)}</section>`;
}

/** A result as mark and word, so that its colour is not needed. */
export function passOrFail(ok: boolean): Markup {
  return ok
    ? html`<span class="ok"><span aria-hidden="true">✓</span> held</span>`
    : html`<span class="broken"><span aria-hidden="true">✗</span> broken</span>`;
}
