import {
  failureMessage,
  type InvocationFailure,
  type InvocationOutcome,
  type ReturnedValue,
} from '../worker/worker-protocol.ts';
import type { Scheduled } from './action-player.ts';
import { eventType, type HistoryEvent, historyEvent } from './history-event.ts';

/** The HResult of System.Exception (0x80131500). */
const EXCEPTION_HRESULT = -2_146_233_088;

/** The result or the failure of an activity, as an event for its orchestration. */
export function taskEnded(
  scheduled: Extract<Scheduled, { kind: 'activity' }>,
  outcome: InvocationOutcome,
): HistoryEvent {
  const TaskScheduledId = scheduled.id;
  if (outcome.ok) return historyEvent(eventType.taskCompleted, { TaskScheduledId, Result: jsonTextOf(outcome.value) });
  const { reason, details } = activityFailure(scheduled.name, outcome.failure);
  const members = { TaskScheduledId, Reason: reason, Details: details, FailureDetails: null };
  return historyEvent(eventType.taskFailed, members);
}

/** The event of a timer that fires at `fireAtMs` (Unix milliseconds). */
export function timerFired(id: number, fireAtMs: number): HistoryEvent {
  // Its timestamp is the time of the call: the extension writes the event when it sets the timer.
  return historyEvent(eventType.timerFired, { TimerId: id, FireAt: new Date(fireAtMs).toISOString() });
}

/**
 * The failure of a child, as an event for its parent. A child that was terminated has no details. durable-functions 3
 * cannot read that: it fails the parent instead of throwing in it.
 */
export function subOrchestrationFailed(id: number, reason: string, details: string | null): HistoryEvent {
  const members = { TaskScheduledId: id, Reason: reason, Details: details, FailureDetails: null };
  return historyEvent(eventType.subOrchestrationFailed, members);
}

/**
 * A returned value as the JSON text that a durable history stores. Nothing becomes `null`: durable-functions parses every
 * result and cannot parse a missing one.
 */
function jsonTextOf(value: ReturnedValue): string {
  if (value?.json !== undefined) return value.json;
  if (value?.bytes !== undefined) return JSON.stringify(Buffer.from(value.bytes).toString('base64'));
  return JSON.stringify(value?.string ?? value?.int ?? value?.double ?? null);
}

type ActivityFailure = {
  readonly reason: string;
  /** JSON of a .NET exception, as the extension stores it. */
  readonly details: string;
};

/**
 * Describes a failed activity as the Durable Task extension does. An error from the handler is wrapped in two .NET
 * exceptions; an exited worker and a timeout are exceptions of the host.
 */
function activityFailure(name: string, failure: InvocationFailure): ActivityFailure {
  const message = failureMessage(failure);
  switch (failure.kind) {
    case 'threw':
      // The extension cuts the message out from between two labels, which leaves a second space before it.
      return { reason: `Activity function '${name}' failed:  ${message}`, details: thrownDetails(failure.error) };
    case 'workerExited': {
      const type = 'Microsoft.Azure.WebJobs.Script.Workers.WorkerProcessExitException, Microsoft.Azure.WebJobs.Script';
      const { exitCode, pid } = failure;
      const details = { $type: type, ExitCode: exitCode, Pid: pid, ...exceptionTail(message) };
      return { reason: `Activity function '${name}' failed: ${message}`, details: JSON.stringify(details) };
    }
    case 'noWorker':
      return { reason: `Activity function '${name}' failed: ${message}`, details: invalidOperation(message) };
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

function invalidOperation(message: string): string {
  return JSON.stringify({
    $type: 'System.InvalidOperationException, System.Private.CoreLib',
    ClassName: 'System.InvalidOperationException',
    ...exceptionTail(message),
  });
}

/** The failure of an orchestrator that gave no answer, as JSON of a .NET exception. */
export function noAnswerDetails(message: string): string {
  return JSON.stringify({
    $type: 'System.AggregateException, System.Private.CoreLib',
    ClassName: 'System.AggregateException',
    ...exceptionTail(message),
  });
}

function exceptionTail(message: string) {
  return { Message: message, Data: null, InnerException: null, HelpLink: null, HResult: EXCEPTION_HRESULT };
}
