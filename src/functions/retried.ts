import type { OrchestrationContext, Task } from 'durable-functions';
import { DEFAULT_DEAD_AFTER_MS } from '../run/timing.ts';
import { timing } from './app-context.ts';
import type { FaultTally } from './orchestration-faults.ts';

type Steps<Value> = Generator<Task, Value, never>;

/**
 * The pauses between the attempts at an activity, in seconds. Together they outlast a storage outage of several minutes;
 * the first ones suit a worker that died.
 */
const PAUSES_SECONDS = [1, 5, 15, 60, 120, 240] as const;

type Retried = {
  /** Of the activity. */
  readonly name: string;
  /** The input of an attempt; attempts are numbered from 0. */
  readonly input: (attempt: number) => object;
  /** Gets the attempts that failed. */
  readonly faults: FaultTally;
  /** At most one more than there are pauses, which is the default. */
  readonly attempts?: number;
};

/**
 * Runs an activity until it succeeds, with growing pauses between the attempts. callActivityWithRetry is not used: it
 * takes task ids from the same counter as other tasks, which has made orchestrations hang.
 * @throws the last attempt's error
 */
export function* retried(
  context: OrchestrationContext,
  { name, input, faults, attempts = PAUSES_SECONDS.length + 1 }: Retried,
): Steps<unknown> {
  for (const [attempt, seconds] of PAUSES_SECONDS.slice(0, attempts - 1).entries()) {
    try {
      return yield context.df.callActivity(name, input(attempt));
    } catch (error) {
      faults.note(name, error);
      yield* pause(context, seconds);
    }
  }
  return yield context.df.callActivity(name, input(attempts - 1));
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
