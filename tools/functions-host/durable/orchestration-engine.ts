import { ConcurrencyLimit } from '../concurrency.ts';
import { between, Draws, type Faults, secondDelivery } from '../faults.ts';
import type { ActivityFunction, OrchestratorFunction, RunFunction } from '../function-runner.ts';
import { type Log, messageOf, stackOf } from '../log.ts';
import { setAlarm } from '../timers.ts';
import type { InvocationOutcome } from '../worker/worker-protocol.ts';
import type { Scheduled } from './action-player.ts';
import { ActivityQueue } from './activity-queue.ts';
import { childInstanceId, decide, type KnownFunctions, unknownFunction, unknownOrchestrator } from './episode.ts';
import { eventType, type HistoryEvent, historyEvent, played } from './history-event.ts';
import { type OrchestratorReply, orchestratorInput, orchestratorReply } from './orchestrator-protocol.ts';
import { subOrchestrationFailed, taskEnded, timerFired } from './task-events.ts';
import {
  type Completion,
  clearTimers,
  type Instance,
  isFinished,
  type NewInstance,
  type OpenWork,
  type TaskHub,
} from './task-hub.ts';
import type { WorkerStates } from './worker-states.ts';

type EngineOptions = {
  readonly hub: TaskHub;
  readonly workers: WorkerStates;
  readonly orchestrators: ReadonlyMap<string, OrchestratorFunction>;
  readonly activities: ReadonlyMap<string, ActivityFunction>;
  /** Of each worker. */
  readonly maxOrchestrators: number;
  /** Of each worker. */
  readonly maxActivities: number;
  readonly controlQueueVisibilityTimeoutMs: number;
  readonly workItemQueueVisibilityTimeoutMs: number;
  readonly faults: Faults;
  readonly run: RunFunction;
  readonly log: Log;
};

const REPEATING =
  'has ended, but tasks that it yielded a second time now run a second time. On Azure, such an orchestration can stay ' +
  'Running forever. Do not yield the remaining tasks of a failed Task.all again.';

/**
 * Drives orchestrations: gathers the events of an instance into an episode, runs the orchestrator for it, and starts the
 * work that it schedules. Every change of an instance is stored before anything that follows from it begins.
 */
export class OrchestrationEngine {
  readonly hub: TaskHub;
  readonly #options: EngineOptions;
  readonly #known: KnownFunctions;
  readonly #slots: ConcurrencyLimit;
  readonly #activities: ActivityQueue;
  readonly #draws: Draws;
  #isStopped = false;

  constructor(options: EngineOptions) {
    const { hub, workers, faults } = options;
    this.hub = hub;
    this.#options = options;
    this.#draws = new Draws(faults.seed ?? 1);
    this.#known = {
      activities: new Set(options.activities.keys()),
      orchestrators: new Set(options.orchestrators.keys()),
    };
    this.#slots = new ConcurrencyLimit(options.maxOrchestrators * workers.count);
    this.#activities = new ActivityQueue({
      workers,
      limit: options.maxActivities,
      visibilityTimeoutMs: options.workItemQueueVisibilityTimeoutMs,
      secondDelivery: (activity) => secondDelivery(faults.deliverTwice, activity, this.#draws),
      run: options.run,
      log: options.log,
    });
    workers.onThaw(() => {
      for (const instance of hub.all()) this.#wake(instance);
    });
  }

  /**
   * Continues what the hub contains. `diedMs` is when the host before this one died (Unix milliseconds); undefined when
   * it stopped in an orderly way. What that host had taken from the queues becomes visible after the visibility timeout.
   */
  resume(diedMs: number | undefined): void {
    const visibleAtMs = (timeoutMs: number) => (diedMs === undefined ? 0 : diedMs + timeoutMs);
    const activitiesAtMs = visibleAtMs(this.#options.workItemQueueVisibilityTimeoutMs);
    const messagesAtMs = visibleAtMs(this.#options.controlQueueVisibilityTimeoutMs);
    for (const instance of this.hub.all()) {
      for (const work of [...instance.work]) this.#begin(instance, work, work.hasBegun ? activitiesAtMs : 0);
      if (!isFinished(instance)) this.#setTimer(instance, messagesAtMs, () => this.#wake(instance));
    }
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
    this.hub.save(instance);
    this.#deliver(instance);
  }

  /**
   * Begins no further episode, activity or timer. Resolves when the activities that have begun are finished. An activity
   * that fails or does not finish is begun again by the next host.
   */
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
    if (this.#isStopped) return;
    const cancel = setAlarm(atMs, () => {
      instance.timers.delete(cancel);
      ring();
    });
    instance.timers.add(cancel);
  }

  #wake(instance: Instance): void {
    if (this.#isStopped || isFinished(instance) || instance.status === 'Suspended') return;
    if (instance.isInEpisode || instance.inbox.length === 0 || this.#workerFor(instance) === undefined) return;
    instance.isInEpisode = true;
    void this.#slots.run(() => this.#episode(instance)).catch((error: unknown) => this.#abandon(instance, error));
  }

  /** The worker that runs an orchestration: always the same one, as long as it is not frozen. */
  #workerFor({ instanceId }: Instance): number | undefined {
    const available = this.#options.workers.available();
    const sum = Array.from(instanceId).reduce((total, character) => total + (character.codePointAt(0) ?? 0), 0);
    return available[sum % available.length];
  }

  async #episode(instance: Instance): Promise<void> {
    const worker = this.#workerFor(instance);
    if (this.#isStopped || this.hub.find(instance.instanceId) !== instance) return;
    if (worker === undefined || instance.status === 'Suspended') return this.#endEpisode(instance);
    const events = [historyEvent(eventType.orchestratorStarted), ...instance.inbox];
    instance.status = 'Running';
    const definition = this.#options.orchestrators.get(instance.name);
    if (definition === undefined) {
      this.#commit(instance, events, [], unknownOrchestrator(instance.name, this.#known));
    } else {
      const history = [...instance.history, ...events];
      const { data, triggerMetadata } = orchestratorInput(instance, history, definition.triggerName);
      const outcome = await this.#unlessFrozen(worker, this.#options.run(definition, data, triggerMetadata, worker));
      if (this.#isStopped || this.hub.find(instance.instanceId) !== instance) return;
      if (outcome !== 'frozen') this.#decide(instance, events, history, readReply(outcome));
    }
    this.#endEpisode(instance);
  }

  /** The outcome of an episode; `frozen` when its worker was frozen for so long that another one takes the episode over. */
  async #unlessFrozen(worker: number, outcome: Promise<InvocationOutcome>): Promise<InvocationOutcome | 'frozen'> {
    const frozen = Promise.withResolvers<'frozen'>();
    const timeoutMs = this.#options.controlQueueVisibilityTimeoutMs;
    const endWatch = this.#options.workers.whenFrozenFor(worker, timeoutMs, () => frozen.resolve('frozen'));
    try {
      return await Promise.race([outcome, frozen.promise]);
    } finally {
      endWatch();
    }
  }

  #decide(
    instance: Instance,
    events: readonly HistoryEvent[],
    history: readonly HistoryEvent[],
    reply: OrchestratorReply,
  ): void {
    const { work, completion, isRepeating } = decide(instance.name, instance.executionId, history, reply, this.#known);
    if (isRepeating) {
      const message = `Orchestration '${instance.name}' ${instance.instanceId} ${REPEATING}`;
      this.#options.log({ level: 'warning', category: 'Host.DurableTask', message, functionName: instance.name });
    }
    instance.customStatus = reply.customStatus ?? instance.customStatus;
    this.#commit(instance, events, work, completion);
  }

  /** Writes an episode into the history, stores it, and starts the work that it scheduled. */
  #commit(
    instance: Instance,
    events: readonly HistoryEvent[],
    scheduled: ReturnType<typeof decide>['work'],
    completion: Completion | undefined,
  ): void {
    const { executionId } = instance;
    const work = scheduled.map((each): OpenWork => ({ scheduled: each.scheduled, executionId, hasBegun: false }));
    instance.history.push(...events.map(played), ...scheduled.map(({ event }) => event));
    instance.inbox.splice(0, events.length - 1);
    instance.work.push(...work);
    instance.updatedMs = Date.now();
    if (completion === undefined) instance.history.push(historyEvent(eventType.orchestratorCompleted));
    else this.#complete(instance, completion);
    this.hub.save(instance);
    for (const each of work) this.#begin(instance, each);
    if (isFinished(instance)) this.#tellParent(instance);
  }

  #begin(instance: Instance, work: OpenWork, visibleAtMs = 0): void {
    const { scheduled } = work;
    switch (scheduled.kind) {
      case 'activity':
        this.#beginActivity(instance, scheduled, work, visibleAtMs);
        break;
      case 'timer': {
        if (!instance.work.includes(work)) break;
        const offsetMs = between(this.#options.faults.timerOffsetMs ?? [0, 0], this.#draws.next('timer'));
        const fired = timerFired(scheduled.id, scheduled.fireAtMs);
        this.#setTimer(instance, scheduled.fireAtMs + offsetMs, () => this.#answer(instance.instanceId, work, fired));
        break;
      }
      case 'subOrchestration':
        this.#beginChild(instance, scheduled, work);
        break;
    }
  }

  #beginActivity(
    { instanceId }: Instance,
    scheduled: Extract<Scheduled, { kind: 'activity' }>,
    work: OpenWork,
    visibleAtMs: number,
  ): void {
    const { name, input } = scheduled;
    const definition = this.#options.activities.get(name);
    const ended = (outcome: InvocationOutcome) => {
      // Whatever fails while the host stops goes back to the queue.
      if (outcome.ok || !this.#isStopped) this.#answer(instanceId, work, taskEnded(scheduled, outcome));
    };
    if (definition === undefined) {
      const message = unknownFunction(name, 'activity', this.#known.activities);
      ended({ ok: false, failure: { kind: 'threw', error: { message, stack: message } } });
      return;
    }
    const begun = () => {
      const instance = this.hub.find(instanceId);
      if (work.hasBegun || instance?.work.includes(work) !== true) return;
      work.hasBegun = true;
      this.hub.save(instance);
    };
    this.#activities.add({ definition, input, instanceId }, { begun, ended }, visibleAtMs);
  }

  /** Starts a child. It may exist already, when the host before this one died after it had started it. */
  #beginChild(instance: Instance, scheduled: Extract<Scheduled, { kind: 'subOrchestration' }>, work: OpenWork): void {
    const { instanceId } = instance;
    const { executionId } = work;
    const { id, name, input } = scheduled;
    const childId = scheduled.instanceId ?? childInstanceId(executionId, id);
    const known = this.hub.find(childId);
    if (known?.parent?.executionId === executionId && known.parent.taskId === id) {
      if (isFinished(known)) this.#tellParent(known);
      return;
    }
    const parent = { name: instance.name, instanceId, executionId, taskId: id };
    if ('active' in this.start({ name, instanceId: childId, input, parent })) {
      const reason = `An orchestration with the instance id '${childId}' is already running.`;
      this.#answer(instanceId, work, subOrchestrationFailed(id, reason, ''));
    }
  }

  /** Ends open work with its event. An event for an older generation, or for an instance that has finished, is dropped. */
  #answer(instanceId: string, work: OpenWork, event: HistoryEvent): void {
    const instance = this.hub.find(instanceId);
    const at = instance?.work.indexOf(work) ?? -1;
    if (instance === undefined || at < 0) return;
    instance.work.splice(at, 1);
    if (instance.executionId !== work.executionId || isFinished(instance)) this.hub.save(instance);
    else this.send(instance, event);
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
  }

  /** Tells the parent of an instance that has finished, unless the parent knows it or has finished too. */
  #tellParent({ parent, status, output, details }: Instance): void {
    if (parent === undefined) return;
    const { executionId, taskId } = parent;
    const work = this.hub
      .find(parent.instanceId)
      ?.work.find((open) => open.executionId === executionId && open.scheduled.id === taskId);
    if (work === undefined) return;
    const event =
      status === 'Completed'
        ? historyEvent(eventType.subOrchestrationCompleted, { TaskScheduledId: taskId, Result: output })
        : subOrchestrationFailed(taskId, output ?? '', details);
    this.#answer(parent.instanceId, work, event);
  }

  #endEpisode(instance: Instance): void {
    instance.isInEpisode = false;
    this.#wake(instance);
  }

  #abandon(instance: Instance, error: unknown): void {
    const message = `The local host failed in an episode of ${instance.instanceId}: ${stackOf(error)}`;
    this.#options.log({ level: 'critical', category: 'Host.DurableTask', message });
    this.#commit(instance, [], [], { status: 'Failed', result: message, details: '' });
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
