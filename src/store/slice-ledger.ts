import type { SliceHealth } from '../summary/slice-health.ts';

/** A delivery of an attempt at a slice: the attempt the orchestrator asked for, and who got it. */
export type SliceDelivery = { readonly attempt: number; readonly holder: string };

/** Written once a slice has run to its end. */
export type SliceMarker = {
  readonly sliceId: string;
  /** Holders whose blocks count, in order: the one that finished, after any that were lost before it. */
  readonly attemptIds: readonly string[];
  readonly health: SliceHealth;
};

/** Who ran a slice, as far as the store knows. */
export type SliceLedger = {
  /** Current holder of every attempt that was begun, in order of attempt. */
  readonly leases: readonly SliceDelivery[];
  /** Holders that lost a lease to a later one (takeOverLease), in the order in which they lost it. */
  readonly replaced: readonly SliceDelivery[];
  readonly duplicates: readonly SliceDelivery[];
  readonly marker?: SliceMarker;
};
