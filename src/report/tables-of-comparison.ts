import {
  type ComparedCounts,
  type ComparedFigures,
  type Comparison,
  type ComparisonVerdict,
  judgedOf,
  type OperationComparison,
  type TotalsComparison,
  type UsefulVerdict,
} from '../comparison/comparison.ts';
import {
  comparisonVerdictWords,
  formatChange,
  formatChangeRange,
  formatPoints,
  formatPointsRange,
  roundPercent,
  usefulVerdictWords,
} from './comparison-wording.ts';
import { formatCount, formatMs, formatShare } from './format.ts';
import { byTarget, type Cell, figures, makeTable, type Table, type Tone, toned, words } from './table.ts';
import { operationColumn } from './tables-of-operations.ts';

const USEFUL_TONES: Readonly<Partial<Record<UsefulVerdict, Tone>>> = {
  'fails-more': 'bad',
  'fails-less': 'good',
  'too-little-data': 'quiet',
};

type UsefulRow = TotalsComparison & { readonly operation: string };

/** The share of useful requests of each operation in both runs, and of all operations together. */
export function comparedUsefulTable({ operations, totals, rules }: Comparison): Table {
  const totalName = operations.some(({ kind }) => kind === 'step') ? 'all steps' : 'all operations';
  const all: UsefulRow[] = totals === null || operations.length < 2 ? [] : [{ ...totals, operation: totalName }];
  const counts = (each: ComparedCounts) => `${formatCount(each.useful)} of ${formatCount(judgedOf(each))}`;
  return makeTable<UsefulRow>({
    id: 'compared-useful',
    caption: `Share of useful requests, and its change in percentage points with the ${roundPercent(rules.confidence)} confidence interval`,
    columns: [
      words('Result', ({ usefulVerdict }) =>
        verdictCell(usefulVerdictWords[usefulVerdict], USEFUL_TONES[usefulVerdict]),
      ),
      operationColumn,
      figures('Baseline', ({ baseline }) => shareOf(baseline)),
      figures('This run', (each) => toned(shareOf(each.current), 'bad', each.usefulVerdict === 'fails-more')),
      figures('Change', ({ usefulRateChange }) => known(usefulRateChange, ({ estimate }) => formatPoints(estimate))),
      figures('Interval', ({ usefulRateChange }) => known(usefulRateChange, formatPointsRange), { drop: 1 }),
      figures('Useful, baseline', ({ baseline }) => counts(baseline), { drop: 3 }),
      figures('Useful, this run', ({ current }) => counts(current), { drop: 2 }),
    ],
    groups: [{ title: null, items: all }, ...byTarget(operations)],
  });
}

function shareOf(counts: ComparedCounts): string {
  return judgedOf(counts) === 0 ? '–' : formatShare(counts.usefulRate);
}

const LATENCY_TONES: Readonly<Partial<Record<ComparisonVerdict, Tone>>> = {
  slower: 'bad',
  faster: 'good',
  'too-little-data': 'quiet',
  'not-comparable': 'quiet',
};

/** The latency of each operation in both runs, with the change and its confidence interval. */
export function comparedLatencyTable({ operations, rules }: Comparison): Table {
  const isBounded = operations.some(({ baseline, current }) => baseline.atLeast ?? current.atLeast);
  const bounds = isBounded ? '; ≥ marks a lower bound, where requests had no answer' : '';
  return makeTable<OperationComparison>({
    id: 'comparison',
    caption: `${rules.metric} of useful requests in ms, and its change with the ${roundPercent(rules.confidence)} confidence interval${bounds}`,
    columns: [
      words('Result', ({ verdict }) => verdictCell(comparisonVerdictWords[verdict], LATENCY_TONES[verdict])),
      operationColumn,
      figures('Baseline', ({ baseline }) => latencyOf(baseline)),
      figures('This run', ({ current }) => latencyOf(current)),
      figures('Change', ({ change }) => known(change, ({ estimate }) => formatChange(estimate))),
      figures('Interval', ({ change }) => known(change, formatChangeRange), { drop: 1 }),
      figures('Change, ms', ({ changeMs }) => known(changeMs, ({ estimate }) => signedMs(estimate)), { drop: 3 }),
    ],
    groups: byTarget(operations),
  });
}

function latencyOf({ latencyMs, atLeast }: ComparedFigures): string {
  return `${atLeast === true ? '≥ ' : ''}${formatMs(latencyMs)}`;
}

function known<T>(value: T | null, format: (value: T) => string): string {
  return value === null ? '–' : format(value);
}

function verdictCell({ mark, word }: { readonly mark: string; readonly word: string }, tone: Tone | undefined): Cell {
  return { text: word, mark, ...(tone === undefined ? {} : { tone }) };
}

function signedMs(ms: number): string {
  return `${ms < 0 ? '−' : '+'}${formatMs(Math.abs(ms))}`;
}
