import type { Problem } from '../plan/problem.ts';
import { isOfKind, type OperationKey, type OperationKind, operationId } from '../sample/block.ts';
import { RUN_STATES, type RunRecord, type RunState } from '../store/run-store.ts';
import { type LiveProgress, latestAttempts } from '../summary/live-progress.ts';
import { emptyHistogram, nearestRank, readHistogram, valueAtRank } from '../summary/percentiles.ts';
import { hasEnded } from './run-documents.ts';

/** The states that the API shows: those of the record, and `starting` between the preflight and the planned start. */
export const SHOWN_STATES = [
  ...RUN_STATES.slice(0, RUN_STATES.indexOf('running')),
  'starting',
  ...RUN_STATES.slice(RUN_STATES.indexOf('running')),
] as const;

export type ShownState = RunState | 'starting';

/** The state of a run at a time. */
export function shownState({ state, schedule }: Pick<RunRecord, 'state' | 'schedule'>, nowMs: number): ShownState {
  return state === 'running' && schedule !== undefined && nowMs < schedule.startAtMs ? 'starting' : state;
}

/** A run as the HTTP API shows it. */
export type RunView = {
  readonly id: string;
  readonly plan: { readonly name: string; readonly hash: string };
  readonly trigger: RunRecord['trigger'];
  /** Id of the run that this one is compared with. */
  readonly baseline?: string;
  readonly state: ShownState;
  readonly stopRequested: boolean;
  /** Who stopped the run, and when; absent if nobody did. */
  readonly stopped?: NonNullable<RunRecord['stopped']>;
  /** The condition that stopped the run. */
  readonly abort?: NonNullable<RunRecord['abort']>;
  readonly createdAt: string;
  /** Who started the run: a caller of the API, `timer` or `unknown`; absent for a command. */
  readonly startedBy?: string;
  /** Planned start and end of the load; absent until preflight has passed. */
  readonly startsAt?: string;
  readonly endsAt?: string;
  /** How long it is until the planned start; only before it. */
  readonly startsInSeconds?: number;
  /** From the planned start until now, or until the run ended. Absent before the start. */
  readonly elapsedSeconds?: number;
  /** When the run ended: its load was over and its figures were added up, or it was refused or failed. */
  readonly endedAt?: string;
  /** Why the run was refused or failed. */
  readonly problems?: readonly Problem[];
  /** What preflight warned of, a sentence each. */
  readonly preflightWarnings?: readonly string[];
  /** What went wrong in mcp-surge itself, a sentence each. */
  readonly faults?: readonly string[];
  readonly verdict?: RunRecord['verdict'];
  /** How its slices ended and why some are lost, as in the report; only with a verdict. */
  readonly slices?: NonNullable<RunRecord['slices']>;
  /** When the run's samples were deleted because of their age. */
  readonly samplesDeletedAt?: string;
  readonly links: { readonly self: string; readonly stop: string; readonly report: string };
};

/** Shows a run. @param baseUrl URL of the list of runs, e.g. `https://…/api/runs` */
export function runView(record: RunRecord, baseUrl: string, nowMs: number): RunView {
  const { runId, planName, planHash, trigger, baselineRunId, stopRequested, createdAt } = record;
  const { startedBy, stopped } = record;
  const { abort, schedule, endedAt, problems, preflightWarnings, faults, verdict, slices, samplesDeletedAt } = record;
  const self = `${baseUrl}/${runId}`;
  return {
    id: runId,
    plan: { name: planName, hash: planHash },
    trigger,
    ...(baselineRunId === undefined ? {} : { baseline: baselineRunId }),
    state: shownState(record, nowMs),
    stopRequested,
    ...(stopped === undefined ? {} : { stopped }),
    ...(abort === undefined ? {} : { abort }),
    createdAt,
    ...(startedBy === undefined ? {} : { startedBy }),
    ...(schedule === undefined ? {} : timesOf(schedule, endedAt, nowMs)),
    ...(endedAt === undefined ? {} : { endedAt }),
    ...(problems === undefined ? {} : { problems }),
    ...(preflightWarnings === undefined ? {} : { preflightWarnings }),
    ...(faults === undefined ? {} : { faults }),
    ...(verdict === undefined ? {} : { verdict }),
    ...(slices === undefined ? {} : { slices }),
    ...(samplesDeletedAt === undefined ? {} : { samplesDeletedAt }),
    links: { self, stop: `${self}/stop`, report: `${self}/report` },
  };
}

function timesOf(
  { startAtMs, endAtMs }: NonNullable<RunRecord['schedule']>,
  endedAt: string | undefined,
  nowMs: number,
) {
  const elapsedSeconds = ((endedAt === undefined ? nowMs : Date.parse(endedAt)) - startAtMs) / 1000;
  return {
    startsAt: new Date(startAtMs).toISOString(),
    endsAt: new Date(endAtMs).toISOString(),
    // A run that ended before its start has neither.
    ...(elapsedSeconds >= 0 ? { elapsedSeconds } : {}),
    ...(elapsedSeconds < 0 && endedAt === undefined ? { startsInSeconds: -elapsedSeconds } : {}),
  };
}

/**
 * Shows a run with its live figures.
 * @param deadAfterMs an attempt without a sign of life for this long makes no load
 */
export function runViewWithLive(
  record: RunRecord,
  progress: readonly LiveProgress[],
  baseUrl: string,
  nowMs: number,
  deadAfterMs: number,
): RunView & { readonly live: LiveView } {
  const view = runView(record, baseUrl, nowMs);
  const elapsedSeconds = view.elapsedSeconds ?? 0;
  // A run makes no load while it is concluded, and after its end.
  const isOver = hasEnded(record);
  const lastSeconds = (Math.max(...progress.map(({ atMs }) => atMs)) - (record.schedule?.startAtMs ?? 0)) / 1000;
  const loadSeconds = isOver || record.state === 'concluding' ? Math.min(elapsedSeconds, lastSeconds) : elapsedSeconds;
  return { ...view, live: liveView(progress, loadSeconds, isOver ? Number.POSITIVE_INFINITY : nowMs - deadAfterMs) };
}

/** Live figures of some requests; latencies in milliseconds within 1 %, null without requests. */
type LiveFigures = {
  readonly requests: number;
  readonly failures: number;
  /** Failures by silence, and requests that a stop ended. Percentiles count them with the time that they had waited. */
  readonly withoutAnswer: number;
  /** Calls that were not sent, because no session could be opened for them. */
  readonly blocked: number;
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
  readonly p99Ms: number | null;
  /** Those of the percentiles that are only lower bounds; absent when none is. */
  readonly atLeast?: readonly LivePercentile[];
};

const LIVE_QUANTILES = { p50: 0.5, p95: 0.95, p99: 0.99 } as const;
type LivePercentile = keyof typeof LIVE_QUANTILES;

/**
 * A run by the latest progress of its slices, without its warm-up. Its figures are about the plan's steps, and include what
 * replaced attempts at a slice had sent.
 */
export type LiveView = LiveFigures & {
  readonly activeVus: number;
  /** The slices that have begun. */
  readonly slices: LiveSlices;
  readonly iterations: number;
  readonly droppedIterations: number;
  /** Requests of the warm-up; only `requestsPerSecond` includes them. */
  readonly warmUpRequests: number;
  /** All requests so far, including the warm-up's, divided by the time since the planned start. */
  readonly requestsPerSecond: number;
  /** The requests that the protocol added. */
  readonly protocol: LiveFigures;
  /** Steps of the plan first. */
  readonly operations: readonly (LiveFigures & LiveOperationName)[];
};

/** How many slices there are of each kind. */
type LiveSlices = {
  /** They show life and have not ended their load. */
  readonly alive: number;
  /** Their load is over. */
  readonly ended: number;
  /** They have shown no sign of life for the dead-after time, so that they make no load. */
  readonly silent: number;
};

type LiveOperationName = { readonly target: string; readonly operation: string; readonly kind: OperationKind };

/**
 * Adds up the latest progress of all attempts at all slices.
 * @param elapsedSeconds how long there has been load
 * @param aliveFromMs epoch milliseconds: an attempt that has written nothing since then makes no load
 */
export function liveView(
  progress: readonly LiveProgress[],
  elapsedSeconds: number,
  aliveFromMs: number = Number.NEGATIVE_INFINITY,
): LiveView {
  const entries = progress.flatMap(({ operations }) => operations);
  const operations = [...Map.groupBy(entries, operationId)]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([, group]): LiveFigures & LiveOperationName => {
      const [{ target, operation, kind = 'step' }] = group as [OperationKey, ...typeof group];
      return { target, operation, kind, ...figuresOf(group) };
    })
    .toSorted((a, b) => Number(a.kind === 'protocol') - Number(b.kind === 'protocol'));
  const all = figuresOf(entries.filter((entry) => isOfKind(entry, 'step')));
  const scenarios = progress.flatMap((slice) => slice.scenarios);
  const latest = latestAttempts(progress);
  const ended = latest.filter((row) => row.ended === true);
  const alive = latest.filter((row) => row.ended !== true && row.atMs >= aliveFromMs);
  const warmUpRequests = progress.reduce((sum, slice) => sum + slice.warmUpRequests, 0);
  return {
    activeVus: alive.reduce((sum, { activeVus }) => sum + activeVus, 0),
    slices: { alive: alive.length, ended: ended.length, silent: latest.length - alive.length - ended.length },
    iterations: scenarios.reduce((sum, { iterations }) => sum + iterations, 0),
    droppedIterations: scenarios.reduce((sum, { dropped }) => sum + dropped, 0),
    warmUpRequests,
    ...all,
    requestsPerSecond: elapsedSeconds <= 0 ? 0 : (all.requests + warmUpRequests) / elapsedSeconds,
    protocol: figuresOf(entries.filter((entry) => isOfKind(entry, 'protocol'))),
    operations,
  };
}

function figuresOf(entries: readonly LiveProgress['operations'][number][]): LiveFigures {
  const [useful, all] = [emptyHistogram(), emptyHistogram()];
  let withoutAnswer = 0;
  for (const { silent, censored, blocked, ...entry } of entries) {
    useful.add(readHistogram(entry.histogram));
    withoutAnswer += (silent?.count ?? 0) + (censored?.count ?? 0);
    for (const waits of [silent, censored, blocked]) {
      if (waits !== undefined) all.add(readHistogram(waits.histogram));
    }
  }
  all.add(useful);
  const rankOf = (name: LivePercentile) => nearestRank(all.totalCount, LIVE_QUANTILES[name]);
  const ms = (name: LivePercentile) => (all.totalCount === 0 ? null : valueAtRank(all, rankOf(name)) / 1000);
  // Exact when the figure would be the same however long the requests without an answer had taken.
  const isBound = (name: LivePercentile) =>
    rankOf(name) > useful.totalCount || valueAtRank(useful, rankOf(name)) !== valueAtRank(all, rankOf(name));
  const names = Object.keys(LIVE_QUANTILES) as LivePercentile[];
  const atLeast = all.totalCount === useful.totalCount ? [] : names.filter(isBound);
  return {
    requests: entries.reduce((sum, { count }) => sum + count, 0),
    failures: entries.reduce((sum, { failures }) => sum + failures, 0),
    withoutAnswer,
    blocked: entries.reduce((sum, { blocked }) => sum + (blocked?.count ?? 0), 0),
    p50Ms: ms('p50'),
    p95Ms: ms('p95'),
    p99Ms: ms('p99'),
    ...(atLeast.length === 0 ? {} : { atLeast }),
  };
}
