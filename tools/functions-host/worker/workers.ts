import { setTimeout as delay } from 'node:timers/promises';
import { type Log, messageOf } from '../log.ts';
import type { FunctionTimeout } from '../settings.ts';
import { type WorkerOptions, WorkerProcess } from './worker-process.ts';
import { failureMessage, type Invocation, type InvocationOutcome, type RegisteredFunction } from './worker-protocol.ts';

/**
 * The workers of an app: either one for all functions, or one for the durable functions and one for the others. Flex
 * Consumption scales them separately, so that HTTP requests do not share an event loop with activities.
 */
export class Workers {
  readonly functions: readonly RegisteredFunction[];
  readonly #durable: WorkerSupervisor;
  readonly #others: WorkerSupervisor;

  private constructor(functions: readonly RegisteredFunction[], durable: WorkerSupervisor, others: WorkerSupervisor) {
    this.functions = functions;
    this.#durable = durable;
    this.#others = others;
  }

  /** @throws Error when the app cannot be loaded; no worker is left running then */
  static async start(options: SupervisorOptions, separate: boolean): Promise<Workers> {
    if (!separate) {
      const { supervisor, functions } = await WorkerSupervisor.start(options);
      return new Workers(functions, supervisor, supervisor);
    }
    // Both workers load the same app. What the app logs while it loads is reported once.
    let loaded = false;
    const quiet: Log = (line) => loaded && options.log(line);
    const [durable, others] = await Promise.allSettled([
      WorkerSupervisor.start(options),
      WorkerSupervisor.start({ ...options, log: quiet }),
    ]);
    if (durable.status === 'rejected' || others.status === 'rejected') {
      for (const started of [durable, others]) {
        if (started.status === 'fulfilled') await started.value.supervisor.stop(0);
      }
      throw durable.status === 'rejected' ? durable.reason : (others as PromiseRejectedResult).reason;
    }
    loaded = true;
    return new Workers(durable.value.functions, durable.value.supervisor, others.value.supervisor);
  }

  /** Process id of the worker that runs activities. */
  get durablePid(): number {
    return this.#durable.pid;
  }

  invoke(invocation: Invocation, durable: boolean): Promise<InvocationOutcome> {
    return (durable ? this.#durable : this.#others).invoke(invocation);
  }

  /** Ends all workers. Their appTerminate hooks get at most `graceMs`. */
  async stop(graceMs: number): Promise<void> {
    await Promise.all([...new Set([this.#durable, this.#others])].map((supervisor) => supervisor.stop(graceMs)));
  }
}

/** Pauses before the attempts to replace a dead worker. The host gives up after the last attempt. */
const RESTART_PAUSES_MS: readonly number[] = [0, 250, 1_000];

export type SupervisorOptions = WorkerOptions & {
  readonly timeout: FunctionTimeout;
  /** For this long after a worker's exit, invocations fail instead of waiting for the next worker. */
  readonly gapMs: number;
};

/** Keeps one worker running: replaces it when it dies, and sends invocations to the current one. */
class WorkerSupervisor {
  readonly #options: SupervisorOptions;
  readonly #stopping = new AbortController();
  #current: Promise<WorkerProcess>;
  #lastWorker: WorkerProcess;
  /** End of the gap after the last exit, by performance.now(). */
  #gapEndMs = 0;

  private constructor(options: SupervisorOptions, worker: WorkerProcess) {
    this.#options = options;
    this.#lastWorker = worker;
    this.#current = Promise.resolve(worker);
    this.#replaceOnExit(worker);
  }

  /** Starts the first worker. Rejects with the app's own error when it cannot be loaded. */
  static async start(
    options: SupervisorOptions,
  ): Promise<{ readonly supervisor: WorkerSupervisor; readonly functions: readonly RegisteredFunction[] }> {
    const { worker, functions } = await WorkerProcess.start(options);
    return { supervisor: new WorkerSupervisor(options, worker), functions };
  }

  get pid(): number {
    return this.#lastWorker.pid;
  }

  /** Runs one function on the current worker, or on the next one while a dead worker is replaced. Never rejects. */
  async invoke(invocation: Invocation): Promise<InvocationOutcome> {
    if (performance.now() < this.#gapEndMs) return { ok: false, failure: { kind: 'noWorker' } };
    try {
      const worker = await this.#current;
      return await worker.invoke(invocation, this.#options.timeout);
    } catch (error) {
      const message = `No worker could be started: ${messageOf(error)}`;
      return { ok: false, failure: { kind: 'threw', error: { message, stack: message } } };
    }
  }

  /** Ends the worker and does not replace it. Its appTerminate hooks get at most `graceMs`. */
  async stop(graceMs: number): Promise<void> {
    this.#stopping.abort();
    const worker = await this.#current.catch(() => undefined);
    await worker?.terminate(graceMs);
  }

  #replaceOnExit(worker: WorkerProcess): void {
    worker.exited.then((failure) => {
      if (this.#stopping.signal.aborted) return;
      this.#gapEndMs = performance.now() + this.#options.gapMs;
      const message = `Worker ${worker.pid}: ${failureMessage(failure)}. Starting another.`;
      this.#options.log({ level: 'error', category: 'Host.Worker', message });
      this.#current = this.#restart();
      // The next invocation reports the error; there may be no invocation waiting now.
      this.#current.catch(() => undefined);
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
        this.#replaceOnExit(worker);
        const message = `Worker ${worker.pid} has taken over.`;
        this.#options.log({ level: 'information', category: 'Host.Worker', message });
        return worker;
      } catch (error) {
        lastError = error;
        if (this.#stopping.signal.aborted) break;
        const message = `A new worker failed to start: ${messageOf(error)}`;
        this.#options.log({ level: 'error', category: 'Host.Worker', message });
      }
    }
    throw lastError;
  }
}
