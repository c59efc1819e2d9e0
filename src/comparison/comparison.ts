import type { ComparisonRules } from '../plan/plan-schema.ts';
import type { OperationSummary } from '../summary/summary.ts';
import type { Verdict } from '../verdict/verdict.ts';

/** What a comparison needs from a run; a Report has it all. */
export type ComparedRun = {
  readonly runId: string;
  readonly plan: { readonly name: string; readonly hash: string };
  readonly startedAt: string;
  readonly durationSeconds: number;
  readonly verdict: Pick<Verdict, 'status'>;
  readonly operations: readonly ComparedOperation[];
};

export type ComparedOperation = Pick<OperationSummary, 'target' | 'operation' | 'count' | 'useful' | 'batches'> & {
  readonly latencyMs: Readonly<Record<ComparisonRules['metric'], number>> | null;
};

/** Slower and faster mean: beyond chance, and by at least the tolerance. */
export type ComparisonVerdict = 'faster' | 'slower' | 'same' | 'too-little-data';

/** What was observed, and the bounds of the true value at the rules' confidence. */
export type Interval = { readonly estimate: number; readonly low: number; readonly high: number };

/** One run's side of an operation. */
export type ComparedFigures = {
  readonly requests: number;
  readonly useful: number;
  /** useful / requests. */
  readonly usefulRate: number;
  /** The compared percentile; null without useful requests. */
  readonly latencyMs: number | null;
};

/** One operation that both runs had. */
export type OperationComparison = {
  readonly target: string;
  readonly operation: string;
  readonly verdict: ComparisonVerdict;
  /** Why there is too little data, without a full stop; empty for the other verdicts. */
  readonly reason: string;
  readonly baseline: ComparedFigures;
  readonly current: ComparedFigures;
  /** Change of the percentile as a share of the baseline's: 0.1 is 10 % slower. Null when it cannot be estimated. */
  readonly change: Interval | null;
  /** The same change in milliseconds. */
  readonly changeMs: Interval | null;
  /** Change of the share of useful requests: -0.02 is two percentage points fewer. */
  readonly usefulRateChange: Interval | null;
};

/** The name of an operation that only one of the runs had. */
export type OperationName = { readonly target: string; readonly operation: string };

export type RunName = Omit<ComparedRun, 'operations'>;

/** How a run differs from its baseline, operation by operation. */
export type Comparison = {
  readonly baseline: RunName;
  readonly current: RunName;
  readonly rules: ComparisonRules;
  readonly operations: readonly OperationComparison[];
  readonly onlyInBaseline: readonly OperationName[];
  readonly onlyInCurrent: readonly OperationName[];
  /** What makes the two runs hard to compare, one sentence each. */
  readonly notes: readonly string[];
};

/** The operations that became slower; empty when one of the runs is invalid. */
export function provenSlower({ baseline, current, operations }: Comparison): readonly OperationComparison[] {
  if (provesNothing({ baseline, current })) return [];
  return operations.filter(({ verdict }) => verdict === 'slower');
}

/** Whether one of the runs is invalid, so that the comparison proves nothing. */
export function provesNothing({ baseline, current }: Pick<Comparison, 'baseline' | 'current'>): boolean {
  return baseline.verdict.status === 'invalid' || current.verdict.status === 'invalid';
}

/** The verdict of a run after its comparison: operations that became slower make it fail if the plan says so. */
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
  return `${operation} of ${target} became slower than in run ${of.baseline.runId}: ${metric} ${ms(baseline.latencyMs)} → ${ms(current.latencyMs)}, ${percent(change?.estimate)} more (${percent(confidence)} confidence interval ${percent(change?.low)} to ${percent(change?.high)}).`;
}
