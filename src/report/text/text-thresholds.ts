import type { ThresholdResult } from '../../verdict/verdict.ts';
import { formatObserved } from '../figure.ts';
import type { Ink } from './ink.ts';
import { type TextColumn, textTable } from './text-table.ts';

const COLUMNS: readonly TextColumn[] = [
  { heading: '', align: 'left' },
  { heading: 'metric', align: 'left', shrinks: true },
  { heading: 'threshold', align: 'left', shrinks: true },
  { heading: 'observed', align: 'right' },
];

/** Each threshold with ✓ or ✗ and the value that decided it. */
export function textThresholds(thresholds: readonly ThresholdResult[], width: number, paint: Ink): string[] {
  const rows = thresholds.map(({ metric, expression, ok, observed }) => [
    ok ? { text: '✓', paint: paint.green } : { text: '✗', paint: paint.red },
    metric,
    expression,
    observed === null ? 'no samples' : formatObserved(observed),
  ]);
  const [heading = '', ...lines] = textTable(COLUMNS, rows, width);
  return [paint.dim(heading), ...lines];
}
