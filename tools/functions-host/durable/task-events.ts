import { jsonTextOf } from '../worker/typed-data.ts';
import type { InvocationOutcome } from '../worker/worker-process.ts';
import type { Scheduled } from './action-player.ts';
import { activityFailure } from './activity-failure.ts';
import { eventType, type HistoryEvent, historyEvent } from './history-event.ts';

/** The event that tells an orchestration how its activity ended. */
export function taskEnded(
  scheduled: Extract<Scheduled, { kind: 'activity' }>,
  outcome: InvocationOutcome,
): HistoryEvent {
  const TaskScheduledId = scheduled.id;
  if (outcome.ok) {
    return historyEvent(eventType.taskCompleted, { TaskScheduledId, Result: jsonTextOf(outcome.value) });
  }
  const { reason, details } = activityFailure(scheduled.name, outcome.failure);
  return historyEvent(eventType.taskFailed, {
    TaskScheduledId,
    Reason: reason,
    Details: details,
    FailureDetails: null,
  });
}

/** The event of a timer that goes off at `fireAtMs` (Unix milliseconds). */
export function timerFired(id: number, fireAtMs: number): HistoryEvent {
  // Stamped with the time of its making: the extension writes the event when it sets the timer.
  return historyEvent(eventType.timerFired, { TimerId: id, FireAt: new Date(fireAtMs).toISOString() });
}

/** The event that tells a parent that its child failed; durable-functions needs both texts. */
export function subOrchestrationFailed(id: number, reason: string, details: string): HistoryEvent {
  const members = { TaskScheduledId: id, Reason: reason, Details: details, FailureDetails: null };
  return historyEvent(eventType.subOrchestrationFailed, members);
}
