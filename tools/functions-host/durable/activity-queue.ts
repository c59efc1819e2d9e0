import { InFlight } from '../concurrency.ts';
import type { SecondDelivery } from '../faults.ts';
import type { ActivityFunction, RunFunction } from '../function-runner.ts';
import type { Log } from '../log.ts';
import { setAlarm } from '../timers.ts';
import type { InvocationOutcome } from '../worker/worker-protocol.ts';
import { activityInput } from './orchestrator-protocol.ts';
import type { WorkerStates } from './worker-states.ts';

type Activity = {
  readonly definition: ActivityFunction;
  /** JSON text. */
  readonly input: string;
  readonly instanceId: string;
};

type Task = Activity & {
  /** Called before a worker receives it for the first time. */
  readonly begun: () => void;
  /** Called once, with the first outcome, and never for an activity that close() dropped. */
  readonly ended: (outcome: InvocationOutcome) => void;
  hasBegun: boolean;
  hasEnded: boolean;
};

type Delivery = {
  readonly task: Task;
  /** A second delivery takes place whatever became of the first. A repeated one does not when the first has ended. */
  readonly kind: 'first' | 'second' | 'repeated';
  /** The worker that must not get it, if there is another one. */
  readonly notOn?: number | undefined;
};

type ActivityQueueOptions = {
  readonly workers: WorkerStates;
  /** How many activities a worker runs at the same time. */
  readonly limit: number;
  /** When a frozen worker's activities are delivered again. */
  readonly visibilityTimeoutMs: number;
  readonly secondDelivery: (activity: { readonly name: string; readonly input: string }) => SecondDelivery | undefined;
  readonly run: RunFunction;
  readonly log: Log;
};

/** Runs activities in the order in which they were added, on the worker that has the most free slots. */
export class ActivityQueue {
  readonly #options: ActivityQueueOptions;
  readonly #running: number[];
  readonly #inFlight = new InFlight();
  readonly #alarms = new Set<() => void>();
  #waiting: Delivery[] = [];
  #isClosed = false;

  constructor(options: ActivityQueueOptions) {
    this.#options = options;
    this.#running = Array.from({ length: options.workers.count }, () => 0);
    options.workers.onThaw(() => this.#dispatch());
  }

  /** Queues an activity. It becomes visible to workers at `visibleAtMs` (Unix milliseconds). */
  add(activity: Activity, callbacks: Pick<Task, 'begun' | 'ended'>, visibleAtMs = 0): void {
    const delivery: Delivery = { task: { ...activity, ...callbacks, hasBegun: false, hasEnded: false }, kind: 'first' };
    if (visibleAtMs > Date.now()) this.#at(visibleAtMs, () => this.#enqueue(delivery));
    else this.#enqueue(delivery);
  }

  /** Begins no further activity. Resolves when all deliveries of the activities that have begun are finished. */
  close(): Promise<void> {
    this.#isClosed = true;
    for (const cancel of this.#alarms) cancel();
    // A second delivery still takes place, so that an activity that was chosen for it gets both.
    this.#waiting = this.#waiting.filter(({ kind }) => kind === 'second');
    return this.#inFlight.idle();
  }

  #at(atMs: number, ring: () => void): void {
    const cancel = setAlarm(atMs, () => {
      this.#alarms.delete(cancel);
      ring();
    });
    this.#alarms.add(cancel);
  }

  #enqueue(delivery: Delivery): void {
    if (this.#isClosed) return;
    this.#waiting.push(delivery);
    this.#dispatch();
  }

  /** Starts what waits, as far as workers are free. A delivery that must not go to the free ones lets others pass. */
  #dispatch(): void {
    while (this.#freeWorker(undefined) !== undefined) {
      const at = this.#waiting.findIndex(({ notOn }) => this.#freeWorker(notOn) !== undefined);
      const [delivery] = at < 0 ? [] : this.#waiting.splice(at, 1);
      const worker = this.#freeWorker(delivery?.notOn);
      if (delivery === undefined || worker === undefined) return;
      if (delivery.kind !== 'repeated' || !delivery.task.hasEnded) void this.#deliver(delivery, worker);
    }
  }

  #freeWorker(notOn: number | undefined): number | undefined {
    const { workers, limit } = this.#options;
    const slots = (worker: number) => this.#running[worker] ?? 0;
    const free = workers.available().filter((worker) => slots(worker) < limit);
    const allowed = workers.count === 1 ? free : free.filter((worker) => worker !== notOn);
    return allowed.toSorted((a, b) => slots(a) - slots(b))[0];
  }

  async #deliver({ task, kind }: Delivery, worker: number): Promise<void> {
    const { workers, visibilityTimeoutMs, run } = this.#options;
    this.#running[worker]! += 1;
    if (kind !== 'second') this.#inFlight.enter();
    if (!task.hasBegun) this.#begin(task, worker);
    const again = () => this.#enqueue({ task, kind: 'repeated', notOn: worker });
    const endWatch = workers.whenFrozenFor(worker, visibilityTimeoutMs, again);
    const { data, triggerMetadata } = activityInput(task.input, task.instanceId, task.definition.triggerName);
    const outcome = await run(task.definition, data, triggerMetadata, worker);
    this.#running[worker]! -= 1;
    endWatch();
    // Nobody hears of the end of a worker whose instance is frozen. The activity is delivered again.
    const isLost = !outcome.ok && outcome.failure.kind !== 'threw' && workers.isFrozen(worker);
    if (isLost) this.#at(Date.now() + visibilityTimeoutMs, again);
    else this.#end(task, outcome);
    this.#inFlight.leave();
    this.#dispatch();
  }

  #begin(task: Task, worker: number): void {
    task.hasBegun = true;
    task.begun();
    const { name } = task.definition;
    const second = this.#options.secondDelivery({ name, input: task.input });
    if (second === undefined) return;
    const delivery: Delivery = { task, kind: 'second', notOn: second.onAnotherWorker ? worker : undefined };
    const enqueue = () => {
      this.#inFlight.enter();
      this.#waiting.unshift(delivery);
    };
    if (second.afterMs === 0) {
      enqueue();
    } else {
      this.#at(Date.now() + second.afterMs, () => {
        enqueue();
        this.#dispatch();
      });
    }
  }

  #end(task: Task, outcome: InvocationOutcome): void {
    if (task.hasEnded) {
      this.#logIgnored(task, outcome);
    } else {
      task.hasEnded = true;
      task.ended(outcome);
    }
  }

  #logIgnored({ definition: { name }, instanceId }: Activity, outcome: InvocationOutcome): void {
    const result = outcome.ok ? 'succeeded' : 'failed';
    const message = `The second delivery of activity '${name}' of ${instanceId} ended too (${result}). It is ignored.`;
    this.#options.log({ level: 'information', category: 'Host.DurableTask', message, functionName: name });
  }
}
