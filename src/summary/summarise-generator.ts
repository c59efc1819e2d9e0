import type { Fold } from './fold.ts';
import type { GeneratorHealth, TokenHealth } from './generator-health.ts';
import type { RunSpan } from './run-span.ts';
import type { SliceHealth, StoppedTarget } from './slice-health.ts';

/** Adds up what the slices said about themselves; a slice that never spoke counts as lost. */
export function generatorHealth(fold: Fold, span: RunSpan, requests: number): GeneratorHealth {
  const { slices } = fold;
  const healths = slices.flatMap(({ health }) => (health === undefined ? [] : [health]));
  const inState = (wanted: string) => slices.filter(({ state }) => state === wanted).length;
  const sum = (field: (health: SliceHealth) => number) => healths.reduce((total, health) => total + field(health), 0);
  const max = (field: (health: SliceHealth) => number) =>
    healths.reduce((most, health) => Math.max(most, field(health)), 0);
  const cpuSeconds = cpuSecondsOf(fold);
  return {
    slices: {
      planned: span.plannedSlices,
      committed: inState('committed'),
      partial: inState('partial'),
      lost: span.plannedSlices - inState('committed') - inState('partial'),
      duplicates: slices.reduce((total, { duplicates }) => total + duplicates, 0),
    },
    maxStartDelayMs: max((health) => health.startDelayMs),
    eventLoopDelayMs: {
      p99: max((health) => health.eventLoopDelayMs.p99),
      max: max((health) => health.eventLoopDelayMs.max),
    },
    cpu: { seconds: cpuSeconds, microsecondsPerRequest: requests === 0 ? 0 : (cpuSeconds * 1e6) / requests },
    vus: { planned: span.plannedVus, started: fold.vus.length },
    abortedRequests: fold.abortedRequests,
    tokens: tokensOf(healths),
    stoppedTargets: stoppedTargetsOf(healths, span.runStartMs),
    store: {
      errors: sum((health) => health.store.errors),
      blocks: sum((health) => health.store.blocks),
      samples: fold.samples,
    },
    instances: new Set(healths.map((health) => health.instance)).size,
  };
}

/** Slices of one window that shared a process saw the same CPU seconds, which count once. */
function cpuSecondsOf(fold: Fold): number {
  const spoken = fold.slices.flatMap(({ sliceId, health }) => (health === undefined ? [] : [{ sliceId, health }]));
  const shared = Map.groupBy(spoken, ({ sliceId, health }) => `${windowOf(sliceId)} ${health.instance}`);
  const seconds = [...shared.values()].map((group) => Math.max(...group.map(({ health }) => health.cpuSeconds)));
  return seconds.reduce((sum, value) => sum + value, 0);
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
    maxMs: Math.max(...tokens.map(({ maxMs }) => maxMs)),
  }));
}

/** The first slice to stop a target tells of it; of two at the same instant the one whose reason sorts first. */
function stoppedTargetsOf(healths: readonly SliceHealth[], runStartMs: number): GeneratorHealth['stoppedTargets'] {
  const all = healths
    .flatMap(({ stoppedTargets }) => stoppedTargets)
    .toSorted((a, b) => a.atMs - b.atMs || (a.reason < b.reason ? -1 : 1));
  return [...Map.groupBy(all, ({ target }) => target)].map(([target, group]) => {
    const [{ reason, atMs }] = group as [StoppedTarget];
    return { target, reason, atSeconds: Math.max(0, atMs - runStartMs) / 1000 };
  });
}

/** A slice id is `w<window>-l<lane>`. */
function windowOf(sliceId: string): string {
  return sliceId.slice(0, sliceId.indexOf('-'));
}
