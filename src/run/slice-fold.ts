import type { Slice } from '../plan/slices.ts';
import type { RunRecord } from '../store/run-store.ts';
import { allHolders, mayContinue, type SliceAttempts, type SliceLease } from '../store/slice-attempts.ts';
import type { SilentHolder, SliceFold } from '../summary/fold.ts';
import type { SliceCause, SliceHealth } from '../summary/generator-health.ts';
import type { StoredSamples } from './silent-holders.ts';

/** The holders whose blocks count: those that the last commit names; all of them until there is one. */
export function holdersThatCount(attempts: SliceAttempts): readonly string[] {
  const { commit } = attempts;
  return commit !== undefined && !mayContinue(commit) ? commit.attemptIds : allHolders(attempts);
}

/** Those of them that have ended, or will end, without a report of themselves. */
export function silentHolders(attempts: SliceAttempts): readonly string[] {
  const { commit, skip, reports = [] } = attempts;
  const known = new Set([...reports.map(({ holder }) => holder), commit?.attemptIds.at(-1), skip?.holder]);
  return holdersThatCount(attempts).filter((holder) => !known.has(holder));
}

/** When a run was asked to end, epoch milliseconds: infinite if it was not, 0 if that is not known. */
export function stopMsOf({ stopRequested, stopped, abort, schedule }: RunRecord): number {
  if (!stopRequested) return Number.POSITIVE_INFINITY;
  const times = [
    ...(stopped === undefined ? [] : [Date.parse(stopped.at)]),
    ...(abort === undefined || schedule === undefined ? [] : [schedule.startAtMs + abort.atSeconds * 1000]),
  ];
  return times.length === 0 ? 0 : Math.min(...times);
}

/** Whether a slice should have begun before its run was stopped. @param maxDelayMs how late a slice may begin */
export function isNeededBefore(stopMs: number, { startAtMs }: Slice, maxDelayMs: number): boolean {
  return startAtMs + maxDelayMs < stopMs;
}

type EndedSlice = {
  readonly sliceId: string;
  readonly attempts: SliceAttempts;
  /** What is stored of each holder that counts. */
  readonly stored: ReadonlyMap<string, StoredSamples>;
  readonly silent: readonly SilentHolder[];
  /** Whether and when the run was stopped, see `stopMsOf`. */
  readonly stopMs: number;
  /** False if that was before the slice should have begun. */
  readonly isNeeded: boolean;
};

/** How a slice ended, and why it is not complete. */
export function sliceFold({ sliceId, attempts, stored, silent, stopMs, isNeeded }: EndedSlice): SliceFold {
  const { commit, reports = [] } = attempts;
  const committer = commit?.attemptIds.at(-1);
  const earlier = reports.filter(({ holder }) => holder !== committer);
  const shared = {
    sliceId,
    duplicates: attempts.duplicates.length,
    health: commit === undefined ? undefined : withUnkept(commit.health, stored.get(committer ?? '')),
    ...(earlier.length === 0
      ? {}
      : { earlier: earlier.map(({ holder, health }) => withUnkept(health, stored.get(holder))) }),
    ...(silent.length === 0 ? {} : { silent }),
  };
  const silence = causeOfSilence(attempts);
  if (commit !== undefined) {
    const isWhole = holdersThatCount(attempts).length === 1 && commit.health.endedEarly === undefined;
    if (isWhole) return { ...shared, state: 'committed' };
    return { ...shared, state: 'partial', ...(silence === undefined ? {} : { cause: silence }) };
  }
  if (silence !== undefined) return { ...shared, state: 'lost', cause: silence };
  if (earlier.length > 0) return { ...shared, state: 'partial' };
  return isNeeded
    ? { ...shared, state: 'lost', cause: causeOfNoLoad(attempts, stopMs) }
    : { ...shared, state: 'skipped' };
}

/** Why holders have not reported; undefined if all have. One that died says more than one that failed. */
function causeOfSilence(attempts: SliceAttempts): SliceCause | undefined {
  const silent = silentHolders(attempts);
  if (silent.length === 0) return undefined;
  const leases = new Map<string, SliceLease>();
  for (const lease of [...attempts.supersededHolders, ...attempts.leases]) leases.set(lease.holder, lease);
  return silent.every((holder) => leases.get(holder)?.released === true) ? 'failed' : 'died';
}

/** Why nobody made load. */
function causeOfNoLoad({ skip, misses = [] }: SliceAttempts, stopMs: number): SliceCause {
  // After a stop, a delivery that comes late is not begun, because of the stop.
  if (skip !== undefined) return skip.reason === 'too late' || Number.isFinite(stopMs) ? 'too late' : 'run over';
  return misses.at(-1)?.reason ?? 'never begun';
}

/**
 * A holder's report with the samples that are really missing. One that gave up a block does not know whether the block was
 * stored after all; and what it had stored may have been lost.
 * @param found what is stored of it; undefined if that does not count
 */
function withUnkept(health: SliceHealth, found: StoredSamples | undefined): SliceHealth {
  const { unkept: reported = 0, unkeptRequests: requests = 0, ...store } = health.store;
  const unkept = found === undefined ? reported : Math.max(0, store.samples + reported - found.samples);
  const unkeptRequests = Math.min(requests, unkept);
  const missing = { ...(unkept === 0 ? {} : { unkept }), ...(unkeptRequests === 0 ? {} : { unkeptRequests }) };
  return { ...health, store: { ...store, ...missing } };
}
