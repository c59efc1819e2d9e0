import { setImmediate } from 'node:timers/promises';
import { type Log, messageOf } from '../log.ts';
import type { FunctionTimeout } from '../settings.ts';
import { type WorkerOptions, WorkerProcess } from './worker-process.ts';
import { failureMessage, type Invocation, type InvocationOutcome, type RegisteredFunction } from './worker-protocol.ts';

export type SupervisorOptions = WorkerOptions & {
  readonly timeout: FunctionTimeout;
  /** For this long after a worker's exit, invocations fail instead of waiting for the next worker. */
  readonly gapMs: number;
  /** Called when a worker has exited too often, and is not replaced any more. The host must begin to end before it returns. */
  readonly exhausted: () => void;
};

/** At this number of exits, the Functions host recycles itself instead of starting another worker. */
const MAX_EXITS = 3;
/** Exits count together when the next one comes within this time. */
const EXITS_COUNT_MS = 30 * 60_000;

/** Keeps one worker running: replaces it when it dies, and sends invocations to the current one. */
export class WorkerSupervisor {
  readonly #options: SupervisorOptions;
  readonly #stopping = new AbortController();
  #current: Promise<WorkerProcess>;
  #lastWorker: WorkerProcess;
  /** End of the gap after the last exit, by performance.now(). */
  #gapEndMs = 0;
  #exits = 0;
  #lastExitMs = 0;

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
    const worker = await this.#current.catch(() => undefined);
    if (worker === undefined) return { ok: false, failure: { kind: 'noWorker' } };
    return worker.invoke(invocation, this.#options.timeout);
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
      const next = this.#countExit() < MAX_EXITS ? ' Starting another.' : '';
      this.#log('error', `Worker ${worker.pid}: ${failureMessage(failure)}.${next}`);
      this.#current = this.#restart();
      // The host ends when there is no further worker.
      this.#current.catch(() => undefined);
    });
  }

  /** Starts the next worker. A worker that cannot load the app counts as an exit. Rejects after the last exit. */
  async #restart(): Promise<WorkerProcess> {
    while (this.#exits < MAX_EXITS) {
      if (this.#stopping.signal.aborted) throw new Error('The host is stopping.');
      try {
        const { worker } = await WorkerProcess.start(this.#options, this.#stopping.signal);
        this.#lastWorker = worker;
        this.#replaceOnExit(worker);
        this.#log('information', `Worker ${worker.pid} has taken over.`);
        return worker;
      } catch (error) {
        if (this.#stopping.signal.aborted) throw error;
        this.#countExit();
        this.#log('error', `A new worker failed to start: ${messageOf(error)}`);
      }
    }
    const message = 'Exceeded language worker restart retry count. The host recycles itself.';
    this.#log('critical', message);
    // What was in flight fails before the host ends, and what comes after that waits until the host is ending.
    await setImmediate();
    this.#options.exhausted();
    throw new Error(message);
  }

  #countExit(): number {
    const nowMs = performance.now();
    if (nowMs - this.#lastExitMs > EXITS_COUNT_MS) this.#exits = 0;
    this.#lastExitMs = nowMs;
    this.#exits += 1;
    return this.#exits;
  }

  #log(level: Parameters<Log>[0]['level'], message: string): void {
    this.#options.log({ level, category: 'Host.Worker', message });
  }
}
