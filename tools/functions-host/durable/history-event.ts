/** The numbers of event types, as the Durable Task extension sends them to durable-functions. */
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

/** The names of event types in a status, which has names instead of numbers. */
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

/** An event in an orchestration's history, with the PascalCase members that the extension sends. */
export type HistoryEvent = {
  readonly EventType: number;
  /** The sequence number of scheduled work; -1 for every other event. */
  readonly EventId: number;
  readonly IsPlayed: boolean;
  /** ISO 8601, UTC. */
  readonly Timestamp: string;
  readonly [member: string]: unknown;
};

type Members = Readonly<Record<string, unknown>>;

/** Makes an event. Its time is `timestamp` (ISO 8601), or now. */
export function historyEvent(type: number, members: Members = {}, eventId = -1, timestamp?: string): HistoryEvent {
  return {
    EventType: type,
    ...members,
    EventId: eventId,
    IsPlayed: false,
    Timestamp: timestamp ?? new Date().toISOString(),
  };
}

/** The orchestration that started another as its child. */
export type ParentInstance = {
  readonly name: string;
  readonly instanceId: string;
  readonly executionId: string;
  readonly taskId: number;
};

/** The first event of a generation. */
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

/** The events that drive an episode. */
const drivingEvents: ReadonlySet<number> = new Set([
  eventType.executionStarted,
  eventType.executionTerminated,
  eventType.taskCompleted,
  eventType.taskFailed,
  eventType.subOrchestrationCompleted,
  eventType.subOrchestrationFailed,
  eventType.timerFired,
  eventType.eventRaised,
]);

/** The event as later episodes receive it: an event that drove an episode is marked as played, others never are. */
export function played(event: HistoryEvent): HistoryEvent {
  return drivingEvents.has(event.EventType) ? { ...event, IsPlayed: true } : event;
}
