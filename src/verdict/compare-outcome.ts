import type { Comparison, OperationComparison } from '../comparison/comparison.ts';
import type { Verdict } from './verdict.ts';

/** The operations that became slower; none when the figures of one of the runs prove nothing. */
export function provenSlower({ baseline, current, operations }: Comparison): readonly OperationComparison[] {
  if (provesNothing({ baseline, current })) return [];
  return operations.filter(({ verdict }) => verdict === 'slower');
}

/** Whether the generator of one of the runs did not do what its plan asked. */
export function provesNothing({ baseline, current }: Pick<Comparison, 'baseline' | 'current'>): boolean {
  return baseline.verdict.status === 'invalid' || current.verdict.status === 'invalid';
}

/** The verdict of a run with its comparison: operations that became slower fail it when the plan says so. */
export function withComparison(verdict: Verdict, comparison: Comparison): Verdict {
  const slower = provenSlower(comparison);
  if (comparison.rules.failOn !== 'slower' || slower.length === 0) return verdict;
  const reasons = slower.map((each) => reasonOf(each, comparison));
  switch (verdict.status) {
    case 'pass':
      return { status: 'fail', reasons };
    case 'fail':
      return { status: 'fail', reasons: [...verdict.reasons, ...reasons] };
    default:
      return verdict;
  }
}

function reasonOf({ target, operation, change, baseline, current }: OperationComparison, of: Comparison): string {
  const { metric, confidence } = of.rules;
  const percent = (share = 0) => `${Number((share * 100).toPrecision(3))} %`;
  const ms = (value: number | null) => `${Number((value ?? 0).toPrecision(4))} ms`;
  return `${operation} of ${target} became slower than in run ${of.baseline.runId}: ${metric} ${ms(baseline.latencyMs)} → ${ms(current.latencyMs)}, ${percent(change?.estimate)} more (${percent(confidence)} interval ${percent(change?.low)} to ${percent(change?.high)}).`;
}
