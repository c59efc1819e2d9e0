import type { ActivityFunction } from '../function-definition.ts';
import type { RunFunction } from '../function-runner.ts';
import { InFlight } from '../in-flight.ts';
import type { Log } from '../log.ts';
import type { InvocationOutcome } from '../worker/worker-process.ts';
import { ConcurrencyLimit } from './concurrency-limit.ts';
import { activityInput } from './orchestrator-input.ts';

export interface ActivityTask {
  readonly definition: ActivityFunction;
  /** JSON text. */
  readonly input: string;
  readonly instanceId: string;
}

export interface ActivityQueueOptions {
  readonly limit: number;
  /** Run every activity twice at the same time, as a queue that delivers at least once may do. */
  readonly deliverTwice: boolean;
  readonly run: RunFunction;
  readonly log: Log;
}

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
      if (this.#isClosed && !state.hasBegun) {
        return;
      }
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
    for (let i = 0; i < deliveries; i++) {
      void this.#slots.run(deliver);
    }
  }

  /** Begins no further activity. Resolves when those that have begun are over, both deliveries of them. */
  close(): Promise<void> {
    this.#isClosed = true;
    return this.#underWay.idle();
  }
}
