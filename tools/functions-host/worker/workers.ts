import { setTimeout as delay } from 'node:timers/promises';
import type { Log } from '../log.ts';
import { type InvocationOutcome, type WorkerOptions, WorkerProcess } from './worker-process.ts';
import { failureMessage, type Invocation, type RegisteredFunction } from './worker-protocol.ts';

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

/** Pauses before the tries to start a worker in the place of a dead one; after the last the host gives up. */
const RESTART_PAUSES_MS: readonly number[] = [0, 250, 1_000];

export type FunctionTimeout = {
  /** 0 for no limit. */
  readonly ms: number;
  /** As in host.json, for messages. */
  readonly text: string;
};

/** Keeps one worker running: starts another when it dies, and gives invocations to the one that lives. */
export class WorkerSupervisor {
  readonly #options: WorkerOptions;
  readonly #timeout: FunctionTimeout;
  #current: Promise<WorkerProcess>;
  #lastWorker: WorkerProcess;
  readonly #stopping = new AbortController();

  private constructor(options: WorkerOptions, timeout: FunctionTimeout, worker: WorkerProcess) {
    this.#options = options;
    this.#timeout = timeout;
    this.#lastWorker = worker;
    this.#current = Promise.resolve(worker);
    this.#replaceWhenGone(worker);
  }

  /** Starts the first worker. Rejects with the app's own error when it cannot be loaded. */
  static async start(
    options: WorkerOptions,
    timeout: FunctionTimeout,
  ): Promise<{ supervisor: WorkerSupervisor; functions: readonly RegisteredFunction[] }> {
    const { worker, functions } = await WorkerProcess.start(options);
    return { supervisor: new WorkerSupervisor(options, timeout, worker), functions };
  }

  get pid(): number {
    return this.#lastWorker.pid;
  }

  /** Runs one function on the living worker, waiting for it while it is being replaced. Never rejects. */
  async invoke(invocation: Invocation): Promise<InvocationOutcome> {
    try {
      const worker = await this.#current;
      return await worker.invoke(invocation, this.#timeout.ms, this.#timeout.text);
    } catch (error) {
      const message = `No worker could be started: ${error instanceof Error ? error.message : error}`;
      return { ok: false, failure: { kind: 'threw', error: { message, stack: message } } };
    }
  }

  /** Ends the worker for good. `graceMs` bounds what its appTerminate hooks may take. */
  async stop(graceMs: number): Promise<void> {
    this.#stopping.abort();
    const worker = await this.#current.catch(() => undefined);
    await worker?.terminate(graceMs);
  }

  #replaceWhenGone(worker: WorkerProcess): void {
    worker.exited.then((failure) => {
      if (!this.#stopping.signal.aborted) {
        const message = `Worker ${worker.pid}: ${failureMessage(failure)}. Starting another.`;
        this.#options.log({ level: 'error', category: 'Host.Worker', message });
        this.#current = this.#restart();
        // Whoever invokes a function next sees the error; nobody may be waiting just now.
        this.#current.catch(() => undefined);
      }
    });
  }

  async #restart(): Promise<WorkerProcess> {
    let lastError: unknown;
    for (const pauseMs of RESTART_PAUSES_MS) {
      await delay(pauseMs);
      if (this.#stopping.signal.aborted) throw new Error('The host is stopping.');
      try {
        const { worker } = await WorkerProcess.start(this.#options, this.#stopping.signal);
        this.#lastWorker = worker;
        this.#replaceWhenGone(worker);
        const message = `Worker ${worker.pid} has taken over.`;
        this.#options.log({ level: 'information', category: 'Host.Worker', message });
        return worker;
      } catch (error) {
        lastError = error;
        if (this.#stopping.signal.aborted) break;
        const message = `A new worker failed to start: ${error instanceof Error ? error.message : error}`;
        this.#options.log({ level: 'error', category: 'Host.Worker', message });
      }
    }
    throw lastError;
  }
}
