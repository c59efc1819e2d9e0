import type { ExecutorOptions } from './executor.ts';
import type { StartTally } from './start-tally.ts';
import type { Iteration } from './virtual-user.ts';

/** One virtual user at work without a break. */
export type VuWork = {
  /** Its number in the run. */
  readonly vu: number;
  /** Epoch milliseconds between which it begins iterations. */
  readonly fromMs: number;
  readonly toMs: number;
  /** How long after `toMs` it may go on with its iteration, milliseconds; undefined when others see to that. */
  readonly graceMs?: number;
  /** True while there is an iteration for it to begin. */
  readonly hasNext: () => boolean;
  readonly next: () => Iteration;
};

/** An iteration over sooner than this cannot have asked the network anything. */
const NO_TIME_MS = 0.02;
/** The pause after it, so that a virtual user who is refused on the spot leaves the event loop to the others. */
const BREATH_MS = 1;

/**
 * A closed model: the virtual user calls, thinks and calls again until its time or its iterations are over. Resolves when
 * it has finished the last iteration and ended. It is made only once it begins.
 */
export async function runVu(options: ExecutorOptions, work: VuWork, tally: StartTally): Promise<void> {
  const { clock, stopping, share } = options;
  const { fromMs, toMs, hasNext, next } = work;
  const mayBegin = () => hasNext() && clock.now() < toMs && !stopping.aborted;
  await clock.sleepUntil(Math.min(toMs, fromMs), stopping);
  if (!mayBegin()) return;
  const vu = options.newVu(work.vu);
  options.onActive(1);
  const over = new AbortController();
  const limit = work.graceMs === undefined ? undefined : clock.sleepUntil(toMs + work.graceMs, over.signal);
  const interrupted = limit?.then(() => over.signal.aborted || vu.interrupt());
  const { steps, sessions } = share.scenario;
  const holds = steps.length === 0 && sessions.reuse === 'vu';
  while (mayBegin()) {
    const beganMs = clock.now();
    tally.start(0);
    await vu.iterate(next());
    if (!hasNext()) break;
    const leastMs = clock.now() - beganMs < NO_TIME_MS ? BREATH_MS : 0;
    const pauseMs = holds ? Number.POSITIVE_INFINITY : Math.max(vu.think(), leastMs);
    if (pauseMs > 0) await clock.sleepUntil(Math.min(toMs, clock.now() + pauseMs), stopping);
  }
  over.abort();
  await interrupted;
  options.onActive(-1);
  await vu.end();
}
