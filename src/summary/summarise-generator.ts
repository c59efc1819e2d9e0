import type { StartCounts } from '../traffic/executor.ts';
import type { Fold, SliceFold } from './fold.ts';
import type {
  EndedEarly,
  GeneratorHealth,
  SliceHealth,
  StartHealth,
  StoppedTarget,
  TokenHealth,
} from './generator-health.ts';
import type { RunSpan } from './summary.ts';

/** Adds up what the slices report about themselves; a slice without a commit counts as lost. */
export function generatorHealth(fold: Fold, span: RunSpan, requests: number): GeneratorHealth {
  const { slices } = fold;
  const healths = slices.flatMap(({ health, earlier = [] }) => (health === undefined ? earlier : [...earlier, health]));
  const inState = (wanted: SliceFold['state']) => slices.filter(({ state }) => state === wanted).length;
  const sum = (field: (health: SliceHealth) => number) => healths.reduce((total, health) => total + field(health), 0);
  const max = (field: (health: SliceHealth) => number | null) => greatest(healths.map(field));
  const cpuSeconds = healths.length === 0 ? null : cpuSecondsOf(healths);
  // Nobody needs the slices after a stop. Without one, for example after the orchestration was terminated, they are lost.
  const skipped = span.stopped ? inState('skipped') : 0;
  const endedEarly = endedEarlyOf(healths, span.runStartMs);
  const unkept = sum((health) => health.store.unkept ?? 0);
  return {
    slices: {
      planned: span.plannedSlices,
      committed: inState('committed'),
      partial: inState('partial'),
      lost: span.plannedSlices - inState('committed') - inState('partial') - skipped,
      ...(skipped === 0 ? {} : { skipped }),
      duplicates: slices.reduce((total, { duplicates }) => total + duplicates, 0),
    },
    maxStartDelayMs: max((health) => health.startDelayMs) ?? 0,
    eventLoopDelayMs: {
      p99: max((health) => health.eventLoopDelayMs.p99),
      max: max((health) => health.eventLoopDelayMs.max),
    },
    cpu: {
      seconds: cpuSeconds,
      microsecondsPerRequest: cpuSeconds === null || requests === 0 ? null : (cpuSeconds * 1e6) / requests,
      maxShare: max(cpuShareOf),
    },
    starts: startsOf(healths, span),
    vus: { planned: span.plannedVus, started: fold.vus.length },
    abortedRequests: fold.abortedRequests,
    limitedRequests: fold.limitedRequests,
    limitedExample: fold.limitedExample,
    tokens: tokensOf(healths),
    ...refusedOf(healths),
    stoppedTargets: stoppedTargetsOf(healths, span.runStartMs),
    ...(endedEarly.length === 0 ? {} : { endedEarly }),
    store: {
      errors: sum((health) => health.store.errors),
      blocks: sum((health) => health.store.blocks),
      samples: fold.samples,
      ...(unkept === 0 ? {} : { unkept }),
    },
    instances: new Set(healths.map((health) => health.instance)).size,
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

function startsOf(healths: readonly SliceHealth[], { plannedStarts, stopped }: RunSpan): GeneratorHealth['starts'] {
  const counted = Map.groupBy(
    healths.flatMap(({ starts }) => starts),
    ({ scenario }) => scenario,
  );
  // The plan's own number, so that the starts of lost slices are missing. For a stopped run, the starts that had come due.
  const whole = new Map(
    stopped
      ? []
      : plannedStarts.map(({ scenario, starts }) => [scenario, starts.reduce((sum, count) => sum + count, 0)]),
  );
  const scenarios = [...new Set([...counted.keys(), ...whole.keys()])].toSorted().map((scenario) => {
    const counts = sumOf(counted.get(scenario) ?? []);
    return { scenario, ...counts, planned: whole.get(scenario) ?? counts.planned };
  });
  // Where virtual users set the pace, starts have no instant, so none can be missing or late.
  const planned = scenarios.filter((each) => each.planned !== null);
  const sum = (field: 'started' | 'dropped' | 'late') => planned.reduce((total, each) => total + each[field], 0);
  return {
    planned: planned.length === 0 ? null : planned.reduce((total, each) => total + (each.planned ?? 0), 0),
    started: sum('started'),
    dropped: sum('dropped'),
    late: sum('late'),
    maxLagMs: Math.max(0, ...planned.map(({ maxLagMs }) => maxLagMs)),
    scenarios,
  };
}

function sumOf(counts: readonly StartCounts[]): StartHealth {
  const sum = (field: (each: StartCounts) => number) => counts.reduce((total, each) => total + field(each), 0);
  return {
    planned: counts.some(({ planned }) => planned !== undefined) ? sum(({ planned }) => planned ?? 0) : null,
    started: sum(({ started }) => started),
    dropped: sum(({ dropped }) => dropped),
    late: sum(({ late }) => late),
    maxLagMs: counts.reduce((most, { maxLagMs }) => Math.max(most, maxLagMs), 0),
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
