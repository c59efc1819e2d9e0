import type { OperationSummary } from '../../summary/summary.ts';
import { byTarget } from '../by-target.ts';
import { formatCount, formatMs } from '../format.ts';
import type { Report } from '../report.ts';
import { connectionOperations, connectionSentences } from '../wording.ts';
import type { Ink } from './ink.ts';
import { type TextCell, type TextColumn, textTable } from './text-table.ts';
import { wrap } from './wrap.ts';

const COLUMNS: readonly TextColumn[] = [
  { heading: 'target, operation', align: 'left', shrinks: true },
  ...['new', 'connect p50', 'p95', 'TLS p50', 'p95', 'wait p95'].map(
    (heading): TextColumn => ({ heading, align: 'right' }),
  ),
  { heading: '', align: 'left', shrinks: true },
];

/** How requests came to their connections, and what is odd about these; no lines when there is nothing to say. */
export function textConnections({ operations }: Report, width: number, paint: Ink): string[] {
  const shown = connectionOperations(operations);
  if (shown.length === 0) return [];
  const rows = byTarget(shown).flatMap((group) => [
    [{ text: group.target, paint: paint.bold }],
    ...group.operations.map((each) => operationRow(each, paint)),
  ]);
  const [heading = '', ...lines] = textTable(COLUMNS, rows, width);
  const said = connectionSentences(operations).flatMap((sentence) => wrap(sentence, width - 2).map(paint.yellow));
  return [paint.dim(heading), ...lines, ...said.map((line) => `  ${line}`)];
}

function operationRow(operation: OperationSummary, paint: Ink): TextCell[] {
  const { connect, tls, socket } = operation.clocksMs;
  return [
    `  ${operation.operation}`,
    formatCount(operation.newConnections),
    formatMs(connect?.p50),
    formatMs(connect?.p95),
    formatMs(tls?.p50),
    formatMs(tls?.p95),
    formatMs(socket?.p95),
    { text: oddities(operation), paint: paint.yellow },
  ];
}

/** How many streams or requests took another way than they should, e.g. `17 cut, 3 retried`. */
function oddities({ heldStreams, resumedAnswers, retries }: OperationSummary): string {
  const counts = { cut: heldStreams, resumed: resumedAnswers, retried: retries };
  return Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([what, count]) => `${formatCount(count)} ${what}`)
    .join(', ');
}
