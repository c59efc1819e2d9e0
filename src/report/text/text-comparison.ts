import type { Comparison, OperationComparison } from '../../comparison/comparison.ts';
import {
  comparisonRemarks,
  comparisonSentences,
  comparisonVerdictWords,
  formatChange,
  formatChangeRange,
  roundPercent,
  usefulRateMoved,
} from '../comparison-wording.ts';
import { formatMs, formatShare } from '../format.ts';
import type { Ink } from './ink.ts';
import { type TextCell, type TextColumn, textTable } from './text-table.ts';
import { wrap } from './wrap.ts';

/** Each operation with its figure in both runs, the change and its interval, by target; then what is to be said of it. */
export function textComparison(comparison: Comparison, width: number, paint: Ink): string[] {
  const { operations, rules } = comparison;
  const columns: readonly TextColumn[] = [
    { heading: '', align: 'left' },
    { heading: 'target, operation', align: 'left', shrinks: true },
    { heading: 'baseline', align: 'right' },
    { heading: `${rules.metric} ms`, align: 'right' },
    { heading: 'change', align: 'right' },
    { heading: `${roundPercent(rules.confidence)} interval`, align: 'right' },
    { heading: 'useful', align: 'right' },
  ];
  const rows = [...Map.groupBy(operations, ({ target }) => target)].flatMap(([target, each]) => [
    ['', { text: target, paint: paint.bold }],
    ...each.map((operation) => row(operation, paint)),
  ]);
  const [heading = '', ...lines] = operations.length === 0 ? [] : textTable(columns, rows, width);
  return [
    ...comparisonSentences(comparison).flatMap((sentence) => indented(sentence, width)),
    ...(operations.length === 0 ? [] : [paint.dim(heading), ...lines]),
    ...comparisonRemarks(comparison).flatMap((remark) => indented(remark, width).map(paint.yellow)),
  ];
}

function row(each: OperationComparison, paint: Ink): TextCell[] {
  const { verdict, operation, baseline, current, change } = each;
  const tint = { slower: paint.red, faster: paint.green, same: paint.dim, 'too-little-data': paint.yellow }[verdict];
  const { mark, word } = comparisonVerdictWords[verdict];
  const useful = formatShare(current.usefulRate);
  return [
    { text: `${mark} ${word}`, paint: tint },
    operation,
    formatMs(baseline.latencyMs),
    formatMs(current.latencyMs),
    change === null ? '–' : { text: formatChange(change.estimate), paint: tint },
    change === null ? '–' : formatChangeRange(change),
    usefulRateMoved(each) === 'fell' ? { text: useful, paint: paint.red } : useful,
  ];
}

function indented(text: string, width: number): string[] {
  return wrap(text, width - 2).map((line) => `  ${line}`);
}
