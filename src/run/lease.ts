import type { RunRecord } from '../store/run-store.ts';
import type { RunContext } from './run-context.ts';
import { hasEnded } from './run-documents.ts';

/** A run that has not ended this long after the longest it may last is dead, whatever its state says. */
const STALE_AFTER_MS = 15 * 60_000;

/** True while a run may still make load or conclude. */
export function isActive(record: RunRecord, nowMs: number, maxDurationMs: number): boolean {
  if (hasEnded(record)) return false;
  const endMs = record.schedule?.endAtMs ?? Date.parse(record.createdAt) + maxDurationMs;
  return nowMs < endMs + STALE_AFTER_MS;
}

export type LeaseOptions<Result> = {
  readonly runId: string;
  /** What is done: a slice's id, or a step's name. */
  readonly unit: string;
  /** The attempt that the orchestrator asked for. */
  readonly attempt: number;
  /** Names this delivery; no other has the same. */
  readonly holder: string;
  /** Reads what an earlier delivery left behind when it was done. */
  readonly result: () => Promise<Result | undefined>;
  /** Epoch milliseconds of the holder's last sign of life; undefined when it never gave one. */
  readonly lastSignOfLife: () => Promise<number | undefined>;
  readonly work: () => Promise<Result>;
};

/** How often a waiting delivery looks. */
const POLL_MS = 500;
/** A holder that gave no sign of life for this long is dead. */
const DEAD_AFTER_MS = 30_000;

/**
 * Does work once although Durable Functions may deliver it more often. The first delivery takes a lease and works; a
 * further one is recorded, waits for the first one's result and returns the same, so that the orchestrator never goes
 * on too early. When the first one dies, the further one takes over.
 */
export async function runUnderLease<Result>(context: RunContext, options: LeaseOptions<Result>): Promise<Result> {
  const { store, clock } = context;
  const { runId, unit, attempt, holder } = options;
  let current = await store.takeLease(runId, unit, attempt, holder);
  if (current === holder) return options.work();
  await store.recordDuplicate(runId, unit, attempt, holder);
  const beganMs = clock.now();
  for (;;) {
    const result = await options.result();
    if (result !== undefined) return result;
    const aliveMs = Math.max(beganMs, (await options.lastSignOfLife()) ?? 0);
    if (clock.now() - aliveMs > DEAD_AFTER_MS) {
      if (await store.takeOverLease(runId, unit, attempt, current, holder)) return options.work();
      current = await store.takeLease(runId, unit, attempt, holder);
    }
    await clock.sleepUntil(clock.now() + POLL_MS);
  }
}
