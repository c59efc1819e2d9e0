import type { OperationSummary, OutcomeGroup } from '../../summary/summary.ts';
import { formatCount, formatMs, formatRate, formatShare, formatTimeOfDay } from '../format.ts';
import { outcomeMeaning } from '../outcome-meaning.ts';
import type { Report } from '../report.ts';
import { byTarget, CALL_KINDS, type OperationCalls, operationsWithColdCalls } from '../tables.ts';
import { pauseSentences, warmUpSentences } from '../wording.ts';
import { type Ink, type Paint, shortenEnd, type TextCell, type TextColumn, textTable, wrap } from './text-table.ts';

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

const COLD_CALL_COLUMNS: readonly TextColumn[] = [
  { heading: 'target, operation', align: 'left', shrinks: true },
  ...CALL_KINDS.flatMap(([, title]): TextColumn[] => [
    { heading: title.replace(' of session', ''), align: 'right' },
    { heading: 'p50', align: 'right' },
    { heading: 'p95', align: 'right' },
  ]),
];

/** How many first, idle and warm calls each operation had and what they took; no lines when all are of one kind. */
export function textColdCalls(operations: readonly OperationSummary[], width: number, paint: Ink): string[] {
  const shown = operationsWithColdCalls(operations);
  if (shown.length === 0) return [];
  const rows = byTarget(shown).flatMap((group) => [
    [{ text: group.target, paint: paint.bold }],
    ...group.operations.map(coldCallRow),
  ]);
  const [heading = '', ...lines] = textTable(COLD_CALL_COLUMNS, rows, width);
  return [paint.dim(heading), ...lines];
}

function coldCallRow({ operation, calls }: OperationCalls): TextCell[] {
  const kinds = CALL_KINDS.flatMap(([kind]) => {
    const { count, latencyMs } = calls[kind];
    return [formatCount(count), formatMs(latencyMs?.p50), formatMs(latencyMs?.p95)];
  });
  return [`  ${operation}`, ...kinds];
}

const OUTCOME_COLUMNS: readonly TextColumn[] = [
  { heading: 'count', align: 'right' },
  { heading: 'outcome', align: 'left', shrinks: true },
  { heading: 'target', align: 'left', shrinks: true },
  { heading: 'operation', align: 'left', shrinks: true },
  { heading: 'first UTC', align: 'left', shrinks: true },
  { heading: 'last UTC', align: 'left', shrinks: true },
];
const MOST_GROUPS = 20;
const INDENT = ' '.repeat(6);
const EXAMPLE_LINES = 2;

/**
 * Groups of failures (or warnings), the most frequent first: what, where, how often, and one message in the target's
 * own words. The meaning of an outcome is said at its first group only.
 */
export function textOutcomes(
  groups: readonly OutcomeGroup[],
  startedAt: string,
  width: number,
  paint: Ink,
  tint: Paint,
): string[] {
  const shown = groups.slice(0, MOST_GROUPS);
  const rows = shown.map((group) => [
    { text: formatCount(group.count), paint: tint },
    { text: group.outcome, paint: tint },
    group.target,
    group.operation,
    formatTimeOfDay(group.firstAt, startedAt),
    formatTimeOfDay(group.lastAt, startedAt),
  ]);
  const [heading = '', ...lines] = textTable(OUTCOME_COLUMNS, rows, width);
  const explained = new Set<string>();
  const body = shown.flatMap((group, index) => {
    const meaning = explained.has(group.outcome) ? [] : wrap(outcomeMeaning(group.outcome), width - INDENT.length);
    explained.add(group.outcome);
    const said = group.example === '' ? [] : wrap(example(group.example, width), width - INDENT.length);
    return [lines[index] ?? '', ...[...meaning.map(paint.dim), ...said].map((line) => INDENT + line)];
  });
  return [paint.dim(heading), ...body, ...remainder(groups.slice(MOST_GROUPS))];
}

function example(message: string, width: number): string {
  return `“${shortenEnd(message, (width - INDENT.length) * EXAMPLE_LINES - 12)}”`;
}

function remainder(groups: readonly OutcomeGroup[]): string[] {
  if (groups.length === 0) return [];
  const requests = groups.reduce((sum, group) => sum + group.count, 0);
  return [`${INDENT}and ${formatCount(groups.length)} rarer groups with ${formatCount(requests)} requests`];
}
