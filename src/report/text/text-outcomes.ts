import type { OutcomeGroup } from '../../summary/summary.ts';
import { formatCount, formatTimeOfDay } from '../format.ts';
import { outcomeMeaning } from '../outcome-meaning.ts';
import type { Ink, Paint } from './ink.ts';
import { shortenEnd } from './shorten.ts';
import { type TextColumn, textTable } from './text-table.ts';
import { wrap } from './wrap.ts';

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
