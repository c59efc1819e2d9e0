import type { ScenarioOf } from '../plan/scenario-schema.ts';
import type { ScenarioSegment } from '../plan/slices.ts';
import { maxVusOf } from '../plan/timeline.ts';
import { cutOutcome, type Iteration, type SegmentRun, type StartCounts, StartTally } from './executor.ts';

/** A closed model: every virtual user iterates from the start, after its offset, until the end. */
export async function runConstantVus(run: SegmentRun, { vus }: ScenarioOf<'constant-vus'>): Promise<StartCounts> {
  const { segment } = run;
  const { firstVu, toMs } = segment;
  const tally = new StartTally(run);
  await Promise.all(
    segment.vus.map((vu) => {
      const fromMs = segment.fromMs + startOffsetMs(vu - firstVu, vus);
      return runVu(run, { vu, fromMs, toMs, hasNext: () => true, next: ownIterations(segment, vu) }, tally);
    }),
  );
  return tally.ofUnplanned();
}

/** Every virtual user does its iterations. Those that it has not begun when time runs out are dropped, as in k6. */
export async function runPerVuIterations(
  run: SegmentRun,
  { iterations, vus }: ScenarioOf<'per-vu-iterations'>,
): Promise<StartCounts> {
  const { segment } = run;
  const { firstVu, toMs } = segment;
  const tally = new StartTally(run);
  await Promise.all(
    segment.vus.map(async (vu) => {
      const fromMs = segment.fromMs + startOffsetMs(vu - firstVu, vus);
      const take = ownIterations(segment, vu);
      let left = iterations;
      const next = () => {
        left--;
        return take();
      };
      const hasNext = () => left > 0;
      await runVu(run, { vu, fromMs, toMs, hasNext, next }, tally);
      if (mayDrop(run)) await dropIterations(run, { hasNext, next }, tally);
    }),
  );
  return tally.ofPlanned();
}

/**
 * The segment's iterations are shared: each is done by whichever virtual user is free. Those that have not begun when time
 * runs out are dropped, as in k6.
 */
export async function runSharedIterations(
  run: SegmentRun,
  { iterations, vus }: ScenarioOf<'shared-iterations'>,
): Promise<StartCounts> {
  const { segment } = run;
  const { firstVu, toMs, laneIndex, laneCount } = segment;
  const tally = new StartTally(run);
  let upcoming = laneIndex;
  const hasNext = () => upcoming < iterations;
  const next = () => {
    const number = upcoming;
    upcoming += laneCount;
    return { number, ordinal: number, intendedMs: undefined };
  };
  await Promise.all(
    segment.vus.map((vu) => {
      const fromMs = segment.fromMs + startOffsetMs(vu - firstVu, vus);
      return runVu(run, { vu, fromMs, toMs, hasNext, next }, tally);
    }),
  );
  if (mayDrop(run)) await dropIterations(run, { hasNext, next }, tally);
  return tally.ofPlanned();
}

/** What one virtual user does without a break. */
type VuWork = {
  /** Its number in the run. */
  readonly vu: number;
  /** It begins iterations from `fromMs` until `toMs`, epoch milliseconds. */
  readonly fromMs: number;
  readonly toMs: number;
  /** How long after `toMs` its iteration may go on, milliseconds; undefined where only the graceful stop limits it. */
  readonly graceMs?: number;
  /** True while there is an iteration to begin. */
  readonly hasNext: () => boolean;
  readonly next: () => Iteration;
};

/** An iteration that took less than this cannot have sent a request. */
const NO_TIME_MS = 0.02;
/** The pause after it, so that a virtual user that is refused immediately leaves the event loop to the others. */
const BREATH_MS = 1;

/**
 * Runs one virtual user: it iterates and thinks in turn until its time, its iterations or its feed are over. It is made
 * only when it begins. Resolves when it has finished its last iteration and ended.
 * @returns false when its feed is over, so that it need not come back
 */
export async function runVu(run: SegmentRun, work: VuWork, tally: StartTally): Promise<boolean> {
  const { clock, stopping, segment } = run;
  const { fromMs, toMs, hasNext, next } = work;
  const mayBegin = () => {
    const nowMs = clock.now();
    return hasNext() && nowMs < toMs && run.gate.allows(nowMs) && !stopping.aborted;
  };
  await clock.sleepUntil(Math.min(toMs, fromMs), stopping);
  if (!mayBegin()) return true;
  const vu = run.newVu(work.vu);
  run.onActive(1);
  const over = new AbortController();
  const graceOver = work.graceMs === undefined ? undefined : clock.sleepUntil(toMs + work.graceMs, over.signal);
  const interrupted = graceOver?.then(() => over.signal.aborted || vu.interrupt(cutOutcome(run)));
  const { steps, sessions } = segment.scenario;
  const holdsSession = steps.length === 0 && sessions.reuse === 'vu';
  while (mayBegin()) {
    const beganMs = clock.now();
    tally.start(0);
    await vu.iterate(next());
    if (vu.done || !hasNext()) break;
    const leastMs = clock.now() - beganMs < NO_TIME_MS ? BREATH_MS : 0;
    const pauseMs = holdsSession ? Number.POSITIVE_INFINITY : Math.max(vu.think(), leastMs);
    if (pauseMs > 0) await clock.sleepUntil(Math.min(toMs, clock.now() + pauseMs), stopping);
  }
  over.abort();
  await interrupted;
  run.onActive(-1);
  await vu.end();
  return !vu.done;
}

/**
 * The iterations of a virtual user that counts its own. Their ordinals interleave those of all virtual users of the
 * scenario, so that no two are the same.
 * @param vu its number in the run
 */
export function ownIterations({ scenario, firstVu }: ScenarioSegment, vu: number): () => Iteration {
  const vuIndex = vu - firstVu;
  const vuCount = maxVusOf(scenario);
  let number = -1;
  return () => {
    number++;
    return { number, ordinal: number * vuCount + vuIndex, intendedMs: undefined };
  };
}

/** Virtual users begin this far apart, or closer so that all of them begin within a second. */
const STEP_MS = 20;
const SPREAD_MS = 1000;

/**
 * How long after the others' start a virtual user begins, milliseconds. If all began in the same instant, the run would
 * measure a crowd that only the generator makes, on the target and in our own event loop. Agents do not come like that.
 * @param vuIndex its number among those that come together, from 0
 * @param vuCount how many come together
 */
export function startOffsetMs(vuIndex: number, vuCount: number): number {
  return vuIndex * Math.min(STEP_MS, SPREAD_MS / vuCount);
}

/** After a stop, iterations that have not begun are not dropped; nor are they where another process may go on with them. */
function mayDrop({ clock, gate, stopping }: SegmentRun): boolean {
  return gate.allows(clock.now()) && !stopping.aborted;
}

/** After this many dropped iterations, the event loop is left to others, including what stores the samples. */
const DROPPED_IN_A_ROW = 5000;

/** Drops the iterations for which time ran out, however many there are. */
async function dropIterations(
  run: SegmentRun,
  iterations: Pick<VuWork, 'hasNext' | 'next'>,
  tally: StartTally,
): Promise<void> {
  const { clock } = run;
  for (let dropped = 1; iterations.hasNext(); dropped++) {
    tally.drop();
    run.onDropped(iterations.next());
    if (dropped % DROPPED_IN_A_ROW === 0) await clock.sleepUntil(clock.now() + BREATH_MS);
  }
}
