import type { ComparisonVerdict, OperationComparison } from '../../comparison/comparison.ts';
import {
  comparisonRemarks,
  comparisonSentences,
  comparisonVerdictWords,
  formatChange,
  formatChangeRange,
  roundPercent,
  usefulRateMoved,
} from '../comparison-wording.ts';
import { formatMs, formatShare } from '../format.ts';
import type { Report } from '../report.ts';
import { html, type Markup } from './markup.ts';
import { name } from './name.ts';
import { scrollTable } from './scroll-table.ts';

const CLASSES: Readonly<Record<ComparisonVerdict, string>> = {
  slower: 'broken',
  faster: 'ok',
  same: 'same',
  'too-little-data': 'few',
};

/** How the run differs from its baseline, operation by operation; null when it has none. */
export function comparisonSection({ comparison }: Report): Markup | null {
  if (comparison === undefined) return null;
  const { operations, rules } = comparison;
  const groups = [...Map.groupBy(operations, ({ target }) => target)].map(
    ([target, each]) =>
      html`<tbody><tr class="group"><th scope="rowgroup" colspan="8">${target}</th></tr>${each.map(row)}</tbody>`,
  );
  const remarks = comparisonRemarks(comparison);
  const table = html`<table class="operations"><caption>${rules.metric} of useful requests in ms, and its change with the ${roundPercent(rules.confidence)} confidence interval</caption>
<thead><tr><th scope="col">Operation</th><th scope="col">Result</th><th scope="col" class="n">Baseline</th><th scope="col" class="n">This run</th><th scope="col" class="n">Change</th><th scope="col" class="n">Interval</th><th scope="col" class="n">Change, ms</th><th scope="col" class="n">Useful, baseline → now</th></tr></thead>
${groups}</table>`;
  return html`<section id="comparison"><h2>Comparison</h2>
<p>${comparisonSentences(comparison).join(' ')}</p>
${operations.length === 0 ? null : scrollTable('Comparison', table)}
${remarks.length === 0 ? null : html`<ul class="remarks">${remarks.map((remark) => html`<li>${remark}</li>`)}</ul>`}</section>`;
}

function row(each: OperationComparison): Markup {
  const { operation, verdict, baseline, current, change, changeMs } = each;
  const { mark, word } = comparisonVerdictWords[verdict];
  return html`<tr><th scope="row">${name(operation)}</th><td><span class="${CLASSES[verdict]}"><span aria-hidden="true">${mark}</span> ${word}</span></td><td class="n">${formatMs(baseline.latencyMs)}</td><td class="n">${formatMs(current.latencyMs)}</td><td class="n">${change === null ? '–' : formatChange(change.estimate)}</td><td class="n">${change === null ? '–' : formatChangeRange(change)}</td><td class="n">${changeMs === null ? '–' : signedMs(changeMs.estimate)}</td><td class="${
    usefulRateMoved(each) === 'fell' ? 'n bad' : 'n'
  }">${formatShare(baseline.usefulRate)} → ${formatShare(current.usefulRate)}</td></tr>`;
}

function signedMs(ms: number): string {
  return `${ms < 0 ? '−' : '+'}${formatMs(Math.abs(ms))}`;
}
