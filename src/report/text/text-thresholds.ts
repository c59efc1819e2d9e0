import type { ThresholdResult } from '../../verdict/verdict.ts';
import { formatObserved } from '../format.ts';
import { overWords, seenWords } from '../threshold-words.ts';
import type { Ink } from './ink.ts';
import { type TextColumn, textTable } from './text-table.ts';

const COLUMNS: readonly TextColumn[] = [
  { heading: '', align: 'left' },
  { heading: 'metric', align: 'left', shrinks: true },
  { heading: 'threshold', align: 'left', shrinks: true },
  { heading: 'over', align: 'left' },
  { heading: 'observed', align: 'right' },
  { heading: '', align: 'left' },
];

/** Each threshold with ✓ or ✗ and the value that decided it. */
export function textThresholds(thresholds: readonly ThresholdResult[], width: number, paint: Ink): string[] {
  const rows = thresholds.map((threshold) => {
    const { metric, expression, ok, observed, at } = threshold;
    return [
      ok ? { text: '✓', paint: paint.green } : { text: '✗', paint: paint.red },
      metric,
      expression,
      overWords(threshold),
      observed === null ? 'no samples' : formatObserved(observed),
      { text: seenWords(at), paint: paint.dim },
    ];
  });
  // What is the same for all needs no column.
  const columns = thresholds.every(({ over }) => over === undefined)
    ? COLUMNS.filter(({ heading }) => heading !== 'over')
    : COLUMNS;
  const cells = rows.map((row) =>
    columns === COLUMNS ? row : row.filter((_, index) => COLUMNS[index]?.heading !== 'over'),
  );
  const [heading = '', ...lines] = textTable(columns, cells, width);
  return [paint.dim(heading), ...lines];
}
