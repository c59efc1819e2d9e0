import type { ComparisonRules } from '../plan/plan-schema.ts';
import type { OperationSummary } from '../summary/summary.ts';
import type { Verdict } from '../verdict/verdict.ts';

/** What a comparison needs of a run; a Report is one. */
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

/** An operation that became slower or faster did so beyond chance and by no less than the tolerance. */
export type ComparisonVerdict = 'faster' | 'slower' | 'same' | 'too-little-data';

/** What was seen, and between which bounds the true value lies with the rules' confidence. */
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
  /** Of the percentile, as a share of the baseline's: 0.1 is 10 % slower. Null when nothing can be said of it. */
  readonly change: Interval | null;
  /** The same in milliseconds of the baseline's percentile. */
  readonly changeMs: Interval | null;
  /** Of the share of useful requests: -0.02 is two points fewer. */
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
  return `${operation} of ${target} became slower than in run ${of.baseline.runId}: ${metric} ${ms(baseline.latencyMs)} → ${ms(current.latencyMs)}, ${percent(change?.estimate)} more (${percent(confidence)} confidence interval ${percent(change?.low)} to ${percent(change?.high)}).`;
}
