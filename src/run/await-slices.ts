import type { RunStore } from '../store/run-store.ts';
import { currentLease, mayContinue, type SliceAttempts } from '../store/slice-attempts.ts';
import { SignsOfLife } from './lease.ts';
import type { RunContext } from './run-context.ts';

/** How many slices are read at the same time. */
const BATCH_SIZE = 16;

/**
 * Waits until none of a run's slices makes or stores anything more: each has committed, was never begun, or has shown no
 * sign of life for the dead-after time. Signs of life are changes that this process sees, whatever the clock of the other
 * process says. The caller has ended the run, so that no slice begins any more and those that live end their load.
 * @param sliceIds slices that are not known to be complete
 * @returns those that still showed life after the time in which slices may write late
 */
export async function awaitSlices(
  { store, clock, timing }: RunContext,
  runId: string,
  sliceIds: readonly string[],
): Promise<readonly string[]> {
  const limitMs = clock.now() + timing.lateWriteMs + timing.deadAfterMs;
  const signs = new SignsOfLife();
  let open = sliceIds;
  for (;;) {
    open = await openSlices(store, runId, open);
    if (open.length === 0) return [];
    const progress = Map.groupBy(await store.listProgress(runId), ({ sliceId }) => sliceId);
    const nowMs = clock.now();
    const living = open.filter((sliceId) => {
      // Of all attempts: one that was superseded may still have samples to store.
      const sign = (progress.get(sliceId) ?? []).map(({ attemptId, atMs }) => `${attemptId} ${atMs}`).join(' ');
      return nowMs - signs.since(sliceId, sign, nowMs) <= timing.deadAfterMs;
    });
    if (living.length === 0 || nowMs >= limitMs) return living;
    await clock.sleepUntil(nowMs + timing.flushMs);
  }
}

/** Those slices of which more may come. */
async function openSlices(store: RunStore, runId: string, sliceIds: readonly string[]): Promise<readonly string[]> {
  const open: string[] = [];
  for (let from = 0; from < sliceIds.length; from += BATCH_SIZE) {
    const batch = sliceIds.slice(from, from + BATCH_SIZE);
    const isOpen = await Promise.all(
      batch.map(async (sliceId) => mayStoreMore(await store.readAttempts(runId, sliceId))),
    );
    open.push(...batch.filter((_, index) => isOpen[index]));
  }
  return open;
}

/** True if the slice has a holder that has not ended as far as the store knows. */
function mayStoreMore(attempts: SliceAttempts): boolean {
  const { commit, skip } = attempts;
  const lease = currentLease(attempts);
  if (lease === undefined || lease.released === true || skip !== undefined) return false;
  return commit === undefined || (mayContinue(commit) && commit.attemptIds.at(-1) !== lease.holder);
}
