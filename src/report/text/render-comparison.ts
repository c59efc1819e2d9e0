import type { Comparison } from '../../comparison/comparison.ts';
import { printable } from '../printable.ts';
import { ink } from './ink.ts';
import { textComparison } from './text-comparison.ts';

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
