import { printable } from '../format.ts';
import { requireCurrent } from '../parse-baseline.ts';
import type { Report } from '../report.ts';
import { type SectionId, sectionsOf } from '../sections.ts';
import { verdictWords } from '../wording.ts';
import { timeAxis } from './chart-frame.ts';
import { latencyStrips } from './chart-latency.ts';
import { html, type Markup } from './markup.ts';
import { eachOperationSection, overTimeSection } from './section-charts.ts';
import { sectionMarkup, verdictHeader } from './section-markup.ts';
import { style, styleHash } from './style.ts';

/** What failed comes above every chart; what explains the other figures comes last. */
const ORDER: readonly (SectionId | 'time' | 'each')[] = [
  'failures',
  'totals',
  'ceiling',
  'thresholds',
  'checks',
  'comparison',
  'time',
  'scenarios',
  'operations',
  'answers',
  'cold',
  'sessions',
  'clocks',
  'connections',
  'each',
  'warnings',
  'deviations',
  'preflight',
  'generator',
  'targets',
  'notes',
];

/**
 * The report as one HTML page that needs nothing else: no script, no request to anywhere, light and dark, for screen,
 * phone and paper. Every text of the report is escaped, and the page's own policy would stop what slipped through.
 * @throws when the report is of another schema
 */
export function renderHtml(unsafe: Report): string {
  requireCurrent(unsafe);
  const report = printable(unsafe);
  const sections = sectionsOf(report, 'html');
  const time = timeAxis(report);
  const shown = ORDER.flatMap((id) => {
    if (id === 'time') return overTimeSection(report, time) ?? [];
    if (id === 'each') return eachOperationSection(report, time) ?? [];
    const section = sections.get(id);
    if (section === undefined) return [];
    const drawing = id === 'operations' ? latencyStrips(report.operations) : undefined;
    return { id, title: section.title, markup: sectionMarkup(id, section, drawing) };
  });
  return page(
    report,
    html`${verdictHeader(report)}
<nav aria-label="Sections">${shown.map(({ id, title }) => html`<a href="#${id}">${title}</a>`)}</nav>
<main>
${shown.map(({ markup }) => html`${markup}\n`)}</main>
<footer>mcp-surge · run <code>${report.runId}</code> · all times in UTC</footer>`,
  ).markup;
}

/** Nothing is fetched and no script runs, whatever a message of a target may contain. */
const POLICY = `default-src 'none'; style-src '${styleHash}'; img-src data:; base-uri 'none'; form-action 'none'`;

const STYLE: Markup = { markup: style };

/** The page around its body: head, style and policy. The empty icon keeps a browser from asking for one. */
function page({ plan, runId, verdict }: Report, body: Markup): Markup {
  const words = verdictWords(verdict);
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
