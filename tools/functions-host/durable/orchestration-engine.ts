import { Draws, type Faults } from '../faults.ts';
import type { ActivityFunction, OrchestratorFunction, RunFunction } from '../function-runner.ts';
import { type Log, messageOf, stackOf } from '../log.ts';
import { setAlarm } from '../timers.ts';
import type { InvocationOutcome } from '../worker/worker-protocol.ts';
import type { Scheduled } from './action-player.ts';
import { ActivityQueue, ConcurrencyLimit } from './activity-queue.ts';
import { childInstanceId, decide, type KnownFunctions, unknownOrchestrator } from './episode.ts';
import { eventType, type HistoryEvent, historyEvent, played } from './history-event.ts';
import { type OrchestratorReply, orchestratorInput, orchestratorReply } from './orchestrator-protocol.ts';
import { subOrchestrationFailed, taskEnded, timerFired } from './task-events.ts';
import {
  type Completion,
  clearTimers,
  type FinalCompletion,
  type Instance,
  isFinished,
  type NewInstance,
  TaskHub,
} from './task-hub.ts';

type EngineOptions = {
  readonly orchestrators: ReadonlyMap<string, OrchestratorFunction>;
  readonly activities: ReadonlyMap<string, ActivityFunction>;
  readonly maxOrchestrators: number;
  readonly maxActivities: number;
  readonly deliverActivitiesTwice: boolean;
  readonly faults: Faults;
  readonly run: RunFunction;
  readonly log: Log;
};

const REPEATING =
  'has ended, but tasks that it yielded a second time now run a second time. On Azure, such an orchestration can stay ' +
  'Running forever. Do not yield the remaining tasks of a failed Task.all again.';

/**
 * Drives orchestrations: gathers the events of an instance into an episode, runs the orchestrator for it, and starts the
 * work that it schedules.
 */
export class OrchestrationEngine {
  readonly hub = new TaskHub();
  readonly #options: EngineOptions;
  readonly #known: KnownFunctions;
  readonly #slots: ConcurrencyLimit;
  readonly #activities: ActivityQueue;
  readonly #draws: Draws;
  #isStopped = false;

  constructor(options: EngineOptions) {
    this.#options = options;
    this.#draws = new Draws(options.faults.seed ?? 1);
    this.#known = {
      activities: new Set(options.activities.keys()),
      orchestrators: new Set(options.orchestrators.keys()),
    };
    this.#slots = new ConcurrencyLimit(options.maxOrchestrators);
    this.#activities = new ActivityQueue({
      limit: options.maxActivities,
      deliverTwice: options.deliverActivitiesTwice,
      run: options.run,
      log: options.log,
    });
  }

  /** Starts an orchestration, or returns the active one with that id. An orchestration with an unknown name starts and fails. */
  start(start: NewInstance): ReturnType<TaskHub['create']> {
    const answer = this.hub.create(start);
    if ('created' in answer) this.#deliver(answer.created);
    return answer;
  }

  /** Delivers an event to an instance, unless the instance has finished. */
  send(instance: Instance, event: HistoryEvent): void {
    if (isFinished(instance)) return;
    if (event.EventType === eventType.executionSuspended) {
      instance.status = 'Suspended';
    } else if (event.EventType === eventType.executionResumed || event.EventType === eventType.executionTerminated) {
      instance.status = instance.history.length === 0 ? 'Pending' : 'Running';
    }
    instance.inbox.push(event);
    this.#deliver(instance);
  }

  /** Begins no further episode, activity or timer. Resolves when the activities that have begun are finished. */
  stop(): Promise<void> {
    this.#isStopped = true;
    for (const instance of this.hub.all()) clearTimers(instance);
    return this.#activities.close();
  }

  /** Wakes an instance that has a new message, after the time that the message takes. */
  #deliver(instance: Instance): void {
    const { messageDelayMs = 0 } = this.#options.faults;
    if (messageDelayMs === 0) this.#wake(instance);
    else
      this.#setTimer(instance, Date.now() + messageDelayMs * this.#draws.next('message'), () => this.#wake(instance));
  }

  #setTimer(instance: Instance, atMs: number, ring: () => void): void {
    const cancel = setAlarm(atMs, () => {
      instance.timers.delete(cancel);
      ring();
    });
    instance.timers.add(cancel);
  }

  #wake(instance: Instance): void {
    if (instance.isInEpisode || instance.inbox.length === 0 || instance.status === 'Suspended') return;
    instance.isInEpisode = true;
    void this.#slots.run(() => this.#episode(instance)).catch((error: unknown) => this.#abandon(instance, error));
  }

  async #episode(instance: Instance): Promise<void> {
    const definition = this.#options.orchestrators.get(instance.name);
    if (this.#isStopped || this.hub.find(instance.instanceId) !== instance) return;
    if (instance.status === 'Suspended') return this.#endEpisode(instance);
    const events = [historyEvent(eventType.orchestratorStarted), ...instance.inbox.splice(0)];
    instance.status = 'Running';
    const history = [...instance.history, ...events];
    let completion: Completion | undefined;
    if (definition === undefined) {
      completion = unknownOrchestrator(instance.name, this.#known);
      instance.history.push(...events.map(played));
    } else {
      const { data, triggerMetadata } = orchestratorInput(instance, history, definition.triggerName);
      const outcome = await this.#options.run(definition, data, triggerMetadata);
      if (this.#isStopped || this.hub.find(instance.instanceId) !== instance) return;
      completion = this.#commit(instance, events, history, outcome);
    }
    if (completion !== undefined) this.#complete(instance, completion);
    this.#endEpisode(instance);
  }

  /** Writes an episode into the history and starts the work that it scheduled. */
  #commit(
    instance: Instance,
    events: readonly HistoryEvent[],
    history: readonly HistoryEvent[],
    outcome: InvocationOutcome,
  ): Completion | undefined {
    const reply = readReply(outcome);
    const { work, completion, isRepeating } = decide(instance.name, instance.executionId, history, reply, this.#known);
    if (isRepeating) {
      const message = `Orchestration '${instance.name}' ${instance.instanceId} ${REPEATING}`;
      this.#options.log({ level: 'warning', category: 'Host.DurableTask', message, functionName: instance.name });
    }
    instance.customStatus = reply.customStatus ?? instance.customStatus;
    instance.history.push(...events.map(played), ...work.map(({ event }) => event));
    if (completion === undefined) instance.history.push(historyEvent(eventType.orchestratorCompleted));
    instance.updatedMs = Date.now();
    for (const { scheduled } of work) this.#begin(instance, scheduled);
    return completion;
  }

  #begin(instance: Instance, scheduled: Scheduled): void {
    const { executionId, instanceId } = instance;
    const answer = (event: HistoryEvent) => {
      if (instance.executionId === executionId && this.hub.find(instanceId) === instance) this.send(instance, event);
    };
    switch (scheduled.kind) {
      case 'activity': {
        const definition = this.#options.activities.get(scheduled.name)!;
        const task = { definition, input: scheduled.input, instanceId };
        this.#activities.add(task, (outcome) => answer(taskEnded(scheduled, outcome)));
        break;
      }
      case 'timer': {
        const fired = timerFired(scheduled.id, scheduled.fireAtMs);
        this.#setTimer(instance, scheduled.fireAtMs, () => answer(fired));
        break;
      }
      case 'subOrchestration': {
        const { id, name, input } = scheduled;
        const childId = scheduled.instanceId ?? childInstanceId(executionId, id);
        const parent = { name: instance.name, instanceId, executionId, taskId: id };
        if ('active' in this.start({ name, instanceId: childId, input, parent })) {
          const reason = `An orchestration with the instance id '${childId}' is already running.`;
          answer(subOrchestrationFailed(id, reason, ''));
        }
        break;
      }
    }
  }

  #complete(instance: Instance, completion: Completion): void {
    if (completion.status === 'ContinuedAsNew') {
      this.hub.continueAsNew(instance, completion.input);
      return;
    }
    const { status, result } = completion;
    const members = { OrchestrationStatus: status, Result: result, FailureDetails: null };
    instance.history.push(historyEvent(eventType.executionCompleted, members));
    instance.history.push(historyEvent(eventType.orchestratorCompleted));
    this.hub.finish(instance, completion);
    if (status !== 'Completed') {
      const message = `Orchestration '${instance.name}' ${instance.instanceId}: ${status}: ${result}`;
      const level = status === 'Failed' ? 'error' : 'information';
      this.#options.log({ level, category: 'Host.DurableTask', message, functionName: instance.name });
    }
    this.#tellParent(instance, completion);
  }

  #tellParent({ parent }: Instance, completion: FinalCompletion): void {
    const waiting = parent && this.hub.find(parent.instanceId);
    if (parent === undefined || waiting?.executionId !== parent.executionId) return;
    const details = completion.status === 'Failed' ? completion.details : null;
    const { taskId } = parent;
    this.send(
      waiting,
      completion.status === 'Completed'
        ? historyEvent(eventType.subOrchestrationCompleted, { TaskScheduledId: taskId, Result: completion.result })
        : subOrchestrationFailed(taskId, completion.result, details),
    );
  }

  #endEpisode(instance: Instance): void {
    instance.isInEpisode = false;
    if (!isFinished(instance)) this.#wake(instance);
  }

  #abandon(instance: Instance, error: unknown): void {
    const message = `The local host failed in an episode of ${instance.instanceId}: ${stackOf(error)}`;
    this.#options.log({ level: 'critical', category: 'Host.DurableTask', message });
    this.#complete(instance, { status: 'Failed', result: message, details: '' });
  }
}

function readReply(outcome: InvocationOutcome): OrchestratorReply {
  try {
    return orchestratorReply(outcome);
  } catch (error) {
    const message = `its answer could not be read: ${messageOf(error)}`;
    return { actions: [], customStatus: undefined, end: { kind: 'threw', message, stack: '' } };
  }
}
