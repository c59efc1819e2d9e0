import type { Comparison } from '../comparison/comparison.ts';
import type { GeneratorHealth } from '../summary/generator-health.ts';
import type { Summary } from '../summary/summary.ts';
import type { Ceiling, HonestyResult, ThresholdResult, Verdict } from '../verdict/verdict.ts';

/**
 * The result of a run as users keep it: `report.json`. Every other form of the report is made from this one. The figures
 * are those of the Summary.
 */
export type Report = Omit<Summary, 'generator'> & {
  readonly schemaVersion: 3;
  readonly runId: string;
  readonly plan: { readonly name: string; readonly description: string; readonly hash: string };
  /** ISO 8601: the planned start of the load, and the end of `durationSeconds`. */
  readonly startedAt: string;
  readonly endedAt: string;
  readonly targets: readonly ReportTarget[];
  readonly verdict: Verdict;
  readonly thresholds: readonly ThresholdResult[];
  /** Absent when the run was started without a baseline. */
  readonly comparison?: Comparison;
  /** Up to which stage the conditions over stages held; absent when the plan has none. */
  readonly ceiling?: Ceiling;
  /** What happened when by the plan, in order of time; charts mark it. */
  readonly moments: readonly Moment[];
  readonly generator: GeneratorHealth & { readonly rules: readonly HonestyResult[] };
  /** How the figures were made and what limits them, one sentence each. */
  readonly notes: readonly string[];
};

/** A moment of the run that the plan sets. */
export type Moment = {
  /** From the start of the run. */
  readonly atSeconds: number;
  readonly what: 'warm-up ends' | 'stage ends';
  /** Undefined for what concerns the whole run. */
  readonly scenario?: string;
};

/** A target as preflight found it. */
export type ReportTarget = {
  readonly name: string;
  readonly url: string;
  readonly protocolVersion: string;
  /** Name and version as the server gave them; empty when it gave none. */
  readonly server: string;
  readonly session: 'stateful' | 'stateless';
  /** Names of what it offers: `tools`, `resources`, `prompts` … */
  readonly capabilities: readonly string[];
  /** What of its description the client could not make use of, one sentence each. */
  readonly notes: readonly string[];
};
