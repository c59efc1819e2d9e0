import type { OrchestrationContext, Task } from 'durable-functions';
import { DEFAULT_DEAD_AFTER_MS } from '../run/timing.ts';
import { timing } from './app-context.ts';

type Steps<Value> = Generator<Task, Value, never>;

/**
 * The pauses between the attempts at an activity, in seconds. Together they outlast a storage outage of several minutes;
 * the first ones suit a worker that died.
 */
const PAUSES_SECONDS = [1, 5, 15, 60, 120, 240] as const;

/**
 * Runs an activity until it succeeds, with growing pauses between the attempts. callActivityWithRetry is not used: it
 * takes task ids from the same counter as other tasks, which has made orchestrations hang.
 * @param call is given the number of the attempt, from 0
 * @param attempts at most one more than there are pauses
 * @throws the last attempt's error
 */
export function* retried(
  context: OrchestrationContext,
  call: (attempt: number) => Task,
  attempts = PAUSES_SECONDS.length + 1,
): Steps<unknown> {
  for (const [attempt, seconds] of PAUSES_SECONDS.slice(0, attempts - 1).entries()) {
    try {
      return yield call(attempt);
    } catch {
      yield* pause(context, seconds);
    }
  }
  return yield call(attempts - 1);
}

/** Pauses grow and shrink with the dead-after time. A setting is the same in every replay of this process. */
const MS_PER_SECOND = (1000 * timing.deadAfterMs) / DEFAULT_DEAD_AFTER_MS;

/** The end of a pause that begins now, epoch milliseconds. @param seconds with the standard dead-after time */
export function endOfPause(context: OrchestrationContext, seconds: number): number {
  return context.df.currentUtcDateTime.getTime() + seconds * MS_PER_SECOND;
}

/**
 * Waits. The timer may act up to a second early and several seconds late.
 * @param seconds with the standard dead-after time
 */
export function* pause(context: OrchestrationContext, seconds: number): Steps<void> {
  if (seconds === 0) return;
  yield context.df.createTimer(new Date(endOfPause(context, seconds)));
}
