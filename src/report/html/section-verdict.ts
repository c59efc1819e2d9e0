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
import { formatDuration, formatInstant, formatMs, formatObserved, formatShare } from '../format.ts';
import type { Report } from '../report.ts';
import {
  type CeilingRow,
  ceilingFinding,
  ceilingRows,
  levelWords,
  overWords,
  seenWords,
  verdictWords,
} from '../wording.ts';
import { html, type Markup, name, scrollTable } from './markup.ts';

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

/** Which stages held; null when the plan has no conditions over stages. */
export function ceilingSection({ ceiling }: Report): Markup | null {
  if (ceiling === undefined) return null;
  const rows = ceilingRows(ceiling).map(
    ({ result, stage, level, time, broken }) => html`<tr><td>${RESULTS[result]}</td>
<th scope="row" class="n">${stage}</th><td class="n">${level}</td><td class="n">${time}</td><td class="expression">${broken === '' ? null : html`<code>${broken}</code>`}</td></tr>`,
  );
  return html`<section id="ceiling"><h2>Ceiling</h2>
<p>${ceilingFinding(ceiling)}</p>
${scrollTable(
  'Ceiling',
  html`<table><caption>Stages of scenario ${ceiling.scenario}, and the conditions that did not hold in them</caption>
<thead><tr><th scope="col">Result</th><th scope="col" class="n">Stage</th><th scope="col" class="n">${levelWords[ceiling.unit]}</th><th scope="col" class="n">Time</th><th scope="col">Broken</th></tr></thead>
<tbody>${rows}</tbody></table>`,
)}</section>`;
}

const RESULTS: Readonly<Record<CeilingRow['result'], Markup>> = {
  held: html`<span class="ok"><span aria-hidden="true">✓</span> held</span>`,
  broke: html`<span class="broken"><span aria-hidden="true">✗</span> broke</span>`,
  'not run': html`<span aria-hidden="true">–</span> not run`,
};

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

/** How the figures were made and what limits them. */
export function notesSection({ notes }: Report): Markup | null {
  if (notes.length === 0) return null;
  return html`<section id="notes"><h2>Notes</h2><ul>${notes.map((note) => html`<li>${note}</li>`)}</ul></section>`;
}
