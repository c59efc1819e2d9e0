import type {
  Comparison,
  ComparisonVerdict,
  Interval,
  OperationComparison,
  OperationName,
  UsefulVerdict,
} from '../comparison/comparison.ts';
import { lacksData, lacksDataSentence } from '../comparison/comparison-verdict.ts';
import { formatDuration, formatInstant, formatShare } from './format.ts';

type MarkedWord = {
  readonly mark: string;
  readonly word: string;
  /** Of several operations; absent where it is the word. */
  readonly plural?: string;
};

/** What became of an operation's share of useful requests. The mark says the same as the colour, for those who do not see it. */
export const usefulVerdictWords: Readonly<Record<UsefulVerdict, MarkedWord>> = {
  'fails-more': { mark: '✗', word: 'fails more', plural: 'fail more' },
  'fails-less': { mark: '✓', word: 'fails less', plural: 'fail less' },
  same: { mark: '=', word: 'same' },
  'too-little-data': { mark: '?', word: 'too little data' },
};

/** What became of an operation's latency. */
export const comparisonVerdictWords: Readonly<Record<ComparisonVerdict, MarkedWord>> = {
  slower: { mark: '▲', word: 'slower' },
  faster: { mark: '▼', word: 'faster' },
  same: { mark: '=', word: 'same' },
  'too-little-data': { mark: '?', word: 'too little data' },
  'not-comparable': { mark: '≠', word: 'not comparable' },
};

/** The result, failures first, then what was compared and what the words mean; a sentence each. */
export function comparisonSentences(comparison: Comparison): readonly string[] {
  const { baseline, operations, rules } = comparison;
  const when = `${formatInstant(baseline.startedAt)} UTC, ${formatDuration(baseline.durationSeconds)}`;
  const compared = `Compared with run ${baseline.runId} of ${baseline.plan.name} (${when}).`;
  if (operations.length === 0) return [lacksDataSentence(comparison), compared];
  const useful = counted(
    usefulVerdictWords,
    operations.map(({ usefulVerdict }) => usefulVerdict),
  );
  const latency = counted(
    comparisonVerdictWords,
    operations.map(({ verdict }) => verdict),
  );
  const confidence = `with ${roundPercent(rules.confidence)} confidence that this is not chance`;
  return [
    ...(lacksData(comparison) ? [lacksDataSentence(comparison)] : []),
    `Useful answers: ${useful}. Latency: ${latency}.`,
    compared,
    `Failing more or less means that the share of useful requests changed by ${roundPoints(rules.usefulTolerance)} or more; slower or faster, that ${rules.metric} changed by ${roundPercent(rules.tolerance)} or more; each ${confidence}.`,
  ];
}

/** How many operations have each verdict, in the order of the words: `1 slower, 2 with too little data`. */
function counted<Verdict extends string>(
  words: Readonly<Record<Verdict, MarkedWord>>,
  verdicts: readonly Verdict[],
): string {
  const phrases = (Object.entries(words) as [Verdict, MarkedWord][]).map(([verdict, { word, plural = word }]) => {
    const count = verdicts.filter((each) => each === verdict).length;
    if (count === 0) return '';
    return `${count} ${verdict === 'too-little-data' ? 'with ' : ''}${count === 1 ? word : plural}`;
  });
  return phrases.filter((phrase) => phrase !== '').join(', ');
}

/** Sentences about single operations and the two runs, for after the tables. */
export function comparisonRemarks(comparison: Comparison): readonly string[] {
  const { operations, onlyInBaseline, onlyInCurrent, notes } = comparison;
  return [
    ...notes,
    ...[...Map.groupBy(operations, ({ verdict, reason }) => (reason === '' ? '' : `${verdict}\n${reason}`))]
      .filter(([key]) => key !== '')
      .map(([, each]) => reasonRemark(each)),
    ...operations.flatMap(usefulRateRemark),
    ...onlyOnes('Only in the baseline', onlyInBaseline),
    ...onlyOnes('Only in this run', onlyInCurrent),
  ];
}

/** Of operations with the same verdict for the same reason. */
function reasonRemark(operations: readonly OperationComparison[]): string {
  const [{ verdict, reason }] = operations as readonly [OperationComparison];
  const beginning = verdict === 'not-comparable' ? 'Latency is not comparable' : 'Too little data';
  return `${beginning} (${reason}): ${operations.map(named).join(', ')}.`;
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

/** A change of a share in percentage points, with its sign: `−40`, `+1.3`, `±0`. */
export function formatPoints(change: number): string {
  return formatChange(change).replace(' %', '');
}

/** Both ends of an interval of such changes. */
export function formatPointsRange({ low, high }: Interval): string {
  return `${formatPoints(low)} … ${formatPoints(high)}`;
}

function roundPoints(share: number): string {
  const points = Number((share * 100).toFixed(2));
  return `${points} percentage ${points === 1 ? 'point' : 'points'}`;
}

function usefulRateRemark(each: OperationComparison): string[] {
  if (each.usefulVerdict !== 'fails-more' && each.usefulVerdict !== 'fails-less') return [];
  // Without a latency to mistake, the table says it all.
  if (each.change === null) return [];
  const moved = each.usefulVerdict === 'fails-more' ? 'fell' : 'rose';
  const [before, after] = [formatShare(each.baseline.usefulRate), formatShare(each.current.usefulRate)];
  return [
    `${named(each)}: the share of useful requests ${moved} from ${before} to ${after}; latency leaves out requests that failed with an answer.`,
  ];
}

function onlyOnes(title: string, operations: readonly OperationName[]): string[] {
  return operations.length === 0 ? [] : [`${title}: ${operations.map(named).join(', ')}.`];
}

function named({ target, operation }: OperationName): string {
  return `${operation} of ${target}`;
}
