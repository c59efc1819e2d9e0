import { eventType, eventTypeNames, type HistoryEvent } from './history-event.ts';
import type { Instance } from './task-hub.ts';

type StatusOptions = {
  readonly showHistory: boolean;
  readonly showHistoryOutput: boolean;
  readonly showInput: boolean;
};

export type OrchestrationStatus = {
  readonly name: string;
  readonly instanceId: string;
  readonly runtimeStatus: string;
  readonly input: unknown;
  readonly customStatus: unknown;
  readonly output: unknown;
  /** ISO 8601 in whole seconds, as the extension writes it. */
  readonly createdTime: string;
  readonly lastUpdatedTime: string;
  readonly historyEvents: readonly Readonly<Record<string, unknown>>[] | null;
};

/** An instance as the extension's HTTP API describes it. */
export function orchestrationStatus(instance: Instance, options: StatusOptions): OrchestrationStatus {
  return {
    name: instance.name,
    instanceId: instance.instanceId,
    runtimeStatus: instance.status,
    input: options.showInput ? jsonOrText(instance.input) : null,
    customStatus: instance.customStatus,
    output: jsonOrText(instance.output),
    createdTime: wholeSeconds(instance.createdMs),
    lastUpdatedTime: wholeSeconds(instance.updatedMs),
    historyEvents: options.showHistory ? summarize(instance.history, options) : null,
  };
}

/** The value of a JSON text. A text that is not JSON (a failure, a reason) is returned unchanged. */
function jsonOrText(text: unknown): unknown {
  if (typeof text !== 'string') return null;
  const trimmed = text.trim();
  try {
    return trimmed === '' ? '' : JSON.parse(trimmed);
  } catch {
    return trimmed;
  }
}

function wholeSeconds(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

/**
 * The history without the events that start and end an episode, and with one event for each finished task: its completion
 * includes the members of the event that scheduled it.
 */
function summarize(history: readonly HistoryEvent[], options: StatusOptions) {
  const schedulings = new Map<number, HistoryEvent>();
  const completed = new Set<number>();
  for (const event of history) {
    if (event.EventType === eventType.taskScheduled || event.EventType === eventType.subOrchestrationCreated) {
      schedulings.set(event.EventId, event);
    }
    if ('TaskScheduledId' in event) completed.add(Number(event.TaskScheduledId));
  }
  return history
    .filter(({ EventType, EventId }) => {
      const isFrame = EventType === eventType.orchestratorStarted || EventType === eventType.orchestratorCompleted;
      return !isFrame && !(schedulings.has(EventId) && completed.has(EventId));
    })
    .map((event) => summarizeOne(event, schedulings, options));
}

const hidden = [
  'EventId',
  'IsPlayed',
  'TaskScheduledId',
  'TimerId',
  'Version',
  'OrchestrationInstance',
  'ParentInstance',
];
const failures: ReadonlySet<number> = new Set([eventType.taskFailed, eventType.subOrchestrationFailed]);

function summarizeOne(
  event: HistoryEvent,
  schedulings: ReadonlyMap<number, HistoryEvent>,
  options: StatusOptions,
): Record<string, unknown> {
  const summary: Record<string, unknown> = { ...event, EventType: eventTypeNames.get(event.EventType) };
  const scheduling = 'TaskScheduledId' in event ? schedulings.get(Number(event.TaskScheduledId)) : undefined;
  if (scheduling !== undefined) {
    summary.ScheduledTime = scheduling.Timestamp;
    summary.FunctionName = scheduling.Name;
    if (scheduling.EventType === eventType.subOrchestrationCreated) summary.InstanceId = scheduling.InstanceId;
    summary.Input = scheduling.Input;
  }
  if (event.EventType === eventType.executionStarted) {
    summary.FunctionName = event.Name;
    delete summary.Name;
    delete summary.Tags;
  }
  if ('Result' in event && !failures.has(event.EventType)) {
    summary.Result = jsonOrText(event.Result);
    if (!options.showHistoryOutput) delete summary.Result;
  }
  if (!options.showInput) delete summary.Input;
  for (const member of hidden) delete summary[member];
  return summary;
}
