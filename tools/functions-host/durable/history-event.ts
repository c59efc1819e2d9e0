/**
 * Events of an orchestration's history, in the shape in which the Durable Task extension hands them to
 * durable-functions: PascalCase members, `EventType` as a number.
 */
export const eventType = {
  executionStarted: 0,
  executionCompleted: 1,
  executionTerminated: 3,
  taskScheduled: 4,
  taskCompleted: 5,
  taskFailed: 6,
  subOrchestrationCreated: 7,
  subOrchestrationCompleted: 8,
  subOrchestrationFailed: 9,
  timerCreated: 10,
  timerFired: 11,
  orchestratorStarted: 12,
  orchestratorCompleted: 13,
  eventRaised: 15,
  executionSuspended: 19,
  executionResumed: 20,
} as const;

/** The names that status answers use in the place of the numbers. */
export const eventTypeNames: ReadonlyMap<number, string> = new Map([
  [eventType.executionStarted, 'ExecutionStarted'],
  [eventType.executionCompleted, 'ExecutionCompleted'],
  [eventType.executionTerminated, 'ExecutionTerminated'],
  [eventType.taskScheduled, 'TaskScheduled'],
  [eventType.taskCompleted, 'TaskCompleted'],
  [eventType.taskFailed, 'TaskFailed'],
  [eventType.subOrchestrationCreated, 'SubOrchestrationInstanceCreated'],
  [eventType.subOrchestrationCompleted, 'SubOrchestrationInstanceCompleted'],
  [eventType.subOrchestrationFailed, 'SubOrchestrationInstanceFailed'],
  [eventType.timerCreated, 'TimerCreated'],
  [eventType.timerFired, 'TimerFired'],
  [eventType.orchestratorStarted, 'OrchestratorStarted'],
  [eventType.orchestratorCompleted, 'OrchestratorCompleted'],
  [eventType.eventRaised, 'EventRaised'],
  [eventType.executionSuspended, 'ExecutionSuspended'],
  [eventType.executionResumed, 'ExecutionResumed'],
]);

export type HistoryEvent = {
  readonly EventType: number;
  /** The sequence number of what was scheduled; -1 for every other event. */
  readonly EventId: number;
  readonly IsPlayed: boolean;
  /** ISO 8601, UTC. */
  readonly Timestamp: string;
  readonly [member: string]: unknown;
};

type Members = Readonly<Record<string, unknown>>;

/** An event, stamped with the present time unless `timestamp` (ISO 8601) says otherwise. */
export function historyEvent(type: number, members: Members = {}, eventId = -1, timestamp?: string): HistoryEvent {
  return {
    EventType: type,
    ...members,
    EventId: eventId,
    IsPlayed: false,
    Timestamp: timestamp ?? new Date().toISOString(),
  };
}

export type ParentInstance = {
  readonly name: string;
  readonly instanceId: string;
  readonly executionId: string;
  readonly taskId: number;
};

export function executionStarted(start: {
  readonly name: string;
  readonly instanceId: string;
  readonly executionId: string;
  readonly input: string | null;
  readonly parent: ParentInstance | undefined;
}): HistoryEvent {
  const { name, instanceId, executionId, input, parent } = start;
  const parentInstance = parent && {
    Name: parent.name,
    OrchestrationInstance: { InstanceId: parent.instanceId, ExecutionId: parent.executionId },
    TaskScheduleId: parent.taskId,
    Version: null,
  };
  return historyEvent(eventType.executionStarted, {
    OrchestrationInstance: { InstanceId: instanceId, ExecutionId: executionId },
    ParentInstance: parentInstance ?? null,
    Name: name,
    Version: null,
    Input: input,
    Tags: null,
    Correlation: null,
    ParentTraceContext: null,
    ScheduledStartTime: null,
    Generation: parent === undefined ? 0 : null,
    GenerateNewTrace: false,
  });
}

const completions: ReadonlySet<number> = new Set([
  eventType.executionStarted,
  eventType.executionTerminated,
  eventType.taskCompleted,
  eventType.taskFailed,
  eventType.subOrchestrationCompleted,
  eventType.subOrchestrationFailed,
  eventType.timerFired,
  eventType.eventRaised,
]);

/** The event as later episodes see it: what drove an episode is marked as played, what came out of one never is. */
export function played(event: HistoryEvent): HistoryEvent {
  return completions.has(event.EventType) ? { ...event, IsPlayed: true } : event;
}
