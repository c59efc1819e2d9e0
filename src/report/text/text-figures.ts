import type { OperationSummary } from '../../summary/summary.ts';
import { byTarget } from '../by-target.ts';
import { formatCount, formatMs, formatRate, formatShare } from '../format.ts';
import { pauseSentences } from '../pause-words.ts';
import type { Report } from '../report.ts';
import { warmUpSentences } from '../warm-up-words.ts';
import type { Ink } from './ink.ts';
import { type TextCell, type TextColumn, textTable } from './text-table.ts';
import { wrap } from './wrap.ts';

const right = (heading: string): TextColumn => ({ heading, align: 'right' });

const OPERATION_COLUMNS: readonly TextColumn[] = [
  { heading: 'target, operation', align: 'left', shrinks: true },
  ...['count', 'failures', 'req/s', 'p50 ms', 'p95 ms', 'p99 ms', 'max ms'].map(right),
];

/** The totals as a table of one row. */
export function textTotals(report: Report, width: number, paint: Ink): string[] {
  const { totals, iterationMs } = report;
  const columns = ['requests', 'useful', 'failures', 'failed', 'req/s', 'iterations', 'dropped', 'iteration p50 ms'];
  const failed = totals.failures > 0 ? paint.red : (text: string) => text;
  const [heading = '', row = ''] = textTable(
    columns.map(right),
    [
      [
        formatCount(totals.requests),
        formatCount(totals.useful),
        { text: formatCount(totals.failures), paint: failed },
        { text: formatShare(totals.failureRate), paint: failed },
        formatRate(totals.requestsPerSecond),
        formatCount(totals.iterations),
        {
          text: formatCount(totals.droppedIterations),
          paint: totals.droppedIterations > 0 ? paint.yellow : (text) => text,
        },
        formatMs(iterationMs?.p50),
      ],
    ],
    width,
  );
  return [paint.dim(heading), row];
}

/** What the totals do not cover, and what made the load smaller than the plan. */
export function textRemarks({ warmUp, pauses }: Report, width: number, paint: Ink): string[] {
  const said = (sentences: readonly string[]) => sentences.flatMap((sentence) => wrap(sentence, width - 2));
  return [...said(warmUpSentences(warmUp)), ...said(pauseSentences(pauses)).map(paint.yellow)].map(
    (line) => `  ${line}`,
  );
}

/** Count, rate and latency of each operation under the name of its target, in the order of the report. */
export function textOperations(report: Report, width: number, paint: Ink): string[] {
  const rows = byTarget(report.operations).flatMap(({ target, operations }) => [
    [{ text: target, paint: paint.bold }],
    ...operations.map((each) => operationRow(each, paint)),
  ]);
  const [heading = '', ...lines] = textTable(OPERATION_COLUMNS, rows, width);
  return [paint.dim(heading), ...lines];
}

function operationRow(operation: OperationSummary, paint: Ink): TextCell[] {
  const { latencyMs } = operation;
  const failures = formatCount(operation.failures);
  return [
    `  ${operation.operation}`,
    formatCount(operation.count),
    operation.failures > 0 ? { text: failures, paint: paint.red } : failures,
    formatRate(operation.requestsPerSecond),
    formatMs(latencyMs?.p50),
    formatMs(latencyMs?.p95),
    formatMs(latencyMs?.p99),
    formatMs(latencyMs?.max),
  ];
}
