import type { SliceDelivery, SliceLedger, SliceMarker } from './slice-ledger.ts';

/** The ledger of a slice that nobody has begun. */
export const EMPTY_LEDGER: SliceLedger = { leases: [], replaced: [], duplicates: [] };

/** Who holds an attempt; undefined when nobody began it. */
export function holderOf(ledger: SliceLedger, attempt: number): string | undefined {
  return ledger.leases.find((lease) => lease.attempt === attempt)?.holder;
}

/** Gives the attempt to `holder` unless somebody has it. */
export function withLease(ledger: SliceLedger, attempt: number, holder: string): SliceLedger {
  if (holderOf(ledger, attempt) !== undefined) return ledger;
  const leases = [...ledger.leases, { attempt, holder }].sort((a, b) => a.attempt - b.attempt);
  return { ...ledger, leases };
}

/**
 * Moves the attempt from one holder to another.
 * @returns undefined when `from` does not hold it; the unchanged ledger when this very move has happened before, so
 *   that a repeated call gets the same answer as the first
 */
export function withTakeOver(ledger: SliceLedger, attempt: number, from: string, to: string): SliceLedger | undefined {
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
export function withDuplicate(ledger: SliceLedger, attempt: number, holder: string): SliceLedger {
  const delivery = { attempt, holder };
  if (includes(ledger.duplicates, delivery)) return ledger;
  return { ...ledger, duplicates: [...ledger.duplicates, delivery] };
}

/** Sets the marker; a later one replaces an earlier one. */
export function withMarker(ledger: SliceLedger, marker: SliceMarker): SliceLedger {
  return { ...ledger, marker };
}

function includes(deliveries: readonly SliceDelivery[], wanted: SliceDelivery): boolean {
  return deliveries.some(({ attempt, holder }) => attempt === wanted.attempt && holder === wanted.holder);
}
