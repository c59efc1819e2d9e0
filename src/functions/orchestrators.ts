import type { OrchestrationContext, Task } from 'durable-functions';
import * as df from 'durable-functions';
import { type FoldGroup, foldGroups } from '../run/fold-slices.ts';
import { groupInstanceId, STOP_EVENT } from './orchestration-client.ts';
import { causeOf, type Faults, FaultTally } from './orchestration-faults.ts';
import {
  type ConcludeInput,
  concludeInput,
  type FailInput,
  type FoldInput,
  type GroupInput,
  groupInput,
  type PreflightAnswer,
  type PreflightInput,
  type RunInput,
  runInput,
  type SliceAttemptInput,
  type SliceInput,
  sliceInput,
} from './orchestration-inputs.ts';
import { endOfPause, pause, retried } from './retried.ts';

/** A window's slices are scheduled this long before it begins; each then waits for its exact start. */
const LEAD_MS = 15_000;
/** Before each attempt at a slice, in seconds. A worker that died is replaced within a second. */
const ATTEMPT_PAUSES_SECONDS = [0, 0, 5, 15, 30, 30, 30, 30] as const;

/** Of what the run makes up for if it fails in a group. */
const ATTEMPTS_IN_GROUP = 4;

type Steps = Generator<Task, unknown, never>;
type GroupResult = { readonly faults?: Faults };
type SliceResult = { readonly state: string; readonly aborted?: true; readonly faults?: Faults };

/**
 * One run: preflight, the slices of every window, conclusion. Any child may fail for good, because an episode that is
 * lost with its worker is never made again. Whatever was stored is still folded and concluded.
 */
export function* run(context: OrchestrationContext): Steps {
  const { runId } = runInput.parse(context.df.getInput());
  // A second orchestration of the same run would conclude it under the first one.
  if (context.df.instanceId !== runId) return { refused: true };
  const faults = new FaultTally();
  let schedule: PreflightAnswer;
  try {
    const input = (attempt: number): PreflightInput => ({ runId, attempt });
    schedule = (yield* retried(context, { name: 'preflight', input, faults })) as PreflightAnswer;
  } catch (error) {
    return yield* fail(context, runId, error);
  }
  if (schedule === null) return { refused: true };
  if (!schedule.stopRequested) yield* runGroups(context, runId, schedule, faults);
  return yield* concludeOrFail(context, runId, [], faults);
}

/** Concludes a run whose own orchestration is over; the reconciler starts it. */
export function* concludeRun(context: OrchestrationContext): Steps {
  const { runId, faults = [] } = concludeInput.parse(context.df.getInput());
  return yield* concludeOrFail(context, runId, faults, new FaultTally());
}

function* concludeOrFail(
  context: OrchestrationContext,
  runId: string,
  reasons: readonly string[],
  faults: FaultTally,
): Steps {
  const input = (): ConcludeInput => ({ runId, faults: [...reasons, ...faults.sentences] });
  try {
    return yield* retried(context, { name: 'conclude', input, faults });
  } catch (error) {
    return yield* fail(context, runId, error);
  }
}

function* fail(context: OrchestrationContext, runId: string, error: unknown): Steps {
  const input = (): FailInput => ({ runId, reason: causeOf(error) });
  yield* retried(context, { name: 'fail-run', input, faults: new FaultTally() });
  return { failed: true };
}

function* runGroups(
  context: OrchestrationContext,
  runId: string,
  schedule: NonNullable<PreflightAnswer>,
  faults: FaultTally,
): Generator<Task, void, never> {
  const groups = foldGroups(schedule).map((group) => {
    const startAtMs = schedule.startAtMs + group.window * schedule.windowMs;
    // The last window lasts until the end of scenarios that count iterations, however late they began.
    const isLast = group.window === schedule.windows - 1;
    const endAtMs = isLast ? schedule.endAtMs : startAtMs + schedule.windowMs;
    const input: GroupInput = { runId, ...group, startAtMs, endAtMs };
    return context.df.callSubOrchestrator('group', input, groupInstanceId(runId, group));
  });
  try {
    const results = (yield context.df.Task.all(groups)) as readonly GroupResult[];
    for (const result of results) faults.add(result.faults);
  } catch (error) {
    faults.note('The orchestration of a group of slices', error);
  }
}

/**
 * Up to a hundred slices of one window, and their fold. All groups are scheduled together, because a task begins only
 * when it is yielded; each waits for its own window or for the stop event. If the fold fails, conclude makes it.
 */
export function* group(context: OrchestrationContext): Steps {
  const input = groupInput.parse(context.df.getInput());
  const { runId, window, firstLane, lanes, startAtMs, endAtMs } = input;
  if (context.df.instanceId !== groupInstanceId(runId, input)) return { refused: true };
  if (window > 0) {
    const stop = context.df.waitForExternalEvent(STOP_EVENT);
    const leadMs = Math.min(LEAD_MS, (endAtMs - startAtMs) / 2);
    const timer = context.df.createTimer(new Date(startAtMs - leadMs));
    const winner: unknown = yield context.df.Task.any([stop, timer]);
    if (winner === stop) {
      timer.cancel();
      return { stopped: true };
    }
  }
  const slices = Array.from({ length: lanes }, (_, index) => {
    const input: SliceInput = { runId, window, lane: firstLane + index, endAtMs };
    return context.df.callSubOrchestrator('slice', input);
  });
  const faults = new FaultTally();
  let mayBeAborted = true;
  try {
    const results = (yield context.df.Task.all(slices)) as readonly SliceResult[];
    for (const result of results) faults.add(result.faults);
    mayBeAborted = results.some(({ aborted }) => aborted);
  } catch (error) {
    // The host waits for all slices before it says that one failed. What the others returned is not known here.
    faults.note('The orchestration of a slice', error);
  }
  // The stop flag ends later windows anyway; without the event, the report waits until the end of the last one.
  const ending: RunInput = { runId };
  if (mayBeAborted) yield* makeUpLater(context, 'end-waiting', ending, faults);
  const folding: FoldInput & FoldGroup = { runId, window, firstLane, lanes };
  yield* makeUpLater(context, 'fold-slices', folding, faults);
  return faults.result;
}

/** Tries an activity for a while; if it fails, the run goes on without. */
function* makeUpLater(
  context: OrchestrationContext,
  name: string,
  input: object,
  faults: FaultTally,
): Generator<Task, void, never> {
  try {
    yield* retried(context, { name, input: () => input, faults, attempts: ATTEMPTS_IN_GROUP });
  } catch (error) {
    faults.note(name, error);
  }
}

/**
 * One slice. If a worker dies or a function times out, the activity fails whatever its handler does, and a failed
 * Task.all cannot be resumed. Therefore every slice has an orchestration of its own, which makes further attempts until
 * the window's end.
 */
export function* slice(context: OrchestrationContext): Steps {
  const { runId, window, lane, endAtMs } = sliceInput.parse(context.df.getInput());
  const faults = new FaultTally();
  let last: SliceResult = { state: 'lost' };
  for (const [attempt, pauseSeconds] of ATTEMPT_PAUSES_SECONDS.entries()) {
    if (endOfPause(context, pauseSeconds) >= endAtMs) break;
    yield* pause(context, pauseSeconds);
    // Timers may act late.
    if (context.df.currentUtcDateTime.getTime() >= endAtMs) break;
    try {
      const input: SliceAttemptInput = { runId, window, lane, endAtMs, attempt };
      last = (yield context.df.callActivity('run-slice', input)) as SliceResult;
      if (!needsAnotherAttempt(last)) break;
    } catch (error) {
      // The attempt is lost. The next one takes over for the remaining time; the blocks that were stored count.
      faults.note('run-slice', error);
    }
  }
  return { ...last, ...faults.result };
}

/**
 * An attempt that could not prove its lease, or whose worker was shut down, leaves time for another one. An attempt that
 * was superseded leaves a holder that makes load: the next attempt waits for it.
 */
function needsAnotherAttempt({ state }: SliceResult): boolean {
  return state === 'fenced' || state === 'released' || state === 'superseded';
}

df.app.orchestration('run', run);
df.app.orchestration('conclude-run', concludeRun);
df.app.orchestration('group', group);
df.app.orchestration('slice', slice);
