import { formatCount, formatMs, formatRate } from '../format.ts';
import type { Report } from '../report.ts';
import { scenarioRows } from '../tables.ts';
import type { Ink } from './ink.ts';
import { type TextColumn, textTable } from './text-table.ts';

const right = (heading: string): TextColumn => ({ heading, align: 'right' });
const SCENARIO_COLUMNS: readonly TextColumn[] = [
  { heading: 'scenario', align: 'left', shrinks: true },
  ...['planned', 'done', 'dropped', 'late', 'per s', 'p50 ms', 'p95 ms', 'p99 ms'].map(right),
];

/** The iterations of each scenario; no lines when there is one whose virtual users set the pace: the totals say all. */
export function textScenarios(report: Report, width: number, paint: Ink): string[] {
  const rows = scenarioRows(report);
  if (rows.length === 0) return [];
  const [heading = '', ...lines] = textTable(
    SCENARIO_COLUMNS,
    rows.map(({ scenario, planned, iterations, dropped, late, perSecond, iterationMs }) => [
      scenario,
      planned === null ? '–' : formatCount(planned),
      formatCount(iterations),
      dropped > 0 ? { text: formatCount(dropped), paint: paint.yellow } : '0',
      late === null ? '–' : late > 0 ? { text: formatCount(late), paint: paint.yellow } : '0',
      formatRate(perSecond),
      formatMs(iterationMs?.p50),
      formatMs(iterationMs?.p95),
      formatMs(iterationMs?.p99),
    ]),
    width,
  );
  return [paint.dim(heading), ...lines];
}
