import type { Plan } from '../plan/plan-schema.ts';
import type { Summary } from '../summary/summary.ts';
import type { Judged } from '../verdict/judge.ts';
import { momentsOf } from './moments-of.ts';
import type { Report, ReportTarget } from './report.ts';

export type ReportParts = {
  readonly runId: string;
  readonly planHash: string;
  readonly plan: Plan;
  /** Planned start, epoch milliseconds. */
  readonly startAtMs: number;
  readonly targets: readonly ReportTarget[];
  readonly summary: Summary;
  readonly judged: Judged;
};

const NOTES = [
  'Latency runs to the matching JSON-RPC response, not to the headers and not to the end of the stream. It begins when the request was to start: where starts come at a rate, what one waited for its turn is part of it.',
  'Percentiles are exact: the nearest rank over all samples of all slices.',
  'What a request waits for its connection, also for the making of a new one, is part of its latency.',
  'Latency figures cover useful requests; the time until a failure was known is kept apart.',
  'The requests of preflight (one session per target, before the start) are not in these figures.',
];

/** Puts a run's figures and their judgement into the form in which users keep them. */
export function makeReport({ runId, planHash, plan, startAtMs, targets, summary, judged }: ReportParts): Report {
  const { generator, ...figures } = summary;
  return {
    schemaVersion: 3,
    runId,
    plan: { name: plan.name, description: plan.description, hash: planHash },
    startedAt: new Date(startAtMs).toISOString(),
    endedAt: new Date(startAtMs + summary.durationSeconds * 1000).toISOString(),
    targets,
    verdict: judged.verdict,
    ...figures,
    thresholds: judged.thresholds,
    ...(judged.ceiling === undefined ? {} : { ceiling: judged.ceiling }),
    moments: momentsOf(plan),
    generator: { ...generator, rules: judged.rules },
    notes: [...NOTES, ...summary.scenarios.flatMap(unfedNote), ...targets.flatMap((target) => target.notes)],
  };
}

/** A feed that ended makes iterations of nothing, which must not pass for load. */
function unfedNote({ scenario, unfedIterations }: Summary['scenarios'][number]): string[] {
  if (unfedIterations === 0) return [];
  return [
    `${unfedIterations} iterations of ${scenario} sent nothing, as a feed that does not repeat had no row left for them ` +
      '(PLAN_FEED_END); they are in no figure of durations.',
  ];
}
