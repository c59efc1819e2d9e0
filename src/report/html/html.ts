import { printable } from '../format.ts';
import { requireCurrent } from '../parse-baseline.ts';
import type { Report } from '../report.ts';
import { verdictWords } from '../wording.ts';
import { timeAxis } from './chart-frame.ts';
import { html, type Markup } from './markup.ts';
import { eachOperationSection, overTimeSection } from './section-charts.ts';
import {
  clocksSection,
  coldCallsSection,
  failuresSection,
  operationsSection,
  warningsSection,
} from './section-operations.ts';
import {
  connectionsSection,
  generatorSection,
  scenariosSection,
  sessionsSection,
  targetsSection,
  totalsSection,
} from './section-run.ts';
import {
  ceilingSection,
  comparisonSection,
  notesSection,
  thresholdsSection,
  verdictSection,
} from './section-verdict.ts';
import { style, styleHash } from './style.ts';

/**
 * The report as one HTML page that needs nothing else: no script, no request to anywhere, light and dark, for screen,
 * phone and paper. Every text of the report is escaped, and the page's own policy would stop what slipped through.
 * @throws when the report is of another schema
 */
export function renderHtml(unsafe: Report): string {
  requireCurrent(unsafe);
  const report = printable(unsafe);
  const time = timeAxis(report);
  const sections: readonly (readonly [title: string, id: string, section: Markup | null])[] = [
    ['Failures', 'failures', failuresSection(report)],
    ['Totals', 'totals', totalsSection(report)],
    ['Ceiling', 'ceiling', ceilingSection(report)],
    ['Thresholds', 'thresholds', thresholdsSection(report)],
    ['Comparison', 'comparison', comparisonSection(report)],
    ['Over time', 'time', overTimeSection(report, time)],
    ['Scenarios', 'scenarios', scenariosSection(report)],
    ['Operations', 'operations', operationsSection(report)],
    ['Cold and warm', 'cold', coldCallsSection(report)],
    ['Sessions', 'sessions', sessionsSection(report)],
    ['Clocks', 'clocks', clocksSection(report)],
    ['Connections', 'connections', connectionsSection(report)],
    ['Each operation', 'each', eachOperationSection(report, time)],
    ['Warnings', 'warnings', warningsSection(report)],
    ['Generator', 'generator', generatorSection(report)],
    ['Targets', 'targets', targetsSection(report)],
    ['Notes', 'notes', notesSection(report)],
  ];
  const shown = sections.filter(([, , section]) => section !== null);
  return page(
    report,
    html`${verdictSection(report)}
<nav aria-label="Sections">${shown.map(([title, id]) => html`<a href="#${id}">${title}</a>`)}</nav>
<main>
${shown.map(([, , section]) => html`${section}\n`)}</main>
<footer>mcp-surge · run <code>${report.runId}</code> · all times in UTC</footer>`,
  ).markup;
}

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
