import { html, type Markup } from './html/markup.ts';
import { page } from './html/page.ts';
import { ceilingSection } from './html/section-ceiling.ts';
import { clocksSection } from './html/section-clocks.ts';
import { coldCallsSection } from './html/section-cold-calls.ts';
import { comparisonSection } from './html/section-comparison.ts';
import { connectionsSection } from './html/section-connections.ts';
import { eachOperationSection } from './html/section-each-operation.ts';
import { generatorSection } from './html/section-generator.ts';
import { notesSection } from './html/section-notes.ts';
import { operationsSection } from './html/section-operations.ts';
import { failuresSection, warningsSection } from './html/section-outcomes.ts';
import { overTimeSection } from './html/section-over-time.ts';
import { scenariosSection } from './html/section-scenarios.ts';
import { sessionsSection } from './html/section-sessions.ts';
import { targetsSection } from './html/section-targets.ts';
import { thresholdsSection } from './html/section-thresholds.ts';
import { totalsSection } from './html/section-totals.ts';
import { verdictSection } from './html/section-verdict.ts';
import { timeAxis } from './html/time-axis.ts';
import { printable } from './printable.ts';
import type { Report } from './report.ts';
import { requireCurrent } from './require-current.ts';

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
