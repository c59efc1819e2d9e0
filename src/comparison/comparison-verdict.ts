import type { Verdict } from '../verdict/verdict.ts';
import {
  type ComparedCounts,
  type ComparedFigures,
  type Comparison,
  judgedOf,
  type OperationComparison,
  type OperationName,
  type TotalsComparison,
  type UsefulShareChange,
} from './comparison.ts';

/** What is proven to be worse than in the baseline. */
export type Regressions = {
  /** Whether the operations together fail more. */
  readonly total: boolean;
  readonly failsMore: readonly OperationComparison[];
  readonly slower: readonly OperationComparison[];
};

/** What became worse; nothing when one of the runs is invalid. */
export function provenRegressions(comparison: Comparison): Regressions {
  if (provesNothing(comparison)) return { total: false, failsMore: [], slower: [] };
  const { totals, operations } = comparison;
  return {
    total: totals?.usefulVerdict === 'fails-more',
    failsMore: operations.filter(({ usefulVerdict }) => usefulVerdict === 'fails-more'),
    slower: operations.filter(({ verdict }) => verdict === 'slower'),
  };
}

/** Whether one of the runs is invalid, so that the comparison proves nothing. */
export function provesNothing({ baseline, current }: Pick<Comparison, 'baseline' | 'current'>): boolean {
  return baseline.verdict.status === 'invalid' || current.verdict.status === 'invalid';
}

/** Whether no operation has enough data for a result: neither its latency nor a changed share of useful requests. */
export function lacksData({ operations }: Pick<Comparison, 'operations'>): boolean {
  return operations.every(
    ({ verdict, usefulVerdict }) =>
      (verdict === 'too-little-data' || verdict === 'not-comparable') &&
      (usefulVerdict === 'same' || usefulVerdict === 'too-little-data'),
  );
}

/** Says that a comparison has no result. */
export function lacksDataSentence(comparison: Comparison): string {
  const { operations, baseline } = comparison;
  if (provesNothing(comparison)) return `The comparison with run ${baseline.runId} proves nothing: a run is invalid.`;
  const count = operations.length;
  if (count === 0) return `No operation could be compared with run ${baseline.runId}: the runs have none in common.`;
  const which = count === 1 ? 'the one operation' : `any of the ${count} operations`;
  return `Too little data to compare ${which} with run ${baseline.runId}.`;
}

/** Whether a comparison alone is a failure: something is worse, or required data is missing. */
export function isRegression(comparison: Comparison): boolean {
  const { total, failsMore, slower } = provenRegressions(comparison);
  return total || failsMore.length + slower.length > 0 || (comparison.rules.requireData && lacksData(comparison));
}

/**
 * The verdict of a run after its comparison: operations that fail more or became slower make it fail if the plan says so,
 * and so does a lack of data where the plan requires some. A run that passed says when nothing could be compared.
 */
export function withComparison(verdict: Verdict, comparison: Comparison): Verdict {
  const { status } = verdict;
  if (status === 'invalid' || status === 'stopped') return verdict;
  const { failOn, requireData } = comparison.rules;
  const lacking = lacksData(comparison) || (requireData && provesNothing(comparison));
  const missing = lacking ? [lacksDataSentence(comparison)] : [];
  const reasons = [...(failOn === 'slower' ? regressionSentences(comparison) : []), ...(requireData ? missing : [])];
  if (status === 'fail') return { status, reasons: [...verdict.reasons, ...reasons] };
  if (reasons.length > 0) return { status: 'fail', reasons };
  return lacking ? { status, reasons: [...verdict.reasons, ...missing] } : verdict;
}

/** What fails more comes before what became slower. */
function regressionSentences(comparison: Comparison): string[] {
  const { total, failsMore, slower } = provenRegressions(comparison);
  const { totals, operations } = comparison;
  const together = operations.some(({ kind }) => kind === 'step') ? "The plan's steps" : 'The operations';
  return [
    ...failsMore.map((each) => failsMoreSentence(`${named(each)} fails`, each, comparison)),
    // Where an operation says it, the total adds nothing.
    ...(total && totals !== null && failsMore.length === 0
      ? [failsMoreSentence(`${together} together fail`, totals, comparison)]
      : []),
    ...slower.map((each) => slowerSentence(each, comparison)),
  ];
}

/** @param beginning who fails, e.g. `tools/list of learn fails` */
function failsMoreSentence(
  beginning: string,
  { baseline, current, usefulRateChange }: UsefulShareChange & Pick<TotalsComparison, 'baseline' | 'current'>,
  of: Comparison,
): string {
  const side = (counts: ComparedCounts) => `${percent(counts.usefulRate)} (${counts.useful} of ${judgedOf(counts)})`;
  const points = (rate = 0) => short(-rate * 100, 3);
  const { estimate, low, high } = usefulRateChange ?? {};
  return `${beginning} more than in run ${of.baseline.runId}: useful ${side(baseline)} → ${side(current)}, ${points(estimate)} percentage points less (${percent(of.rules.confidence)} confidence interval ${points(high)} to ${points(low)}).`;
}

function slowerSentence({ change, baseline, current, ...each }: OperationComparison, of: Comparison): string {
  const { metric, confidence } = of.rules;
  const ms = ({ latencyMs, atLeast }: ComparedFigures) =>
    `${atLeast === true ? 'at least ' : ''}${short(latencyMs ?? 0, 4)} ms`;
  return `${named(each)} became slower than in run ${of.baseline.runId}: ${metric} ${ms(baseline)} → ${ms(current)}, ${percent(change?.estimate)} more (${percent(confidence)} confidence interval ${percent(change?.low)} to ${percent(change?.high)}).`;
}

function named({ target, operation }: OperationName): string {
  return `${operation} of ${target}`;
}

function percent(share = 0): string {
  return `${short(share * 100, 3)} %`;
}

function short(value: number, digits: number): string {
  return String(Number(value.toPrecision(digits)));
}
