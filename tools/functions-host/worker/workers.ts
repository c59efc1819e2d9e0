import type { Log } from '../log.ts';
import type { Invocation, InvocationOutcome, RegisteredFunction } from './worker-protocol.ts';
import { type SupervisorOptions, WorkerSupervisor } from './worker-supervisor.ts';

type Separation = {
  /** Number of workers that run durable functions. */
  readonly durableWorkers: number;
  /** Run the other functions in a worker of their own, instead of in the first durable worker. */
  readonly separate: boolean;
};

/**
 * The workers of an app. Durable functions are spread over their workers, as over the instances of a scaled-out app. The
 * other functions share the first one, or have one of their own: Flex Consumption scales them separately, so that HTTP
 * requests do not share an event loop with activities.
 */
export class Workers {
  readonly functions: readonly RegisteredFunction[];
  readonly #durable: readonly WorkerSupervisor[];
  readonly #others: WorkerSupervisor;

  private constructor(
    functions: readonly RegisteredFunction[],
    durable: readonly WorkerSupervisor[],
    others: WorkerSupervisor,
  ) {
    this.functions = functions;
    this.#durable = durable;
    this.#others = others;
  }

  /** @throws Error when the app cannot be loaded; no worker is left running then */
  static async start(options: SupervisorOptions, { durableWorkers, separate }: Separation): Promise<Workers> {
    // All workers load the same app. What the app logs while it loads is reported once.
    let loaded = false;
    const quiet: Log = (line) => loaded && options.log(line);
    const count = durableWorkers + (separate ? 1 : 0);
    const starting = Array.from({ length: count }, (_, index) =>
      WorkerSupervisor.start(index === 0 ? options : { ...options, log: quiet }),
    );
    const settled = await Promise.allSettled(starting);
    const started = settled.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
    const failed = settled.find((each) => each.status === 'rejected');
    const first = started[0];
    const last = started.at(-1);
    if (failed !== undefined || first === undefined || last === undefined) {
      await Promise.all(started.map(({ supervisor }) => supervisor.stop(0)));
      throw failed?.reason ?? new Error('The host needs at least one durable worker.');
    }
    loaded = true;
    const durable = started.slice(0, durableWorkers).map(({ supervisor }) => supervisor);
    return new Workers(first.functions, durable, separate ? last.supervisor : first.supervisor);
  }

  /** Process ids of the workers that run durable functions, by their number. */
  get durablePids(): readonly number[] {
    return this.#durable.map(({ pid }) => pid);
  }

  /** Runs a function on the durable worker of that number, or on the worker for all other functions. */
  invoke(invocation: Invocation, durableWorker: number | undefined): Promise<InvocationOutcome> {
    const durable = durableWorker === undefined ? undefined : this.#durable[durableWorker];
    return (durable ?? this.#others).invoke(invocation);
  }

  /** Ends all workers. The appTerminate hooks of a durable worker get at most `graceMs` of its number. */
  async stop(graceMs: (durableWorker: number) => number): Promise<void> {
    const stopping = this.#durable.map((supervisor, worker) => supervisor.stop(graceMs(worker)));
    if (!this.#durable.includes(this.#others)) stopping.push(this.#others.stop(graceMs(-1)));
    await Promise.all(stopping);
  }
}
