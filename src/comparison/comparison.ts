import type { ComparisonRules } from '../plan/plan-schema.ts';
import type { OperationKind } from '../sample/block.ts';
import type { Percentiles } from '../summary/percentiles.ts';
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

export type ComparedOperation = Pick<
  OperationSummary,
  'target' | 'operation' | 'count' | 'useful' | 'failures' | 'blocked' | 'batches'
> & {
  /** Absent in reports of earlier versions, whose rows did not tell steps from requests of the protocol. */
  readonly kind?: OperationKind;
  readonly latencyMs: (Readonly<Record<ComparisonRules['metric'], number>> & Pick<Percentiles, 'atLeast'>) | null;
};

/**
 * Slower and faster mean: beyond chance, and by at least the tolerance. Not comparable: it looks faster, but fewer of the
 * requests were useful, and a request that fails fast takes no time.
 */
export type ComparisonVerdict = 'faster' | 'slower' | 'same' | 'too-little-data' | 'not-comparable';

/** Fails more and fails less mean: beyond chance, and by at least the tolerance of the useful share. */
export type UsefulVerdict = 'fails-more' | 'fails-less' | 'same' | 'too-little-data';

/** What was observed, and the bounds of the true value at the rules' confidence. */
export type Interval = { readonly estimate: number; readonly low: number; readonly high: number };

/** The requests of one run's side, and the calls for which the target opened no session. */
export type ComparedCounts = {
  readonly requests: number;
  readonly useful: number;
  readonly failures: number;
  /** Calls that were not sent, because no session could be opened for them; absent when there were none. */
  readonly blocked?: number;
  /** useful / (useful + failures + blocked), 0 without any of them. */
  readonly usefulRate: number;
};

/** What a share of useful requests is a share of: the useful requests and all failures, calls without a session included. */
export function judgedOf({ useful, failures, blocked = 0 }: Omit<ComparedCounts, 'requests' | 'usefulRate'>): number {
  return useful + failures + blocked;
}

/** One run's side of an operation. */
export type ComparedFigures = ComparedCounts & {
  /** The compared percentile, over useful requests and those without an answer; null without either. */
  readonly latencyMs: number | null;
  /** True when the percentile is only a lower bound, because some requests had no answer; absent when it is exact. */
  readonly atLeast?: true;
};

/** How the share of useful requests changed. Needs no latency. */
export type UsefulShareChange = {
  readonly usefulVerdict: UsefulVerdict;
  /** -0.02 is two percentage points fewer. Null when one of the runs has no useful requests and no failures. */
  readonly usefulRateChange: Interval | null;
};

/** One operation that both runs had. */
export type OperationComparison = UsefulShareChange & {
  readonly target: string;
  readonly operation: string;
  readonly kind: OperationKind;
  readonly baseline: ComparedFigures;
  readonly current: ComparedFigures;
  /** Of the latency. */
  readonly verdict: ComparisonVerdict;
  /** Why latencies are not comparable or there is too little data, without a full stop; empty for the other verdicts. */
  readonly reason: string;
  /** Change of the percentile as a share of the baseline's: 0.1 is 10 % slower. Null when it cannot be estimated. */
  readonly change: Interval | null;
  /** The same change in milliseconds. */
  readonly changeMs: Interval | null;
};

/** All requests of the plan's steps that both runs had; of all operations where the plan has no steps. */
export type TotalsComparison = UsefulShareChange & {
  readonly baseline: ComparedCounts;
  readonly current: ComparedCounts;
};

/** The name of an operation that only one of the runs had. */
export type OperationName = {
  readonly target: string;
  readonly operation: string;
  readonly kind?: OperationKind;
};

export type RunName = Omit<ComparedRun, 'operations'>;

/** How a run differs from its baseline, operation by operation. */
export type Comparison = {
  readonly baseline: RunName;
  readonly current: RunName;
  readonly rules: ComparisonRules;
  /** Null when the runs share no operation. */
  readonly totals: TotalsComparison | null;
  readonly operations: readonly OperationComparison[];
  readonly onlyInBaseline: readonly OperationName[];
  readonly onlyInCurrent: readonly OperationName[];
  /** What makes the two runs hard to compare, one sentence each. */
  readonly notes: readonly string[];
};
