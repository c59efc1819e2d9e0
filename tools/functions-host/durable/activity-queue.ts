import { type ActivityFunction, InFlight, type RunFunction } from '../function-runner.ts';
import type { Log } from '../log.ts';
import type { InvocationOutcome } from '../worker/worker-protocol.ts';
import { activityInput } from './orchestrator-protocol.ts';

type ActivityTask = {
  readonly definition: ActivityFunction;
  /** JSON text. */
  readonly input: string;
  readonly instanceId: string;
};

type ActivityQueueOptions = {
  readonly limit: number;
  /** Run every activity twice, as a queue with at-least-once delivery may do. */
  readonly deliverTwice: boolean;
  readonly run: RunFunction;
  readonly log: Log;
};

/** Runs activities in the order in which they were added, at most `limit` at the same time. */
export class ActivityQueue {
  readonly #options: ActivityQueueOptions;
  readonly #slots: ConcurrencyLimit;
  readonly #inFlight = new InFlight();
  #isClosed = false;

  constructor(options: ActivityQueueOptions) {
    this.#options = options;
    this.#slots = new ConcurrencyLimit(options.limit);
  }

  /** Queues an activity. `ended` is called once, with the first outcome, and never for an activity that close() dropped. */
  add(task: ActivityTask, ended: (outcome: InvocationOutcome) => void): void {
    const deliveries = this.#options.deliverTwice ? 2 : 1;
    const state = { hasBegun: false, hasEnded: false };
    const deliver = async (): Promise<void> => {
      // After close(), a second delivery still runs when the first has begun, so that both deliveries take place.
      if (this.#isClosed && !state.hasBegun) return;
      if (!state.hasBegun) {
        state.hasBegun = true;
        this.#inFlight.enter(deliveries);
      }
      const outcome = await this.#run(task);
      if (state.hasEnded) {
        this.#logIgnored(task, outcome);
      } else {
        state.hasEnded = true;
        ended(outcome);
      }
      this.#inFlight.leave();
    };
    for (let i = 0; i < deliveries; i++) void this.#slots.run(deliver);
  }

  /** Begins no further activity. Resolves when all deliveries of the activities that have begun are finished. */
  close(): Promise<void> {
    this.#isClosed = true;
    return this.#inFlight.idle();
  }

  #run({ definition, input, instanceId }: ActivityTask): Promise<InvocationOutcome> {
    const { data, triggerMetadata } = activityInput(input, instanceId, definition.triggerName);
    return this.#options.run(definition, data, triggerMetadata);
  }

  #logIgnored({ definition: { name }, instanceId }: ActivityTask, outcome: InvocationOutcome): void {
    const result = outcome.ok ? 'succeeded' : 'failed';
    const message = `The second delivery of activity '${name}' of ${instanceId} ended too (${result}). It is ignored.`;
    this.#options.log({ level: 'information', category: 'Host.DurableTask', message, functionName: name });
  }
}

/** Runs at most `limit` tasks at the same time. The others wait in the order in which they were added. */
export class ConcurrencyLimit {
  readonly #limit: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  async run<T>(task: () => Promise<T>): Promise<T> {
    if (this.#running >= this.#limit) {
      // A finished task passes its slot on instead of freeing it, so that a new task cannot overtake a waiting one.
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else {
      this.#running++;
    }
    try {
      return await task();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#running--;
      else next();
    }
  }
}
