import type { OperationSummary } from '../../summary/summary.ts';
import { byTarget } from '../by-target.ts';
import { CALL_KINDS, type OperationCalls, operationsWithColdCalls } from '../cold-calls.ts';
import { formatCount, formatMs } from '../format.ts';
import type { Ink } from './ink.ts';
import { type TextCell, type TextColumn, textTable } from './text-table.ts';

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
