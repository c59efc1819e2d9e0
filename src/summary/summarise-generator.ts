import type { StartCounts } from '../traffic/executor.ts';
import type { Fold, IterationCell, SliceFold } from './fold.ts';
import {
  type EndedEarly,
  type GeneratorHealth,
  SLICE_CAUSES,
  type SliceHealth,
  type StartHealth,
  type StoppedTarget,
  type TokenHealth,
} from './generator-health.ts';
import type { RunSpan } from './summary.ts';
import { unaccountedOf } from './unaccounted.ts';

/** Adds up what the slices report about themselves, and what is known of those that do not; a slice without a commit counts as lost. */
export function generatorHealth(fold: Fold, span: RunSpan, requests: number): GeneratorHealth {
  const { slices } = fold;
  const healths = slices.flatMap(({ health, earlier = [] }) => (health === undefined ? earlier : [...earlier, health]));
  const inState = (wanted: SliceFold['state']) => slices.filter(({ state }) => state === wanted).length;
  const sum = (field: (health: SliceHealth) => number) => healths.reduce((total, health) => total + field(health), 0);
  const max = (field: (health: SliceHealth) => number | null) => greatest(healths.map(field));
  const cpuSeconds = healths.length === 0 ? null : cpuSecondsOf(healths);
  // Nobody needs the slices after a stop. Without one, for example after the orchestration was terminated, they are lost.
  const skipped = span.stopped ? inState('skipped') : 0;
  const planned = span.plannedSlices - skipped;
  const silent = slices.flatMap((slice) => slice.silent ?? []);
  // Without any slice that began, nothing is unknown.
  const isUnknown = healths.length === 0 && silent.length > 0;
  const instances = new Set([...healths, ...silent].flatMap(({ instance }) => instance ?? []));
  const causes = causesOf(slices);
  const endedEarly = endedEarlyOf(healths, span.runStartMs);
  const unkept = sum((health) => health.store.unkept ?? 0);
  const unkeptRequests = sum((health) => health.store.unkeptRequests ?? 0);
  return {
    slices: {
      planned,
      committed: inState('committed'),
      partial: inState('partial'),
      lost: planned - inState('committed') - inState('partial'),
      ...(skipped === 0 ? {} : { skipped }),
      ...(causes.length === 0 ? {} : { causes, instancesSeen: machinesOf(instances) }),
      duplicates: slices.reduce((total, { duplicates }) => total + duplicates, 0),
    },
    ...(silent.length === 0 ? {} : { unreported: silent.length }),
    unaccounted: unaccountedOf(slices),
    maxStartDelayMs: max((health) => health.startDelayMs),
    eventLoopDelayMs: {
      p99: max((health) => health.eventLoopDelayMs.p99),
      max: max((health) => health.eventLoopDelayMs.max),
    },
    cpu: {
      seconds: cpuSeconds,
      microsecondsPerRequest:
        cpuSeconds === null || requests === 0 || silent.length > 0 ? null : (cpuSeconds * 1e6) / requests,
      maxShare: max(cpuShareOf),
    },
    starts: startsOf(healths, span, silent.length === 0 ? [] : fold.iterations),
    vus: { planned: span.plannedVus, started: fold.vus.length },
    abortedRequests: fold.abortedRequests,
    limitedRequests: fold.limitedRequests,
    limitedExample: fold.limitedExample,
    tokens: tokensOf(healths),
    ...refusedOf(healths),
    stoppedTargets: stoppedTargetsOf(healths, span.runStartMs),
    ...(endedEarly.length === 0 ? {} : { endedEarly }),
    store: {
      errors: isUnknown ? null : sum((health) => health.store.errors),
      blocks: sum((health) => health.store.blocks) + silent.reduce((total, { blocks }) => total + blocks, 0),
      samples: fold.samples,
      ...(unkept === 0 ? {} : { unkept }),
      ...(unkeptRequests === 0 ? {} : { unkeptRequests }),
    },
    instances: instances.size === 0 && isUnknown ? null : instances.size,
  };
}

/** Shorter slices have no meaningful CPU share: one with nothing to do lasts a fraction of a millisecond. */
const SHORTEST_SECONDS = 1;

function cpuShareOf({ cpuSeconds, wallSeconds }: SliceHealth): number | null {
  return wallSeconds < SHORTEST_SECONDS ? null : cpuSeconds / wallSeconds;
}

/** The greatest of those that were measured; null when none was. */
function greatest(values: readonly (number | null)[]): number | null {
  const measured = values.filter((value) => value !== null);
  return measured.length === 0 ? null : Math.max(...measured);
}

/** CPU seconds of all processes. Slices that shared a process at the same time saw the same seconds; these count once. */
function cpuSecondsOf(healths: readonly SliceHealth[]): number {
  let seconds = 0;
  for (const group of Map.groupBy(healths, ({ instance }) => instance).values()) {
    let countedTo = 0;
    for (const { cpuFromSeconds, cpuSeconds } of group.toSorted((a, b) => a.cpuFromSeconds - b.cpuFromSeconds)) {
      const to = cpuFromSeconds + cpuSeconds;
      seconds += Math.max(0, to - Math.max(countedTo, cpuFromSeconds));
      countedTo = Math.max(countedTo, to);
    }
  }
  return seconds;
}

/** Of how many machines these are processes; the name of a process ends with its id. */
function machinesOf(instances: ReadonlySet<string>): number {
  return new Set([...instances].map((name) => name.replace(/-\d+$/, ''))).size;
}

/** How many slices are lost or partial for each cause, in the order of the causes. */
function causesOf(slices: readonly SliceFold[]): NonNullable<GeneratorHealth['slices']['causes']> {
  return SLICE_CAUSES.map((cause) => ({
    cause,
    slices: slices.filter((slice) => slice.cause === cause).length,
  })).filter(({ slices: count }) => count > 0);
}

/** @param stored iterations that show the starts of attempts without a report; empty if all reported */
function startsOf(
  healths: readonly SliceHealth[],
  { plannedStarts, stopped }: RunSpan,
  stored: readonly IterationCell[],
): GeneratorHealth['starts'] {
  const counted = Map.groupBy(
    healths.flatMap(({ starts }) => starts),
    ({ scenario }) => scenario,
  );
  const seen = Map.groupBy(stored, ({ scenario }) => scenario);
  // The plan's own number, so that the starts of lost slices are missing. For a stopped run, the starts that had come due.
  const whole = new Map(
    stopped
      ? []
      : plannedStarts.map(({ scenario, starts }) => [scenario, starts.reduce((sum, count) => sum + count, 0)]),
  );
  const scenarios = [...new Set([...counted.keys(), ...seen.keys(), ...whole.keys()])].toSorted().map((scenario) => {
    const counts = atLeast(sumOf(counted.get(scenario) ?? []), seen.get(scenario) ?? []);
    return { scenario, ...counts, planned: whole.get(scenario) ?? dueOf(scenario, counts) };
  });
  /** Starts of an attempt without a report had come due as well. */
  function dueOf(scenario: string, { planned, started, dropped }: StartHealth): number | null {
    const hasInstants = plannedStarts.some((each) => each.scenario === scenario);
    return stored.length > 0 && hasInstants ? Math.max(planned ?? 0, (started ?? 0) + (dropped ?? 0)) : planned;
  }
  // Where virtual users set the pace, starts have no instant, so none can be missing or late.
  const planned = scenarios.filter((each) => each.planned !== null);
  if (planned.length === 0) return { planned: null, started: 0, dropped: 0, late: 0, maxLagMs: 0, scenarios };
  const sum = (field: 'planned' | 'started' | 'dropped' | 'late') =>
    planned.reduce<number | null>((total, each) => (each[field] === null ? total : (total ?? 0) + each[field]), null);
  return {
    planned: sum('planned'),
    started: sum('started'),
    dropped: sum('dropped'),
    late: sum('late'),
    maxLagMs: greatest(planned.map(({ maxLagMs }) => maxLagMs)),
    scenarios,
  };
}

/** Nothing is known without any counts. */
function sumOf(counts: readonly StartCounts[]): StartHealth {
  if (counts.length === 0) return { planned: null, started: null, dropped: null, late: null, maxLagMs: null };
  const sum = (field: (each: StartCounts) => number) => counts.reduce((total, each) => total + field(each), 0);
  return {
    planned: counts.some(({ planned }) => planned !== undefined) ? sum(({ planned }) => planned ?? 0) : null,
    started: sum(({ started }) => started),
    dropped: sum(({ dropped }) => dropped),
    late: sum(({ late }) => late),
    maxLagMs: counts.reduce((most, { maxLagMs }) => Math.max(most, maxLagMs), 0),
  };
}

/** The counts with the starts that only samples show: what an attempt had stored before it was lost. */
function atLeast(counts: StartHealth, cells: readonly IterationCell[]): StartHealth {
  if (cells.length === 0) return counts;
  const sum = (of: (cell: IterationCell) => number) => cells.reduce((total, cell) => total + of(cell), 0);
  const started = sum(({ durations, aborted, iterationsWithoutFeedRow }) => {
    return durations.length + aborted + iterationsWithoutFeedRow;
  });
  return {
    ...counts,
    started: Math.max(counts.started ?? 0, started),
    dropped: Math.max(
      counts.dropped ?? 0,
      sum(({ dropped }) => dropped),
    ),
  };
}

function tokensOf(healths: readonly SliceHealth[]): TokenHealth[] {
  const byTarget = Map.groupBy(
    healths.flatMap(({ tokens }) => tokens),
    ({ target }) => target,
  );
  return [...byTarget].map(([target, tokens]) => ({
    target,
    fetched: tokens.reduce((sum, { fetched }) => sum + fetched, 0),
    failed: tokens.reduce((sum, { failed }) => sum + failed, 0),
    maxMs: tokens.reduce((most, { maxMs }) => Math.max(most, maxMs), 0),
  }));
}

/** The slices that ended early, by reason; each reason with the time of the first. */
function endedEarlyOf(healths: readonly SliceHealth[], runStartMs: number): NonNullable<GeneratorHealth['endedEarly']> {
  const all = healths.flatMap(({ endedEarly = [] }) => endedEarly).toSorted((a, b) => a.atMs - b.atMs);
  return [...Map.groupBy(all, ({ reason }) => reason)].map(([reason, group]) => ({
    reason,
    slices: group.length,
    atSeconds: Math.max(0, (group[0] as EndedEarly).atMs - runStartMs) / 1000,
  }));
}

function refusedOf(healths: readonly SliceHealth[]): Pick<GeneratorHealth, 'refusedRequests'> {
  const all = healths.flatMap(({ refusedRequests = [] }) => refusedRequests);
  if (all.length === 0) return {};
  const refusedRequests = [...Map.groupBy(all, ({ target }) => target)].map(([target, group]) => {
    return { target, count: group.reduce((sum, { count }) => sum + count, 0) };
  });
  return { refusedRequests };
}

/** Each stopped target with the reason of the first slice that stopped it; at the same instant, the reason that sorts first. */
function stoppedTargetsOf(healths: readonly SliceHealth[], runStartMs: number): GeneratorHealth['stoppedTargets'] {
  const all = healths
    .flatMap(({ stoppedTargets }) => stoppedTargets)
    .toSorted((a, b) => a.atMs - b.atMs || (a.reason < b.reason ? -1 : 1));
  return [...Map.groupBy(all, ({ target }) => target)].map(([target, group]) => {
    const [{ reason, atMs }] = group as [StoppedTarget];
    return { target, reason, atSeconds: Math.max(0, atMs - runStartMs) / 1000 };
  });
}
