import type {
  Comparison,
  ComparisonVerdict,
  Interval,
  OperationComparison,
  OperationName,
} from '../comparison/comparison.ts';
import { formatDuration, formatInstant, formatShare } from './format.ts';

/** An operation's verdict in words. The mark says the same as the colour, for those who do not see the colour. */
export const comparisonVerdictWords: Readonly<
  Record<ComparisonVerdict, { readonly mark: string; readonly word: string }>
> = {
  slower: { mark: '▲', word: 'slower' },
  faster: { mark: '▼', word: 'faster' },
  same: { mark: '=', word: 'same' },
  'too-little-data': { mark: '?', word: 'too little data' },
};

const ORDER: readonly ComparisonVerdict[] = ['slower', 'faster', 'same', 'too-little-data'];

/** What was compared and with which result, then what the words mean; a sentence each. */
export function comparisonSentences({ baseline, operations, rules }: Comparison): readonly string[] {
  const counts = ORDER.map(
    (verdict) => [verdict, operations.filter((each) => each.verdict === verdict).length] as const,
  )
    .filter(([, count]) => count > 0)
    .map(
      ([verdict, count]) =>
        `${count} ${verdict === 'too-little-data' ? 'with ' : ''}${comparisonVerdictWords[verdict].word}`,
    );
  const when = `${formatInstant(baseline.startedAt)} UTC, ${formatDuration(baseline.durationSeconds)}`;
  return [
    `Compared with run ${baseline.runId} of ${baseline.plan.name} (${when}).`,
    counts.length === 0 ? 'No operation is in both runs.' : `${counts.join(', ')}.`,
    `Slower or faster means that ${rules.metric} changed by ${roundPercent(rules.tolerance)} or more, with ${roundPercent(rules.confidence)} confidence that this is not chance.`,
  ];
}

/** Sentences about single operations and the two runs, for after the table. */
export function comparisonRemarks(comparison: Comparison): readonly string[] {
  const { operations, onlyInBaseline, onlyInCurrent, notes } = comparison;
  return [
    ...notes,
    ...[...Map.groupBy(operations, ({ reason }) => reason)]
      .filter(([reason]) => reason !== '')
      .map(([reason, each]) => `Too little data (${reason}): ${each.map(named).join(', ')}.`),
    ...operations.flatMap(usefulRateRemark),
    ...onlyOnes('Only in the baseline', onlyInBaseline),
    ...onlyOnes('Only in this run', onlyInCurrent),
  ];
}

/** A difference as a share, with its sign: `+1.3 %`, `−42 %`, `+1,250 %`. */
export function formatChange(share: number): string {
  const percent = Math.abs(share) * 100;
  if (percent < 0.05) return '±0 %';
  const digits = percent < 9.95 ? 1 : 0;
  const figure = percent.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return `${share > 0 ? '+' : '−'}${figure} %`;
}

/** A rule of the plan as a percentage: `10 %`, `99.9 %`. */
export function roundPercent(share: number): string {
  return `${Number((share * 100).toFixed(2))} %`;
}

/** Both ends of an interval of shares. */
export function formatChangeRange({ low, high }: Interval): string {
  return `${formatChange(low)} … ${formatChange(high)}`;
}

/** Whether the share of useful requests changed by more than chance explains: latency then covers different requests. */
export function usefulRateMoved({ usefulRateChange }: OperationComparison): 'fell' | 'rose' | null {
  if (usefulRateChange === null) return null;
  if (usefulRateChange.high < 0) return 'fell';
  return usefulRateChange.low > 0 ? 'rose' : null;
}

function usefulRateRemark(each: OperationComparison): string[] {
  const moved = usefulRateMoved(each);
  if (moved === null) return [];
  const [before, after] = [formatShare(each.baseline.usefulRate), formatShare(each.current.usefulRate)];
  return [
    `${named(each)}: the share of useful requests ${moved} from ${before} to ${after}; latency covers useful requests only.`,
  ];
}

function onlyOnes(title: string, operations: readonly OperationName[]): string[] {
  return operations.length === 0 ? [] : [`${title}: ${operations.map(named).join(', ')}.`];
}

function named({ target, operation }: OperationName): string {
  return `${operation} of ${target}`;
}
