import type { RunRecord } from '../store/run-record.ts';
import type { LiveProgress } from '../summary/live-progress.ts';
import { type LiveView, liveView } from './live-view.ts';

/** A run as the HTTP API shows it. */
export type RunView = {
  readonly id: string;
  readonly plan: { readonly name: string; readonly hash: string };
  readonly trigger: RunRecord['trigger'];
  /** Id of the run that this one is compared with. */
  readonly baseline?: string;
  readonly state: RunRecord['state'];
  readonly stopRequested: boolean;
  /** The condition by which the run stopped itself. */
  readonly abort?: NonNullable<RunRecord['abort']>;
  readonly createdAt: string;
  /** Planned start and end of the load; absent before preflight has passed. */
  readonly startsAt?: string;
  readonly endsAt?: string;
  /** Since the planned start; negative before it. */
  readonly elapsedSeconds?: number;
  readonly endedAt?: string;
  readonly problems?: readonly string[];
  readonly verdict?: RunRecord['verdict'];
  readonly links: { readonly self: string; readonly stop: string; readonly report: string };
};

/** Shows a run. @param baseUrl address of the runs, e.g. `https://…/api/runs` */
export function runView(record: RunRecord, baseUrl: string, nowMs: number): RunView {
  const { runId, planName, planHash, trigger, baselineRunId, state, stopRequested, createdAt } = record;
  const { abort, schedule, endedAt, problems, verdict } = record;
  const self = `${baseUrl}/${runId}`;
  return {
    id: runId,
    plan: { name: planName, hash: planHash },
    trigger,
    ...(baselineRunId === undefined ? {} : { baseline: baselineRunId }),
    state,
    stopRequested,
    ...(abort === undefined ? {} : { abort }),
    createdAt,
    ...(schedule === undefined ? {} : times(schedule, endedAt, nowMs)),
    ...(endedAt === undefined ? {} : { endedAt }),
    ...(problems === undefined ? {} : { problems }),
    ...(verdict === undefined ? {} : { verdict }),
    links: { self, stop: `${self}/stop`, report: `${self}/report` },
  };
}

/** A run with its running figures. */
export function runViewWithLive(
  record: RunRecord,
  progress: readonly LiveProgress[],
  baseUrl: string,
  nowMs: number,
): RunView & { readonly live: LiveView } {
  const view = runView(record, baseUrl, nowMs);
  return { ...view, live: liveView(progress, view.elapsedSeconds ?? 0) };
}

function times({ startAtMs, endAtMs }: NonNullable<RunRecord['schedule']>, endedAt: string | undefined, nowMs: number) {
  const untilMs = endedAt === undefined ? nowMs : Date.parse(endedAt);
  return {
    startsAt: new Date(startAtMs).toISOString(),
    endsAt: new Date(endAtMs).toISOString(),
    elapsedSeconds: (untilMs - startAtMs) / 1000,
  };
}
