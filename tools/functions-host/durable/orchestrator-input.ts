import type { TypedData } from '../worker/typed-data.ts';
import type { HistoryEvent } from './history-event.ts';
import type { Instance } from './task-hub.ts';

/** Constants that the extension sends along; the name with a letter missing is its own. */
const protocol = {
  upperSchemaVersion: 1,
  upperSchemaVersionNew: 3,
  longRunningTimerIntervalDuration: '3.00:00:00',
  maximumShortTimerDuration: '6.00:00:00',
  defaultHttpAsyncRequestSleepTimeMillseconds: 30_000,
};

export interface TriggerInput {
  readonly data: TypedData;
  readonly triggerMetadata: Readonly<Record<string, TypedData>>;
}

/** What an orchestrator receives for one episode: the whole history, this episode's events last. */
export function orchestratorInput(
  instance: Instance,
  history: readonly HistoryEvent[],
  triggerName: string,
): TriggerInput {
  const payload = {
    history,
    input: parsed(instance.input),
    instanceId: instance.instanceId,
    isReplaying: instance.history.length > 0,
    parentInstanceId: instance.parent?.instanceId ?? null,
    ...protocol,
  };
  const { history: _, ...metadata } = payload;
  const data = { string: JSON.stringify(payload) };
  return { data, triggerMetadata: { [triggerName]: data, ...typedMembers(metadata) } };
}

/** What an activity receives; the members of an object are repeated in the trigger's metadata. */
export function activityInput(input: string, instanceId: string, triggerName: string): TriggerInput {
  const data = { string: input };
  const value = parsed(input);
  const members = typeof value === 'object' && value !== null && !Array.isArray(value) ? typedMembers(value) : {};
  return { data, triggerMetadata: { ...members, [triggerName]: data, data, instanceId: { string: instanceId } } };
}

function typedMembers(value: object): Record<string, TypedData> {
  const present = Object.entries(value).filter(([, member]) => member !== null && member !== undefined);
  return Object.fromEntries(
    present.map(([name, member]) => [
      name,
      typeof member === 'string' ? { string: member } : { json: JSON.stringify(member) },
    ]),
  );
}

function parsed(json: string | null): unknown {
  try {
    return json === null ? null : JSON.parse(json);
  } catch {
    return json;
  }
}
