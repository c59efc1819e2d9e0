import type { RunContext } from './run-context.ts';

export type LeaseOptions<Result> = {
  readonly runId: string;
  /** What is executed: a slice's id, or the name of a step such as `preflight`. */
  readonly unit: string;
  /** The attempt that the orchestrator asked for. */
  readonly attempt: number;
  /** Identifies this delivery; no other delivery has the same. */
  readonly holder: string;
  /** Reads the result of an earlier delivery; undefined until there is one. */
  readonly result: () => Promise<Result | undefined>;
  /** Epoch milliseconds of the holder's last sign of life; undefined if it has not given any. */
  readonly lastSignOfLife: () => Promise<number | undefined>;
  readonly work: () => Promise<Result>;
};

/**
 * Does work once, although Durable Functions may deliver it several times. The first delivery takes a lease and works.
 * A later one is recorded as a duplicate, waits for the first one's result and returns the same, so that the orchestrator
 * never goes on too early. If the holder dies, one of the waiting deliveries takes over.
 */
export async function runUnderLease<Result>(context: RunContext, options: LeaseOptions<Result>): Promise<Result> {
  const { store, clock, timing } = context;
  const { runId, unit, attempt, holder } = options;
  let current = await store.takeLease(runId, unit, attempt, holder);
  if (current === holder) return options.work();
  await store.recordDuplicate(runId, unit, attempt, holder);
  const beganMs = clock.now();
  for (;;) {
    const result = await options.result();
    if (result !== undefined) return result;
    const aliveMs = Math.max(beganMs, (await options.lastSignOfLife()) ?? 0);
    if (clock.now() - aliveMs > timing.deadAfterMs) {
      if (await store.takeOverLease(runId, unit, attempt, current, holder)) return options.work();
      current = await store.takeLease(runId, unit, attempt, holder);
    }
    await clock.sleepUntil(clock.now() + timing.pollMs);
  }
}
