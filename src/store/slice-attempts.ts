import type { SliceHealth } from '../summary/generator-health.ts';

/** Who ran a slice, as far as the store knows. A slice has one holder at a time, whichever attempt it belongs to. */
export type SliceAttempts = {
  /** The current holder, once there is one. Rows of earlier versions have an entry for each attempt; the last one counts. */
  readonly leases: readonly SliceLease[];
  /** Holders that lost their lease to a later one, in the order in which they lost it. */
  readonly supersededHolders: readonly SliceLease[];
  /** Deliveries that found that the slice had a holder. */
  readonly duplicates: readonly SliceDelivery[];
  /** Deliveries that ended without ever having held the slice, other than duplicates; absent without any. */
  readonly misses?: readonly SliceMiss[];
  /** What holders reported that ended without completing the slice, in order; absent without any. */
  readonly reports?: readonly HolderReport[];
  /** Present once the slice is complete, or its holder has ended early with everything stored. */
  readonly commit?: SliceCommit;
  /** Present if the slice was closed without load. */
  readonly skip?: SliceSkip;
};

/** One delivery of a slice: the attempt that the orchestrator asked for, and the id of whoever received it. */
type SliceDelivery = { readonly attempt: number; readonly holder: string };

/** `released`: the holder has ended, so that nobody needs to wait for signs of its death. */
export type SliceLease = SliceDelivery & { readonly released?: true };

/**
 * Why a delivery has not even tried to hold the slice: the store could not be reached in the slice's time, or the process
 * that received it must not run it.
 */
export type SliceMiss = SliceDelivery & { readonly reason: 'store away' | 'refused' };

/** What a holder reported of itself. */
export type HolderReport = { readonly holder: string; readonly health: SliceHealth };

/** Written when a slice has run to its end, or when its holder has ended early and stored what it had measured. */
export type SliceCommit = {
  readonly sliceId: string;
  /** Holders whose blocks count: those that were lost first, then the one that finished. */
  readonly attemptIds: readonly string[];
  readonly health: SliceHealth;
};

/** Why a slice made no load: the run was stopped before, or the first delivery came after the slice's time. */
export type SliceSkip = {
  readonly sliceId: string;
  readonly holder: string;
  readonly reason: 'stopped' | 'too late';
  /** Epoch milliseconds. */
  readonly atMs: number;
};

/** The attempts at a slice that nobody has begun. */
export const NO_ATTEMPTS: SliceAttempts = { leases: [], supersededHolders: [], duplicates: [] };

/** The lease of the current holder; undefined if nobody has begun the slice. */
export function currentLease({ leases }: SliceAttempts): SliceLease | undefined {
  return leases.at(-1);
}

/** Everyone who holds or held a lease on the slice, and therefore may have stored blocks; the current holder last. */
export function allHolders({ leases, supersededHolders }: SliceAttempts): readonly string[] {
  return [...new Set([...supersededHolders, ...leases].map(({ holder }) => holder))];
}

/** True once nothing more is to come of the slice's current holder: it has committed or skipped the slice. */
export function isClosed({ commit, skip }: SliceAttempts): boolean {
  return commit !== undefined || skip !== undefined;
}

/** True if the slice has a commit or a skip after which no later delivery may make its load. */
export function isFinal({ commit, skip }: SliceAttempts): boolean {
  return skip !== undefined || (commit !== undefined && !mayContinue(commit));
}

/** True if the current holder has ended and left the rest of the slice to others. */
export function isGivenBack(attempts: SliceAttempts): boolean {
  const { commit } = attempts;
  const lease = currentLease(attempts);
  if (lease === undefined) return false;
  // A commit of an earlier holder says nothing about the current one.
  const isCommitted = commit !== undefined && mayContinue(commit) && commit.attemptIds.at(-1) === lease.holder;
  return lease.released === true || isCommitted;
}

/** True for a commit after which another delivery may make the load of the remaining time. */
export function mayContinue({ health }: SliceCommit): boolean {
  return health.endedEarly?.mayContinue === true;
}

/** Gives the slice to `holder` unless it has a holder. */
export function withLease(attempts: SliceAttempts, attempt: number, holder: string): SliceAttempts {
  if (currentLease(attempts) !== undefined) return attempts;
  return { ...attempts, leases: [{ attempt, holder }] };
}

/**
 * Moves the slice from one holder to another.
 * @param attempt of the new holder
 * @returns undefined if `from` does not hold the slice, or if the slice is over; the unchanged attempts if this move has
 *   already been made, so that a repeated call gets the same answer as the first
 */
export function withTakeOver(
  attempts: SliceAttempts,
  attempt: number,
  from: string,
  to: string,
): SliceAttempts | undefined {
  const { leases, supersededHolders } = attempts;
  const current = currentLease(attempts);
  const isDone = from === to || supersededHolders.some(({ holder }) => holder === from);
  if (current?.holder === to && isDone) return attempts;
  if (current?.holder !== from || isFinal(attempts)) return undefined;
  return {
    ...attempts,
    leases: [{ attempt, holder: to }],
    supersededHolders: [...supersededHolders, ...leases],
  };
}

/** Records that a holder has ended and gives the slice back; changes nothing if another one holds it. */
export function withRelease(attempts: SliceAttempts, holder: string): SliceAttempts {
  const current = currentLease(attempts);
  if (current?.holder !== holder || current.released === true) return attempts;
  return { ...attempts, leases: [...attempts.leases.slice(0, -1), { ...current, released: true }] };
}

/** Records a duplicate, once. */
export function withDuplicate(attempts: SliceAttempts, attempt: number, holder: string): SliceAttempts {
  const delivery = { attempt, holder };
  if (includes(attempts.duplicates, delivery)) return attempts;
  return { ...attempts, duplicates: [...attempts.duplicates, delivery] };
}

/** Records a delivery that never held the slice, once. */
export function withMiss(attempts: SliceAttempts, miss: SliceMiss): SliceAttempts {
  const { misses = [] } = attempts;
  return includes(misses, miss) ? attempts : { ...attempts, misses: [...misses, miss] };
}

/** Records what a holder reports that does not complete the slice; a later report replaces an earlier one. */
export function withReport(attempts: SliceAttempts, holder: string, health: SliceHealth): SliceAttempts {
  const others = (attempts.reports ?? []).filter((report) => report.holder !== holder);
  return { ...attempts, reports: [...others, { holder, health }] };
}

/**
 * Sets the commit. The last of its attempts is the holder that commits. A commit of an earlier holder becomes a report.
 * @returns undefined if another holder has the slice: then only that one may commit it
 */
export function withCommit(attempts: SliceAttempts, commit: SliceCommit): SliceAttempts | undefined {
  const holder = commit.attemptIds.at(-1);
  const current = currentLease(attempts);
  if (current !== undefined && current.holder !== holder) return undefined;
  const before = attempts.commit;
  const holderBefore = before?.attemptIds.at(-1);
  if (before === undefined || holderBefore === undefined || holderBefore === holder) return { ...attempts, commit };
  return { ...withReport(attempts, holderBefore, before.health), commit };
}

/** Closes the slice without load; undefined if another holder has the slice. */
export function withSkip(attempts: SliceAttempts, skip: SliceSkip): SliceAttempts | undefined {
  return currentLease(attempts)?.holder === skip.holder ? { ...attempts, skip } : undefined;
}

function includes(deliveries: readonly SliceDelivery[], wanted: SliceDelivery): boolean {
  return deliveries.some(({ attempt, holder }) => attempt === wanted.attempt && holder === wanted.holder);
}
