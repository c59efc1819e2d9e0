import type { Condition } from '../plan/threshold.ts';
import type { OperationKind } from '../sample/block.ts';

/**
 * `unjudged`: nothing was required of the targets, or the run shows nothing about an operation of the plan. `invalid`: the
 * load was not what the plan asks for, so the figures prove nothing.
 */
export type VerdictStatus = 'pass' | 'unjudged' | 'fail' | 'invalid' | 'stopped';

/** The judgement of a run, with a sentence for each reason. */
export type Verdict = {
  readonly status: VerdictStatus;
  readonly reasons: readonly string[];
};

/** One threshold of the plan and how it came out. */
export type ThresholdResult = {
  /** The metric as the plan names it, tags included, e.g. `mcp_request_duration{target:learn}`. */
  readonly metric: string;
  /** The condition as the plan writes it, e.g. `p(95)<500`. */
  readonly expression: string;
  /** The requests that the condition is about; absent for the plan's steps and for metrics of iterations. */
  readonly kind?: Exclude<OperationKind, 'step'> | 'all';
  /** What the condition had to hold over: each stage, or every sliding window of so many milliseconds; absent for the run. */
  readonly over?: Exclude<Condition['over'], 'run'>;
  /** A condition over stages is met when it held in the first stage; the ceiling says up to which stage it held. */
  readonly ok: boolean;
  /** The value that decided; null when there were no samples, which is a failure. */
  readonly observed: number | null;
  /** True when the value is only a lower bound, because some requests had no answer; absent when it is exact. */
  readonly atLeast?: true;
  /** The share of these requests among those that the value is about; only with `atLeast`. */
  readonly withoutAnswer?: number;
  /** Where that value was seen: the worst sliding window, or the first stage that broke; absent for the whole run. */
  readonly at?: SeenAt;
};

/** When in a run something was seen; seconds from its start. */
export type SeenAt = {
  readonly fromSeconds: number;
  readonly toSeconds: number;
  /** Position among the scenario's stages, from 0; absent for a sliding window. */
  readonly stage?: number;
};

/** The condition that ended a run early, and what was observed. */
export type Abort = {
  readonly metric: string;
  readonly expression: string;
  readonly over: Condition['over'];
  /** Within 1 %, because it comes from histograms. */
  readonly observed: number;
  /** As in ThresholdResult. */
  readonly atLeast?: true;
  readonly withoutAnswer?: number;
  /** From the planned start. */
  readonly atSeconds: number;
};

/** Up to which stage the conditions over stages held. */
export type Ceiling = {
  readonly scenario: string;
  /** What the levels count. */
  readonly unit: 'starts/s' | 'vus';
  readonly stages: readonly CeilingStage[];
  /** The highest level that held before the first stage that broke; null when the first one broke. */
  readonly held: number | null;
  /** The level of the first stage that broke; null when none did. */
  readonly broke: number | null;
};

export type CeilingStage = {
  /** Position among the scenario's stages, from 0; stages without a length (jumps) are not listed. */
  readonly index: number;
  /** The highest level within the stage. */
  readonly level: number;
  readonly fromSeconds: number;
  readonly toSeconds: number;
  /** Null when the stage was not completed. */
  readonly held: boolean | null;
  /** The conditions that did not hold in it. */
  readonly broken: readonly BrokenCondition[];
};

export type BrokenCondition = Pick<ThresholdResult, 'metric' | 'expression' | 'observed' | 'atLeast' | 'withoutAnswer'>;

/** One rule about the generator, and whether it held; a broken rule makes the verdict `invalid`. */
export type GeneratorCheck = {
  readonly rule: string;
  readonly ok: boolean;
  /** What was observed and what is allowed, for a person. */
  readonly detail: string;
};
