import { createRequire } from 'node:module';
import type * as orchestrators from '../../src/functions/orchestrators.ts';
import { ActionPlayer, type Scheduled } from '../../tools/functions-host/durable/action-player.ts';
import {
  eventType,
  executionStarted,
  type HistoryEvent,
  historyEvent,
  played,
} from '../../tools/functions-host/durable/history-event.ts';
import { orchestratorReply } from '../../tools/functions-host/durable/orchestrator-protocol.ts';
import { subOrchestrationFailed, taskEnded } from '../../tools/functions-host/durable/task-events.ts';
import type { InvocationFailure, InvocationOutcome } from '../../tools/functions-host/worker/worker-protocol.ts';

type Generator = (typeof orchestrators)['run'];
type Handler = (trigger: unknown, context: object) => Promise<unknown>;
/** The function that durable-functions registers with a host for a generator. */
export const { createOrchestrator } = createRequire(import.meta.url)('durable-functions/lib/src/util/testingUtils') as {
  createOrchestrator: (generator: Generator) => Handler;
};

/** A call that the platform answers, by name: an activity or the episode of an orchestration. */
export type PlayedCall = {
  readonly name: string;
  readonly instanceId: string;
  readonly input: unknown;
  readonly atMs: number;
};

/** A failure for which no handler is to blame. */
export class PlatformFailure extends Error {
  readonly failure: InvocationFailure;

  constructor(failure: InvocationFailure) {
    super(failure.kind);
    this.failure = failure;
  }
}

export const WORKER_EXITED: InvocationFailure = { kind: 'workerExited', exitCode: 137, pid: 1 };

type Platform = {
  readonly generators: Readonly<Record<string, Generator>>;
  /** Answers an activity; what it throws is the activity's failure. */
  readonly activity: (call: PlayedCall) => unknown;
  /** Called at the end of an orchestration; what it throws is the orchestration's failure. */
  readonly afterChild?: (call: PlayedCall) => void;
  readonly startMs: number;
};

/** How an orchestration ended, and everything that it asked for, in order. */
export type PlayedOrchestration = {
  readonly output?: unknown;
  readonly error?: string;
  readonly calls: readonly PlayedCall[];
  readonly endMs: number;
};

/**
 * Plays an orchestration with its children in durable-functions itself, as the host does: each episode replays the whole
 * history, and a `Task.all` is answered when all its tasks have ended. Time is virtual: timers take none.
 */
export async function playOrchestration(
  platform: Platform,
  name: string,
  instanceId: string,
  input: unknown,
): Promise<PlayedOrchestration> {
  const calls: PlayedCall[] = [];
  const now = { ms: platform.startMs };
  const end = await playInstance({ ...platform, calls, now }, name, instanceId, input);
  return { ...end, calls, endMs: now.ms };
}

type Playing = Platform & { readonly calls: PlayedCall[]; readonly now: { ms: number } };
type End = { readonly output?: unknown; readonly error?: string };

async function playInstance(playing: Playing, name: string, instanceId: string, input: unknown): Promise<End> {
  const { generators, now } = playing;
  const text = JSON.stringify(input);
  const history: HistoryEvent[] = [];
  const answered: { readonly id: number; readonly ok: boolean }[] = [];
  let events = [executionStarted({ name, instanceId, executionId: 'x', input: text, parent: undefined })];
  for (;;) {
    history.push(at(now.ms, historyEvent(eventType.orchestratorStarted)), ...events);
    const reply = orchestratorReply(await episode(generators[name] as Generator, instanceId, input, history));
    history.push(...history.splice(0).map(played));
    if (reply.end.kind === 'returned') return { output: reply.end.output };
    if (reply.end.kind !== 'waiting') return { error: reply.end.message };
    const player = new ActionPlayer();
    player.nowMs = now.ms;
    player.begin(reply.actions);
    for (const { id, ok } of answered) player.complete(id, ok);
    const open = player.scheduled.slice(answered.length);
    if (open.length === 0) return { error: 'The orchestration waits for nothing.' };
    events = [];
    for (const scheduled of open) {
      const event = await answer(playing, instanceId, scheduled);
      const ok = ![eventType.taskFailed, eventType.subOrchestrationFailed].some((type) => type === event.EventType);
      answered.push({ id: scheduled.id, ok });
      events.push(at(now.ms, event));
    }
  }
}

async function episode(
  generator: Generator,
  instanceId: string,
  input: unknown,
  history: readonly HistoryEvent[],
): Promise<InvocationOutcome> {
  const constants = {
    upperSchemaVersion: 1,
    upperSchemaVersionNew: 3,
    longRunningTimerIntervalDuration: '3.00:00:00',
    maximumShortTimerDuration: '6.00:00:00',
    defaultHttpAsyncRequestSleepTimeMillseconds: 30_000,
  };
  const trigger = { history, input, instanceId, isReplaying: false, parentInstanceId: null, ...constants };
  try {
    const state = await createOrchestrator(generator)(JSON.parse(JSON.stringify(trigger)), {});
    return { ok: true, value: { json: JSON.stringify(state) } };
  } catch (error) {
    const { message, stack = '' } = error as Error;
    return { ok: false, failure: { kind: 'threw', error: { message, stack } } };
  }
}

async function answer(playing: Playing, parentId: string, scheduled: Scheduled): Promise<HistoryEvent> {
  const { calls, now } = playing;
  const { id } = scheduled;
  if (scheduled.kind === 'timer') {
    now.ms = Math.max(now.ms, scheduled.fireAtMs);
    return historyEvent(eventType.timerFired, { TimerId: id, FireAt: new Date(scheduled.fireAtMs).toISOString() });
  }
  const input: unknown = JSON.parse(scheduled.input ?? 'null');
  if (scheduled.kind === 'activity') {
    const call = { name: scheduled.name, instanceId: parentId, input, atMs: now.ms };
    calls.push(call);
    return taskEnded(scheduled, await outcomeOf(() => playing.activity(call)));
  }
  const instanceId = scheduled.instanceId ?? `${parentId}:${id}`;
  const call = { name: scheduled.name, instanceId, input, atMs: now.ms };
  calls.push(call);
  const end = await playInstance(playing, scheduled.name, instanceId, input);
  const lost = await outcomeOf(() => playing.afterChild?.(call));
  if (!lost.ok) return subOrchestrationFailed(id, NON_DETERMINISTIC, '');
  if (end.error !== undefined) return subOrchestrationFailed(id, end.error, '');
  const Result = JSON.stringify(end.output ?? null);
  return historyEvent(eventType.subOrchestrationCompleted, { TaskScheduledId: id, Result });
}

/** What the host says of an orchestration whose episode was lost with its worker. */
const NON_DETERMINISTIC = 'Non-Deterministic workflow detected: the episode was lost.';

async function outcomeOf(work: () => unknown): Promise<InvocationOutcome> {
  try {
    return { ok: true, value: { json: JSON.stringify((await work()) ?? null) } };
  } catch (error) {
    if (error instanceof PlatformFailure) return { ok: false, failure: error.failure };
    const { message, stack = '' } = error as Error;
    return { ok: false, failure: { kind: 'threw', error: { message, stack } } };
  }
}

function at(ms: number, event: HistoryEvent): HistoryEvent {
  return { ...event, Timestamp: new Date(ms).toISOString() };
}
