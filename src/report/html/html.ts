import { printable } from '../printable.ts';
import type { Report } from '../report.ts';
import { requireCurrent } from '../require-current.ts';
import { html, type Markup } from './markup.ts';
import { page } from './page.ts';
import { ceilingSection } from './section-ceiling.ts';
import { overTimeSection } from './section-charts.ts';
import { clocksSection } from './section-clocks.ts';
import { coldCallsSection } from './section-cold-calls.ts';
import { comparisonSection } from './section-comparison.ts';
import { eachOperationSection } from './section-each-operation.ts';
import { generatorSection } from './section-generator.ts';
import { notesSection } from './section-notes.ts';
import { operationsSection } from './section-operations.ts';
import { failuresSection, warningsSection } from './section-outcomes.ts';
import { connectionsSection } from './section-run.ts';
import { scenariosSection } from './section-scenarios.ts';
import { sessionsSection } from './section-sessions.ts';
import { targetsSection } from './section-targets.ts';
import { thresholdsSection } from './section-thresholds.ts';
import { totalsSection } from './section-totals.ts';
import { verdictSection } from './section-verdict.ts';
import { timeAxis } from './time-axis.ts';

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
