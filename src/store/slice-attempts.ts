import type { SliceHealth } from '../summary/generator-health.ts';

/** A delivery of an attempt at a slice: the attempt the orchestrator asked for, and who got it. */
export type SliceDelivery = { readonly attempt: number; readonly holder: string };

/** Written once a slice has run to its end. */
export type SliceCommit = {
  readonly sliceId: string;
  /** Holders whose blocks count, in order: the one that finished, after any that were lost before it. */
  readonly attemptIds: readonly string[];
  readonly health: SliceHealth;
};

/** Who ran a slice, as far as the store knows. */
export type SliceAttempts = {
  /** Current holder of every attempt that was begun, in order of attempt. */
  readonly leases: readonly SliceDelivery[];
  /** Holders that lost a lease to a later one (takeOverLease), in the order in which they lost it. */
  readonly replaced: readonly SliceDelivery[];
  readonly duplicates: readonly SliceDelivery[];
  readonly marker?: SliceCommit;
};

/** The ledger of a slice that nobody has begun. */
export const EMPTY_LEDGER: SliceAttempts = { leases: [], replaced: [], duplicates: [] };

/** Who holds an attempt; undefined when nobody began it. */
export function holderOf(ledger: SliceAttempts, attempt: number): string | undefined {
  return ledger.leases.find((lease) => lease.attempt === attempt)?.holder;
}

/** Gives the attempt to `holder` unless somebody has it. */
export function withLease(ledger: SliceAttempts, attempt: number, holder: string): SliceAttempts {
  if (holderOf(ledger, attempt) !== undefined) return ledger;
  const leases = [...ledger.leases, { attempt, holder }].sort((a, b) => a.attempt - b.attempt);
  return { ...ledger, leases };
}

/**
 * Moves the attempt from one holder to another.
 * @returns undefined when `from` does not hold it; the unchanged ledger when this very move has happened before, so
 *   that a repeated call gets the same answer as the first
 */
export function withTakeOver(
  ledger: SliceAttempts,
  attempt: number,
  from: string,
  to: string,
): SliceAttempts | undefined {
  const holder = holderOf(ledger, attempt);
  if (holder === to && (from === to || includes(ledger.replaced, { attempt, holder: from }))) return ledger;
  if (holder !== from) return undefined;
  return {
    ...ledger,
    leases: ledger.leases.map((lease) => (lease.attempt === attempt ? { attempt, holder: to } : lease)),
    replaced: [...ledger.replaced, { attempt, holder: from }],
  };
}

/** Notes a second delivery, once. */
export function withDuplicate(ledger: SliceAttempts, attempt: number, holder: string): SliceAttempts {
  const delivery = { attempt, holder };
  if (includes(ledger.duplicates, delivery)) return ledger;
  return { ...ledger, duplicates: [...ledger.duplicates, delivery] };
}

/** Sets the marker; a later one replaces an earlier one. */
export function withMarker(ledger: SliceAttempts, marker: SliceCommit): SliceAttempts {
  return { ...ledger, marker };
}

function includes(deliveries: readonly SliceDelivery[], wanted: SliceDelivery): boolean {
  return deliveries.some(({ attempt, holder }) => attempt === wanted.attempt && holder === wanted.holder);
}
