import { printable } from '../printable.ts';
import type { Report } from '../report.ts';
import { requireCurrent } from '../require-current.ts';
import { ink } from './ink.ts';
import { textCeiling } from './text-ceiling.ts';
import { textColdCalls } from './text-cold-calls.ts';
import { textComparison } from './text-comparison.ts';
import { textOperations, textRemarks, textTotals } from './text-figures.ts';
import { textGenerator } from './text-generator.ts';
import { textOutcomes } from './text-outcomes.ts';
import { textConnections } from './text-run.ts';
import { textScenarios } from './text-scenarios.ts';
import { textSessions } from './text-sessions.ts';
import { textThresholds } from './text-thresholds.ts';
import { textVerdict } from './text-verdict.ts';
import { wrap } from './wrap.ts';

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
