import type { InvocationOutcome } from '../worker/worker-process.ts';
import { failureMessage, type InvocationFailure, jsonTextOf } from '../worker/worker-protocol.ts';
import type { Scheduled } from './action-player.ts';
import { eventType, type HistoryEvent, historyEvent } from './history-event.ts';

/** The event that tells an orchestration how its activity ended. */
export function taskEnded(
  scheduled: Extract<Scheduled, { kind: 'activity' }>,
  outcome: InvocationOutcome,
): HistoryEvent {
  const TaskScheduledId = scheduled.id;
  if (outcome.ok) return historyEvent(eventType.taskCompleted, { TaskScheduledId, Result: jsonTextOf(outcome.value) });
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

export type ActivityFailure = {
  readonly reason: string;
  /** JSON of a .NET exception, which is what the extension stores. */
  readonly details: string;
};

const EXCEPTION_HRESULT = -2_146_233_088;

/**
 * A failed activity as the Durable Task extension writes it down. What the handler threw is wrapped twice; a dead
 * worker and a passed limit are exceptions of the host's own.
 */
export function activityFailure(name: string, failure: InvocationFailure): ActivityFailure {
  const message = failureMessage(failure);
  switch (failure.kind) {
    case 'threw':
      // The message is cut out between two labels, which leaves the blank before it.
      return { reason: `Activity function '${name}' failed:  ${message}`, details: thrownDetails(failure.error) };
    case 'workerExited': {
      const type = 'Microsoft.Azure.WebJobs.Script.Workers.WorkerProcessExitException, Microsoft.Azure.WebJobs.Script';
      const { exitCode, pid } = failure;
      const details = { $type: type, ExitCode: exitCode, Pid: pid, ...exceptionTail(message) };
      return { reason: `Activity function '${name}' failed: ${message}`, details: JSON.stringify(details) };
    }
    case 'timedOut': {
      const type = 'Microsoft.Azure.WebJobs.Host.FunctionTimeoutException, Microsoft.Azure.WebJobs.Host';
      const details = { $type: type, ClassName: type.split(',')[0], ...exceptionTail(message) };
      return { reason: `Activity function '${name}' failed: ${message}`, details: JSON.stringify(details) };
    }
  }
}

function thrownDetails({ message, stack }: { readonly message: string; readonly stack: string }): string {
  const rpcException = {
    $type: 'Microsoft.Azure.WebJobs.Script.Workers.Rpc.RpcException, Microsoft.Azure.WebJobs.Script',
    IsUserException: false,
    RemoteStackTrace: stack,
    RemoteMessage: message,
    RemoteTypeName: null,
    Message: `Result: Failure\nException: ${message}\nStack: ${stack}`,
    Data: { $type: 'System.Collections.ListDictionaryInternal, System.Private.CoreLib' },
    InnerException: null,
    HelpLink: null,
    Source: 'System.Private.CoreLib',
    HResult: EXCEPTION_HRESULT,
    StackTrace: null,
  };
  return JSON.stringify({
    $type: 'System.Exception, System.Private.CoreLib',
    ClassName: 'System.Exception',
    Message: ` ${message}`,
    Data: null,
    InnerException: rpcException,
    HelpURL: null,
    StackTraceString: null,
    RemoteStackTraceString: null,
    RemoteStackIndex: 0,
    ExceptionMethod: null,
    HResult: EXCEPTION_HRESULT,
    Source: null,
    WatsonBuckets: null,
  });
}

function exceptionTail(message: string) {
  return { Message: message, Data: null, InnerException: null, HelpLink: null, HResult: EXCEPTION_HRESULT };
}
