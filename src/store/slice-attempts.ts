import type { SliceHealth } from '../summary/generator-health.ts';

/** Who ran a slice, as far as the store knows. */
export type SliceAttempts = {
  /** The current holder of every attempt that has begun, in order of attempt. */
  readonly leases: readonly SliceDelivery[];
  /** Holders that lost their lease to a later one, in the order in which they lost it. */
  readonly supersededHolders: readonly SliceDelivery[];
  /** Deliveries of an attempt that already had a holder. */
  readonly duplicates: readonly SliceDelivery[];
  /** Present once the slice is complete. */
  readonly commit?: SliceCommit;
};

/** One delivery of a slice: the attempt that the orchestrator asked for, and the id of whoever received it. */
type SliceDelivery = { readonly attempt: number; readonly holder: string };

/** Written when a slice has run to its end. */
export type SliceCommit = {
  readonly sliceId: string;
  /** Holders whose blocks count: those that were lost first, then the one that finished. */
  readonly attemptIds: readonly string[];
  readonly health: SliceHealth;
};

/** The attempts at a slice that nobody has begun. */
export const NO_ATTEMPTS: SliceAttempts = { leases: [], supersededHolders: [], duplicates: [] };

/** The holder of an attempt; undefined if nobody has begun it. */
export function holderOf({ leases }: SliceAttempts, attempt: number): string | undefined {
  return leases.find((lease) => lease.attempt === attempt)?.holder;
}

/** Everyone who holds or held a lease on the slice, and therefore may have stored blocks. */
export function allHolders({ leases, supersededHolders }: SliceAttempts): readonly string[] {
  return [...new Set([...leases, ...supersededHolders].map(({ holder }) => holder))];
}

/** Gives the attempt to `holder` unless it has a holder. */
export function withLease(attempts: SliceAttempts, attempt: number, holder: string): SliceAttempts {
  if (holderOf(attempts, attempt) !== undefined) return attempts;
  const leases = [...attempts.leases, { attempt, holder }].sort((a, b) => a.attempt - b.attempt);
  return { ...attempts, leases };
}

/**
 * Moves the attempt from one holder to another.
 * @returns undefined if `from` does not hold the attempt; the unchanged attempts if this move has already been made, so
 *   that a repeated call gets the same answer as the first
 */
export function withTakeOver(
  attempts: SliceAttempts,
  attempt: number,
  from: string,
  to: string,
): SliceAttempts | undefined {
  const { leases, supersededHolders } = attempts;
  const holder = holderOf(attempts, attempt);
  if (holder === to && (from === to || includes(supersededHolders, { attempt, holder: from }))) return attempts;
  if (holder !== from) return undefined;
  return {
    ...attempts,
    leases: leases.map((lease) => (lease.attempt === attempt ? { attempt, holder: to } : lease)),
    supersededHolders: [...supersededHolders, { attempt, holder: from }],
  };
}

/** Records a duplicate, once. */
export function withDuplicate(attempts: SliceAttempts, attempt: number, holder: string): SliceAttempts {
  const delivery = { attempt, holder };
  if (includes(attempts.duplicates, delivery)) return attempts;
  return { ...attempts, duplicates: [...attempts.duplicates, delivery] };
}

/** Sets the commit; a later one replaces an earlier one. */
export function withCommit(attempts: SliceAttempts, commit: SliceCommit): SliceAttempts {
  return { ...attempts, commit };
}

function includes(deliveries: readonly SliceDelivery[], wanted: SliceDelivery): boolean {
  return deliveries.some(({ attempt, holder }) => attempt === wanted.attempt && holder === wanted.holder);
}
