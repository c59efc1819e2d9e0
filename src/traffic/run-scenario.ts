import { runArrival } from './arrival-rate.ts';
import { runConstantVus, runPerVuIterations, runSharedIterations } from './closed.ts';
import { cutOutcome, type SegmentRun, type StartCounts } from './executor.ts';
import { runRampingVus } from './ramping-vus.ts';

/**
 * Runs a slice's segment of one scenario: makes the starts as its executor says, and enforces the graceful stop. Resolves
 * when the last virtual user has finished its iteration and ended.
 * @throws when a virtual user rejects, which is a bug of ours
 */
export async function runScenario(run: SegmentRun): Promise<StartCounts> {
  const { scenario } = run.segment;
  const done = new AbortController();
  const enforced = enforceGracefulStop(run, done.signal);
  try {
    // Awaited here, because the graceful stop is enforced until then.
    switch (scenario.executor) {
      case 'constant-vus':
        return await runConstantVus(run, scenario);
      case 'ramping-vus':
        return await runRampingVus(run, scenario);
      case 'constant-arrival-rate':
      case 'ramping-arrival-rate':
        return await runArrival(run, scenario);
      case 'per-vu-iterations':
        return await runPerVuIterations(run, scenario);
      case 'shared-iterations':
        return await runSharedIterations(run, scenario);
    }
  } finally {
    done.abort();
    await enforced;
  }
}

/** After a stop, requests in flight have this long to finish, or until the end of the graceful stop if that is sooner. */
const STOP_GRACE_MS = 2000;
/** While virtual users close their sessions, what they wait for is aborted this often; after a stop more often. */
const CLOSE_GRACE_MS = 5000;
const STOPPED_CLOSE_GRACE_MS = 500;

/**
 * Aborts what the segment's virtual users still wait for when the graceful stop is over. Then they close their sessions;
 * requests that began since are aborted every five seconds, or twice a second after a stop, so that no target can hold the
 * slice up. What is open at the end of the plan's own graceful stop is a failure of the target; what a stop ends is not.
 * @param done aborted when the virtual users have ended
 */
async function enforceGracefulStop(run: SegmentRun, done: AbortSignal): Promise<void> {
  const { clock, segment, stopping } = run;
  const over = AbortSignal.any([stopping, done]);
  const wait = async (endMs: number, afterStopMs: number) => {
    await clock.sleepUntil(endMs, over);
    if (stopping.aborted) await clock.sleepUntil(Math.min(endMs, clock.now() + afterStopMs), done);
  };
  await wait(segment.toMs + segment.scenario.gracefulStop, STOP_GRACE_MS);
  while (!done.aborted) {
    run.abort('the graceful stop is over', cutOutcome(run));
    await wait(clock.now() + CLOSE_GRACE_MS, STOPPED_CLOSE_GRACE_MS);
  }
}
