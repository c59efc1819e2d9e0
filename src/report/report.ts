import type { Comparison } from '../comparison/comparison.ts';
import type { Plan } from '../plan/plan-schema.ts';
import { isStaged, stagesOf } from '../plan/timeline.ts';
import type { GeneratorHealth } from '../summary/generator-health.ts';
import type { Summary } from '../summary/summary.ts';
import type { Judged } from '../verdict/judge.ts';
import type { Ceiling, GeneratorCheck, ThresholdResult, Verdict } from '../verdict/verdict.ts';

/** The result of a run as users keep it: `report.json`. Every other form is rendered from it. The figures come from the Summary. */
export type Report = Omit<Summary, 'generator'> & {
  readonly schemaVersion: 4;
  readonly runId: string;
  readonly plan: { readonly name: string; readonly description: string; readonly hash: string };
  /** ISO 8601: the planned start of the load. `durationSeconds` counts from it. */
  readonly startedAt: string;
  /** When the run ended: its load was over and its figures were added up. */
  readonly endedAt: string;
  /** Who started the run: a caller of the API, `timer` or `unknown`; absent for a command. */
  readonly startedBy?: string;
  /** Who stopped the run, and when (ISO 8601); absent if nobody did. */
  readonly stopped?: { readonly by: string; readonly at: string };
  readonly targets: readonly ReportTarget[];
  /** What preflight warned of before the load, a sentence each; absent when it warned of nothing. */
  readonly preflightWarnings?: readonly string[];
  /** What went wrong in mcp-surge itself, a sentence each; absent when nothing did. */
  readonly faults?: readonly string[];
  readonly verdict: Verdict;
  readonly thresholds: readonly ThresholdResult[];
  /** Absent when the run was started without a baseline. */
  readonly comparison?: Comparison;
  /** The highest stage at which the conditions over stages held; absent when the plan has none. */
  readonly ceiling?: Ceiling;
  /** What the plan makes happen during the run, in order of time; charts mark these moments. */
  readonly moments: readonly Moment[];
  readonly generator: GeneratorHealth & { readonly rules: readonly GeneratorCheck[] };
  /** How the figures were measured and their limits, one sentence each. */
  readonly notes: readonly string[];
};

/** A moment of the run that the plan sets. */
export type Moment = {
  /** From the start of the run. */
  readonly atSeconds: number;
  readonly what: 'warm-up ends' | 'stage ends';
  /** Undefined for a moment of the whole run. */
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
  /** Capabilities that it offers: `tools`, `resources`, `prompts` … */
  readonly capabilities: readonly string[];
  /** Parts of its description that the client could not use, one sentence each. */
  readonly notes: readonly string[];
};

/** The ends of the warm-up and of each stage except the last. */
export function momentsOf({ warmUp, scenarios }: Plan): readonly Moment[] {
  const moments: Moment[] = warmUp > 0 ? [{ atSeconds: warmUp / 1000, what: 'warm-up ends' }] : [];
  for (const [scenario, each] of Object.entries(scenarios)) {
    if (!isStaged(each)) continue;
    for (const { durationMs, toMs } of stagesOf(each, each.startTime).slice(0, -1)) {
      if (durationMs > 0) moments.push({ atSeconds: toMs / 1000, what: 'stage ends', scenario });
    }
  }
  return moments.toSorted((a, b) => a.atSeconds - b.atSeconds);
}

type ReportParts = {
  readonly runId: string;
  readonly planHash: string;
  readonly plan: Plan;
  /** Planned start, epoch milliseconds. */
  readonly startAtMs: number;
  readonly targets: readonly ReportTarget[];
  /** When the run ended, epoch milliseconds. */
  readonly endedAtMs: number;
  readonly startedBy?: string | undefined;
  readonly stopped?: Report['stopped'] | undefined;
  readonly preflightWarnings?: readonly string[];
  readonly faults?: readonly string[];
  readonly summary: Summary;
  readonly judged: Judged;
};

/** How figures are measured: the same in every report. */
const METHOD_NOTES: readonly string[] = [
  'Latency ends at the matching JSON-RPC response, not at the headers and not at the end of the stream. It begins at the intended start, so with an arrival rate it includes the delay of a late start.',
  'Percentiles are exact: nearest rank over all samples of all slices.',
  'The wait for a connection, including the time to open a new one, is part of latency.',
  'Latency figures cover useful requests, and requests without an answer with the time that they had waited; ≥ marks a figure that is only a lower bound. The time until a failure was known is shown separately.',
  "Totals, thresholds without a tag and the charts of all operations cover the plan's steps; requests that the protocol adds are in rows of their own.",
  'Preflight requests (one session per target, before the start) are not in these figures.',
];

/** Combines a run's figures and their judgement into a report. */
export function makeReport(parts: ReportParts): Report {
  const { runId, planHash, plan, startAtMs, endedAtMs, targets, summary, judged } = parts;
  const { preflightWarnings = [], faults = [], startedBy, stopped } = parts;
  const { generator, ...figures } = summary;
  return {
    schemaVersion: 4,
    runId,
    plan: { name: plan.name, description: plan.description, hash: planHash },
    startedAt: new Date(startAtMs).toISOString(),
    endedAt: new Date(endedAtMs).toISOString(),
    ...(startedBy === undefined ? {} : { startedBy }),
    ...(stopped === undefined ? {} : { stopped }),
    targets,
    ...(preflightWarnings.length === 0 ? {} : { preflightWarnings }),
    ...(faults.length === 0 ? {} : { faults }),
    verdict: judged.verdict,
    ...figures,
    thresholds: judged.thresholds,
    ...(judged.ceiling === undefined ? {} : { ceiling: judged.ceiling }),
    moments: momentsOf(plan),
    generator: { ...generator, rules: judged.rules },
    notes: [...METHOD_NOTES, ...summary.scenarios.flatMap(feedNote), ...targets.flatMap((target) => target.notes)],
  };
}

/** Whether a note is in every report. */
export function isMethodNote(note: string): boolean {
  return METHOD_NOTES.includes(note);
}

/** Iterations without a feed row send nothing and must not be taken for load. */
function feedNote({ scenario, unfedIterations }: Summary['scenarios'][number]): string[] {
  if (unfedIterations === 0) return [];
  return [
    `${unfedIterations} ${unfedIterations === 1 ? 'iteration' : 'iterations'} of ${scenario} sent nothing, because a feed that does not repeat had no rows left (PLAN_FEED_END). Iteration times leave them out.`,
  ];
}
