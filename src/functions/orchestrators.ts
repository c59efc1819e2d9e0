import type { OrchestrationContext, Task } from 'durable-functions';
import * as df from 'durable-functions';
import { windowGroups } from '../run/fold-groups.ts';
import type { GroupInput, PreflightAnswer, RunInput } from './messages.ts';

/** A window's slices are scheduled this long before it begins; each waits for the exact instant by itself. */
const LEAD_MS = 15_000;
/** An activity's error arrives with pages of stack from the host. */
const MAX_REASON_CHARACTERS = 300;

type Steps = Generator<Task, unknown, never>;

/** One run: preflight, every window's slices, conclusion. */
export function* run(context: OrchestrationContext): Steps {
  const { runId } = context.df.getInput() as RunInput;
  try {
    const schedule: PreflightAnswer = yield* twice(() => context.df.callActivity('preflight', { runId }));
    if (schedule === null) return { refused: true };
    yield* runWindows(context, runId, schedule);
    return yield* twice(() => context.df.callActivity('conclude', { runId }));
  } catch (error) {
    const reason = (error instanceof Error ? error.message : String(error)).slice(0, MAX_REASON_CHARACTERS);
    yield context.df.callActivity('fail-run', { runId, reason });
    return { failed: true };
  }
}

function* runWindows(
  context: OrchestrationContext,
  runId: string,
  schedule: NonNullable<PreflightAnswer>,
): Generator<Task, void, never> {
  const { startAtMs, endAtMs, lanes, windows, windowMs } = schedule;
  const stop = context.df.waitForExternalEvent('stop');
  const groups: Task[] = [];
  for (let window = 0; window < windows; window++) {
    const windowStartMs = startAtMs + window * windowMs;
    if (window > 0) {
      const timer = context.df.createTimer(new Date(windowStartMs - Math.min(LEAD_MS, windowMs / 2)));
      const winner: unknown = yield context.df.Task.any([stop, timer]);
      if (winner === stop) {
        timer.cancel();
        break;
      }
    }
    for (const group of windowGroups(lanes, window)) {
      const input: GroupInput = { runId, ...group, endAtMs: Math.min(windowStartMs + windowMs, endAtMs) };
      groups.push(context.df.callSubOrchestrator('group', input));
    }
  }
  yield context.df.Task.all(groups);
}

/** Up to a hundred slices of one window, and their fold. Never fails: conclude makes up for a fold that is missing. */
export function* group(context: OrchestrationContext): Steps {
  const { runId, window, firstLane, lanes, endAtMs } = context.df.getInput() as GroupInput;
  const slices = Array.from({ length: lanes }, (_, index) => {
    return context.df.callSubOrchestrator('slice', { runId, window, lane: firstLane + index, endAtMs });
  });
  yield context.df.Task.all(slices);
  try {
    yield* twice(() => context.df.callActivity('fold-slices', { runId, window, firstLane, lanes }));
    return { folded: true };
  } catch {
    return { folded: false };
  }
}

/**
 * One slice. A dying worker or a function timeout fails an activity that no handler can save, and a failed Task.all
 * cannot be resumed; so every slice has an orchestration of its own, which always returns a value.
 */
export function* slice(context: OrchestrationContext): Steps {
  const { runId, window, lane, endAtMs } = context.df.getInput() as {
    runId: string;
    window: number;
    lane: number;
    endAtMs: number;
  };
  for (let attempt = 0; attempt < 2; attempt++) {
    if (context.df.currentUtcDateTime.getTime() >= endAtMs) break;
    try {
      return yield context.df.callActivity('run-slice', { runId, window, lane, attempt });
    } catch {
      // Lost. The next attempt takes over with the time that is left; what this one had stored counts.
    }
  }
  return { state: 'lost' };
}

/** Runs an activity, and once more when it failed: a lost worker is no reason to give a run up. */
function* twice(call: () => Task): Generator<Task, never, never> {
  try {
    return yield call();
  } catch {
    return yield call();
  }
}

df.app.orchestration('run', run);
df.app.orchestration('group', group);
df.app.orchestration('slice', slice);
