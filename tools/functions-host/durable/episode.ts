import { messageOf } from '../log.ts';
import { ActionPlayer, type Scheduled } from './action-player.ts';
import { eventType, type HistoryEvent, historyEvent } from './history-event.ts';
import type { OrchestratorReply } from './orchestrator-protocol.ts';
import { noAnswerDetails } from './task-events.ts';
import type { Completion } from './task-hub.ts';

type Decision = {
  /** The work that is scheduled now, with the events that record it in the history. */
  readonly work: readonly { readonly scheduled: Scheduled; readonly event: HistoryEvent }[];
  readonly completion: Completion | undefined;
  /** True when the orchestrator has ended, but tasks that it yielded twice are now scheduled again and awaited. */
  readonly isRepeating: boolean;
};

export type KnownFunctions = {
  readonly activities: ReadonlySet<string>;
  readonly orchestrators: ReadonlySet<string>;
};

const scheduledEventTypes = {
  activity: eventType.taskScheduled,
  subOrchestration: eventType.subOrchestrationCreated,
  timer: eventType.timerCreated,
} as const;

/**
 * Decides what follows from an orchestrator's answer: which work is new, and whether the orchestration has ended. Pure:
 * the result depends only on the answer and on the history, which includes the events of this episode and its time.
 *
 * An episode without an answer is not repeated, as on Azure. The extension takes it for an orchestrator that threw before
 * it scheduled anything. So an orchestration that had scheduled work fails as non-deterministic, and any other one fails
 * with the reason why there was no answer.
 */
export function decide(
  orchestrator: string,
  executionId: string,
  history: readonly HistoryEvent[],
  reply: OrchestratorReply,
  known: KnownFunctions,
): Decision {
  const failed = (message: string, stack = ''): Completion => ({
    status: 'Failed',
    result: `Orchestrator function '${orchestrator}' failed: ${message}`,
    details: `Message: ${message}, StackTrace: ${stack}`,
  });
  const ended = (completion: Completion, work: Decision['work'] = []) => ({ work, isRepeating: false, completion });
  const terminated = history.findLast((event) => event.EventType === eventType.executionTerminated);
  const termination = terminated && ({ status: 'Terminated', result: String(terminated.Input) } as const);

  const player = new ActionPlayer();
  try {
    play(player, history, reply);
    const conflict = conflictWith(history, player.scheduled);
    if (conflict !== undefined) return ended({ status: 'Failed', ...nonDeterministic(conflict) });
    for (const scheduled of player.scheduled) checkKnown(scheduled, known);
  } catch (error) {
    return ended(termination ?? failed(messageOf(error)));
  }

  const recorded = new Set(history.filter(isScheduling).map((event) => event.EventId));
  const work = player.scheduled
    .filter(({ id }) => !recorded.has(id))
    .map((scheduled) => ({ scheduled, event: schedulingEvent(scheduled, executionId) }));

  if (termination !== undefined) return ended(termination, work);
  // The extension awaits everything that the orchestrator asked for, even after the orchestrator itself has ended.
  if (!player.isFinished || reply.end.kind === 'waiting') {
    const isRepeating = reply.end.kind === 'returned' && work.some(({ scheduled }) => scheduled.kind !== 'timer');
    return { work, completion: undefined, isRepeating };
  }
  if (reply.end.kind === 'threw') return ended(failed(reply.end.message, reply.end.stack), work);
  if (reply.end.kind === 'noAnswer') {
    const message = `One or more errors occurred. (${reply.end.message})`;
    const result = `Orchestrator function '${orchestrator}' failed: ${message}`;
    return ended({ status: 'Failed', result, details: noAnswerDetails(message) });
  }
  if (player.continuedWith !== undefined) {
    return ended({ status: 'ContinuedAsNew', input: player.continuedWith.input }, work);
  }
  return ended({ status: 'Completed', result: JSON.stringify(reply.end.output ?? null) }, work);
}

/** The failure of an orchestration whose name is not that of a known orchestrator. */
export function unknownOrchestrator(name: string, { orchestrators }: KnownFunctions): Completion {
  const message = unknownFunction(name, 'orchestrator', orchestrators);
  return { status: 'Failed', result: `Orchestrator function '${name}' failed: ${message}`, details: '' };
}

/** The instance id of a sub-orchestration when the orchestrator did not choose one. */
export function childInstanceId(executionId: string, id: number): string {
  return `${executionId}:${id}`;
}

/** Feeds the history into the player, event by event. */
function play(player: ActionPlayer, history: readonly HistoryEvent[], reply: OrchestratorReply): void {
  for (const event of history) {
    switch (event.EventType) {
      case eventType.orchestratorStarted:
        player.nowMs = Math.max(player.nowMs, Date.parse(event.Timestamp));
        break;
      case eventType.executionStarted:
        player.begin(reply.actions);
        break;
      case eventType.taskCompleted:
      case eventType.subOrchestrationCompleted:
        player.complete(Number(event.TaskScheduledId), true);
        break;
      case eventType.taskFailed:
      case eventType.subOrchestrationFailed:
        player.complete(Number(event.TaskScheduledId), false);
        break;
      case eventType.timerFired:
        player.complete(Number(event.TimerId), true);
        break;
      case eventType.eventRaised:
        player.raise(String(event.Name));
        break;
    }
  }
}

function isScheduling(event: HistoryEvent): boolean {
  return Object.values(scheduledEventTypes).some((type) => type === event.EventType);
}

function schedulingEvent(scheduled: Scheduled, executionId: string): HistoryEvent {
  const type = scheduledEventTypes[scheduled.kind];
  switch (scheduled.kind) {
    case 'activity': {
      const members = { Name: scheduled.name, Version: '', Input: null, ParentTraceContext: null, Tags: null };
      return historyEvent(type, members, scheduled.id);
    }
    case 'subOrchestration': {
      const InstanceId = scheduled.instanceId ?? childInstanceId(executionId, scheduled.id);
      const members = { Name: scheduled.name, Version: null, InstanceId, Input: null, ClientSpanId: null, Tags: null };
      return historyEvent(type, members, scheduled.id);
    }
    case 'timer':
      return historyEvent(type, { FireAt: new Date(scheduled.fireAtMs).toISOString() }, scheduled.id);
  }
}

const scheduledKinds = {
  activity: { noun: 'an activity task', action: 'ScheduleTaskOrchestratorAction' },
  subOrchestration: { noun: 'a sub-orchestration task', action: 'CreateSubOrchestrationAction' },
  timer: { noun: 'a timer task', action: 'CreateTimerOrchestratorAction' },
} as const;

/** How a replay differs from the history: it scheduled other work than the history records. Undefined when it agrees. */
function conflictWith(history: readonly HistoryEvent[], scheduled: readonly Scheduled[]): string | undefined {
  for (const event of history.filter(isScheduling)) {
    const now = scheduled[event.EventId];
    const kind = (Object.keys(scheduledEventTypes) as Scheduled['kind'][]).find(
      (name) => scheduledEventTypes[name] === event.EventType,
    )!;
    const nowName = now === undefined || now.kind === 'timer' ? undefined : now.name;
    if (now?.kind === kind && nowName === event.Name) continue;
    const named = kind === 'timer' ? '' : ` and name '${event.Name}' (version '${event.Version ?? ''}')`;
    const before = `scheduled ${scheduledKinds[kind].noun} with sequence ID ${event.EventId}${named}`;
    return `A previous execution of this orchestration ${before}, but the current ${describeNow(now, kind, nowName)}`;
  }
  return undefined;
}

function describeNow(now: Scheduled | undefined, kind: Scheduled['kind'], name: string | undefined): string {
  if (now === undefined) return "replay execution hasn't (yet?) scheduled this task.";
  const other = `orchestration replay instead`;
  if (now.kind !== kind)
    return `${other} produced a ${scheduledKinds[now.kind].action} action at this sequence number.`;
  return `${other} scheduled ${scheduledKinds[kind].noun} named '${name}' with this sequence number.`;
}

function nonDeterministic(conflict: string) {
  const changed = 'Was a change made to the orchestrator code after this instance had already started running?';
  const result = `Non-Deterministic workflow detected: ${conflict} ${changed}`;
  const type = 'DurableTask.Core.Exceptions.NonDeterministicOrchestrationException';
  return { result, details: `Unhandled exception while executing orchestration: ${type}: ${result}` };
}

function checkKnown(scheduled: Scheduled, known: KnownFunctions): void {
  if (scheduled.kind === 'timer') return;
  const [functions, what] =
    scheduled.kind === 'activity' ? [known.activities, 'activity'] : [known.orchestrators, 'orchestrator'];
  if (!functions.has(scheduled.name)) throw new Error(unknownFunction(scheduled.name, what, functions));
}

/** The message about a function that the app does not have. */
export function unknownFunction(name: string, what: string, known: ReadonlySet<string>): string {
  const names = [...known].map((other) => `'${other}'`).join(', ') || 'none';
  return (
    `The function '${name}' doesn't exist, is disabled, or is not an ${what} function. ` +
    `Additional info: The following are the known ${what} functions: ${names}.`
  );
}
