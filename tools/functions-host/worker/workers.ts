import type { Log } from '../log.ts';
import type { InvocationOutcome, WorkerOptions } from './worker-process.ts';
import type { Invocation, RegisteredFunction } from './worker-protocol.ts';
import { type FunctionTimeout, WorkerSupervisor } from './worker-supervisor.ts';

/**
 * The workers of an app: one for all of its functions, or, as Flex Consumption scales them, one for the durable functions
 * and one for the others, so that requests do not share an event loop with activities.
 */
export class WorkerGroups {
  readonly functions: readonly RegisteredFunction[];
  readonly #durable: WorkerSupervisor;
  readonly #others: WorkerSupervisor;

  private constructor(functions: readonly RegisteredFunction[], durable: WorkerSupervisor, others: WorkerSupervisor) {
    this.functions = functions;
    this.#durable = durable;
    this.#others = others;
  }

  /** @throws Error when the app cannot be loaded; no worker is left then */
  static async start(options: WorkerOptions, timeout: FunctionTimeout, separate: boolean): Promise<WorkerGroups> {
    if (!separate) {
      const { supervisor, functions } = await WorkerSupervisor.start(options, timeout);
      return new WorkerGroups(functions, supervisor, supervisor);
    }
    // Both load the same app; what it says while it loads is worth hearing once.
    let loaded = false;
    const quiet: Log = (line) => loaded && options.log(line);
    const [durable, others] = await Promise.allSettled([
      WorkerSupervisor.start(options, timeout),
      WorkerSupervisor.start({ ...options, log: quiet }, timeout),
    ]);
    if (durable.status === 'rejected' || others.status === 'rejected') {
      for (const started of [durable, others]) {
        if (started.status === 'fulfilled') await started.value.supervisor.stop(0);
      }
      throw durable.status === 'rejected' ? durable.reason : (others as PromiseRejectedResult).reason;
    }
    loaded = true;
    return new WorkerGroups(durable.value.functions, durable.value.supervisor, others.value.supervisor);
  }

  /** The process that runs activities. */
  get durablePid(): number {
    return this.#durable.pid;
  }

  invoke(invocation: Invocation, durable: boolean): Promise<InvocationOutcome> {
    return (durable ? this.#durable : this.#others).invoke(invocation);
  }

  /** Ends all workers for good. `graceMs` bounds what their appTerminate hooks may take. */
  async stop(graceMs: number): Promise<void> {
    await Promise.all([...new Set([this.#durable, this.#others])].map((supervisor) => supervisor.stop(graceMs)));
  }
}
