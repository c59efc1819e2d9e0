import type { OrchestrationContext, Task } from 'durable-functions';
import * as df from 'durable-functions';
import { foldGroups } from '../run/fold-slices.ts';
import {
  type GroupInput,
  groupInstanceId,
  type PreflightAnswer,
  type RunInput,
  type SliceInput,
  type SliceRequestInput,
  STOP_EVENT,
} from './orchestration-client.ts';

/** A window's slices are scheduled this long before it begins; each then waits for its exact start. */
const LEAD_MS = 15_000;
/** The host adds pages of stack trace to an activity's error. */
const MAX_REASON_CHARACTERS = 300;

type Steps = Generator<Task, unknown, never>;

/** One run: preflight, the slices of every window, conclusion. */
export function* run(context: OrchestrationContext): Steps {
  const { runId } = context.df.getInput() as RunInput;
  try {
    const schedule = (yield* twice(() => context.df.callActivity('preflight', { runId }))) as PreflightAnswer;
    if (schedule === null) return { refused: true };
    if (!schedule.stopRequested) yield context.df.Task.all(groupsOf(context, runId, schedule));
    return yield* twice(() => context.df.callActivity('conclude', { runId }));
  } catch (error) {
    const reason = (error instanceof Error ? error.message : String(error)).slice(0, MAX_REASON_CHARACTERS);
    yield context.df.callActivity('fail-run', { runId, reason });
    return { failed: true };
  }
}

function groupsOf(context: OrchestrationContext, runId: string, schedule: NonNullable<PreflightAnswer>): Task[] {
  return foldGroups(schedule).map((group) => {
    const startAtMs = schedule.startAtMs + group.window * schedule.windowMs;
    // The last window lasts until the end of scenarios that count iterations, however late they began.
    const isLast = group.window === schedule.windows - 1;
    const endAtMs = isLast ? schedule.endAtMs : startAtMs + schedule.windowMs;
    const input: GroupInput = { runId, ...group, startAtMs, endAtMs };
    return context.df.callSubOrchestrator('group', input, groupInstanceId(runId, group));
  });
}

/**
 * Up to a hundred slices of one window, and their fold. All groups are scheduled together, because a task begins only
 * when it is yielded; each waits for its own window or for the stop event. A group never fails: conclude makes a missing
 * fold.
 */
export function* group(context: OrchestrationContext): Steps {
  const { runId, window, firstLane, lanes, startAtMs, endAtMs } = context.df.getInput() as GroupInput;
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
  const results = (yield context.df.Task.all(slices)) as readonly { readonly aborted?: true }[];
  try {
    if (results.some(({ aborted }) => aborted)) yield* twice(() => context.df.callActivity('end-waiting', { runId }));
  } catch {
    // The stop flag ends later windows anyway; only the report then waits until the end of the last one.
  }
  try {
    yield* twice(() => context.df.callActivity('fold-slices', { runId, window, firstLane, lanes }));
    return { folded: true };
  } catch {
    return { folded: false };
  }
}

/**
 * One slice. If a worker dies or a function times out, the activity fails whatever its handler does, and a failed
 * Task.all cannot be resumed. Therefore every slice has an orchestration of its own, which always returns a value.
 */
export function* slice(context: OrchestrationContext): Steps {
  const { runId, window, lane, endAtMs } = context.df.getInput() as SliceInput;
  for (let attempt = 0; attempt < 2; attempt++) {
    if (context.df.currentUtcDateTime.getTime() >= endAtMs) break;
    try {
      const request: SliceRequestInput = { runId, window, lane, attempt };
      return yield context.df.callActivity('run-slice', request);
    } catch {
      // The attempt is lost. The next one takes over for the remaining time; the blocks that were stored count.
    }
  }
  return { state: 'lost' };
}

/** Runs an activity, and repeats it once if it fails: a run must survive the loss of a worker. */
function* twice(call: () => Task): Steps {
  try {
    return yield call();
  } catch {
    return yield call();
  }
}

df.app.orchestration('run', run);
df.app.orchestration('group', group);
df.app.orchestration('slice', slice);
