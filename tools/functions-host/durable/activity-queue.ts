import { type ActivityFunction, InFlight, type RunFunction } from '../function-runner.ts';
import type { Log } from '../log.ts';
import type { InvocationOutcome } from '../worker/worker-process.ts';
import { activityInput } from './orchestrator-protocol.ts';

export type ActivityTask = {
  readonly definition: ActivityFunction;
  /** JSON text. */
  readonly input: string;
  readonly instanceId: string;
};

export type ActivityQueueOptions = {
  readonly limit: number;
  /** Run every activity twice at the same time, as a queue that delivers at least once may do. */
  readonly deliverTwice: boolean;
  readonly run: RunFunction;
  readonly log: Log;
};

/** Runs activities, at most `limit` of them at once, first come first served. */
export class ActivityQueue {
  readonly #options: ActivityQueueOptions;
  readonly #slots: ConcurrencyLimit;
  readonly #underWay = new InFlight();
  #isClosed = false;

  constructor(options: ActivityQueueOptions) {
    this.#options = options;
    this.#slots = new ConcurrencyLimit(options.limit);
  }

  /** Runs the activity when its turn comes. `ended` is called once, with the first outcome; never after close(). */
  add(task: ActivityTask, ended: (outcome: InvocationOutcome) => void): void {
    const deliveries = this.#options.deliverTwice ? 2 : 1;
    const state = { hasBegun: false, hasEnded: false };
    const deliver = async (): Promise<void> => {
      // A second delivery of what has begun still takes place, so that closing the queue leaves no half of a pair.
      if (this.#isClosed && !state.hasBegun) return;
      if (!state.hasBegun) {
        state.hasBegun = true;
        this.#underWay.enter(deliveries);
      }
      const { definition, input, instanceId } = task;
      const { data, triggerMetadata } = activityInput(input, instanceId, definition.triggerName);
      const outcome = await this.#options.run(definition, data, triggerMetadata);
      if (state.hasEnded) {
        const result = outcome.ok ? 'succeeded' : 'failed';
        const message = `The second delivery of activity '${definition.name}' of ${instanceId} ended too (${result}); it is ignored.`;
        this.#options.log({
          level: 'information',
          category: 'Host.DurableTask',
          message,
          functionName: definition.name,
        });
      } else {
        state.hasEnded = true;
        ended(outcome);
      }
      this.#underWay.leave();
    };
    for (let i = 0; i < deliveries; i++) void this.#slots.run(deliver);
  }

  /** Begins no further activity. Resolves when those that have begun are over, both deliveries of them. */
  close(): Promise<void> {
    this.#isClosed = true;
    return this.#underWay.idle();
  }
}

/** Lets at most `limit` tasks run at once; the others wait in the order in which they came. */
export class ConcurrencyLimit {
  readonly #limit: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  async run<T>(task: () => Promise<T>): Promise<T> {
    if (this.#running >= this.#limit) {
      // The slot is handed over, not freed, so that a newcomer cannot overtake.
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else {
      this.#running++;
    }
    try {
      return await task();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) {
        this.#running--;
      } else {
        next();
      }
    }
  }
}
