import type { Comparison } from '../../comparison/comparison.ts';
import { printable } from '../format.ts';
import { requireCurrent } from '../parse-baseline.ts';
import type { Report } from '../report.ts';
import { textColdCalls, textOperations, textOutcomes, textRemarks, textTotals } from './text-figures.ts';
import { textConnections, textGenerator, textScenarios, textSessions } from './text-run.ts';
import { ink, wrap } from './text-table.ts';
import { textCeiling, textComparison, textThresholds, textVerdict } from './text-verdict.ts';

export type TextOptions = {
  /** ANSI colours; none by default. */
  readonly colour?: boolean;
  /** Columns to stay within, 100 by default; under 80 the figures of a table can become wider than this. */
  readonly width?: number;
};

/**
 * The report for a terminal: the verdict and its reasons, what failed, then the figures. Text that came from a target
 * can neither break a line nor drive the terminal.
 * @throws when the report is of another schema
 */
export function renderText(unsafe: Report, options: TextOptions = {}): string {
  const { colour = false, width = 100 } = options;
  requireCurrent(unsafe);
  const report = printable(unsafe);
  const paint = ink(colour);
  const { failures, warnings, thresholds, notes, startedAt } = report;
  const sections: readonly (readonly [title: string, lines: readonly string[]])[] = [
    ['Failures', failures.length === 0 ? [] : textOutcomes(failures, startedAt, width, paint, paint.red)],
    [
      'Warnings (counted as useful)',
      warnings.length === 0 ? [] : textOutcomes(warnings, startedAt, width, paint, paint.yellow),
    ],
    ['Totals', [...textTotals(report, width, paint), ...textRemarks(report, width, paint)]],
    ['Scenarios (iterations)', textScenarios(report, width, paint)],
    ['Operations (latency of useful requests, intended start to matching response)', operations(report, width, paint)],
    ['Cold and warm calls (useful ones; times in ms)', textColdCalls(report.operations, width, paint)],
    ['Sessions', textSessions(report.sessions, width, paint)],
    ['Connections (times in ms)', textConnections(report, width, paint)],
    ['Ceiling', report.ceiling === undefined ? [] : textCeiling(report.ceiling, width, paint)],
    ['Thresholds', thresholds.length === 0 ? [] : textThresholds(thresholds, width, paint)],
    ['Comparison', report.comparison === undefined ? [] : textComparison(report.comparison, width, paint)],
    ['Generator', textGenerator(report.generator, width, paint)],
    ['Notes', notes.flatMap((note) => wrap(note, width - 2).map((line) => `  ${line}`))],
  ];
  const shown = sections.filter(([, lines]) => lines.length > 0);
  return `${[textVerdict(report, width, paint), ...shown.map(([title, lines]) => [paint.bold(title), ...lines])]
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`;
}

function operations(report: Report, width: number, paint: ReturnType<typeof ink>): string[] {
  return report.operations.length === 0 ? ['  No request was sent.'] : textOperations(report, width, paint);
}

/** A comparison by itself for a terminal; `width` in columns. Text that came from a target cannot drive the terminal. */
export function renderComparison(
  unsafe: Comparison,
  { colour = false, width = 100 }: { readonly colour?: boolean; readonly width?: number } = {},
): string {
  const comparison = printable(unsafe);
  const paint = ink(colour);
  const title = `Run ${comparison.current.runId} of ${comparison.current.plan.name}`;
  return `${[paint.bold(title), ...textComparison(comparison, width, paint)].join('\n')}\n`;
}
