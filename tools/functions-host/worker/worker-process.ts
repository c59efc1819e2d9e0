import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { Log } from '../log.ts';
import type { FunctionTimeout } from '../settings.ts';
import {
  type FromWorker,
  failureMessage,
  type Invocation,
  type InvocationFailure,
  type InvocationOutcome,
  type RegisteredFunction,
  type ThrownError,
  type ToWorker,
} from './worker-protocol.ts';

export type WorkerOptions = {
  readonly appRoot: string;
  readonly entry: string;
  readonly env: Readonly<Record<string, string>>;
  readonly log: Log;
};

type LoadedWorker = {
  readonly worker: WorkerProcess;
  readonly functions: readonly RegisteredFunction[];
};

const LOAD_LIMIT_MS = 60_000;
const DRAIN_LIMIT_MS = 500;
const KEPT_STDERR_LINES = 40;
const SIGNAL_EXIT_BASE = 128;
const signalNumbers: Readonly<Record<string, number>> = { SIGABRT: 6, SIGKILL: 9, SIGSEGV: 11, SIGTERM: 15, SIGINT: 2 };

/** One language worker: a child process that has loaded the app, and the invocations in flight on it. */
export class WorkerProcess {
  readonly #child: ChildProcess;
  readonly #log: Log;
  readonly #inFlight = new Map<string, (outcome: InvocationOutcome) => void>();
  readonly #lastStderr: string[] = [];
  readonly #exited = Promise.withResolvers<InvocationFailure>();
  readonly #loaded = Promise.withResolvers<readonly RegisteredFunction[]>();
  readonly #terminated = Promise.withResolvers<void>();
  #loadError: ThrownError | undefined;
  #hasExited = false;
  #timedOut: { readonly invocationId: string; readonly failure: InvocationFailure } | undefined;

  private constructor(options: WorkerOptions) {
    this.#log = options.log;
    this.#child = spawn(process.execPath, [fileURLToPath(new URL('./worker-main.ts', import.meta.url))], {
      cwd: options.appRoot,
      env: options.env,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      serialization: 'advanced',
    });
    this.#loaded.promise.catch(() => undefined);
    this.#watch();
    this.#send({ kind: 'load', appRoot: options.appRoot, entry: options.entry });
  }

  /**
   * Starts a worker and waits until it has loaded the app. Rejects with the app's own error and its stack, or when
   * `cancel` fires first. No process is left running when it rejects.
   */
  static async start(options: WorkerOptions, cancel?: AbortSignal): Promise<LoadedWorker> {
    const worker = new WorkerProcess(options);
    const giveUp = () => worker.kill();
    const limit = setTimeout(() => {
      worker.#loadError = { message: `it did not finish within ${LOAD_LIMIT_MS / 1_000} s.`, stack: '' };
      giveUp();
    }, LOAD_LIMIT_MS);
    cancel?.addEventListener('abort', giveUp);
    try {
      return { worker, functions: await worker.#loaded.promise };
    } finally {
      cancel?.removeEventListener('abort', giveUp);
      clearTimeout(limit);
    }
  }

  get pid(): number {
    return this.#child.pid ?? -1;
  }

  /** Resolves when the process has exited and its last output has been read. */
  get exited(): Promise<InvocationFailure> {
    return this.#exited.promise;
  }

  /** Runs one function. Never rejects: a dead worker and a timeout are outcomes too. */
  invoke(invocation: Invocation, timeout: FunctionTimeout): Promise<InvocationOutcome> {
    if (this.#hasExited) return this.exited.then((failure) => ({ ok: false, failure }));
    const { promise, resolve } = Promise.withResolvers<InvocationOutcome>();
    const limit = timeout.ms > 0 ? setTimeout(() => this.#timeOut(invocation, timeout.text), timeout.ms) : undefined;
    this.#inFlight.set(invocation.invocationId, (outcome) => {
      clearTimeout(limit);
      this.#inFlight.delete(invocation.invocationId);
      resolve(outcome);
    });
    this.#send({ kind: 'invoke', invocation });
    return promise;
  }

  /** Ends the worker: its appTerminate hooks get at most `graceMs`, then the process is killed. */
  async terminate(graceMs: number): Promise<void> {
    this.#send({ kind: 'terminate' });
    const limit = Promise.withResolvers<void>();
    const timer = setTimeout(() => limit.resolve(), graceMs);
    await Promise.race([this.#terminated.promise, this.exited, limit.promise]);
    clearTimeout(timer);
    this.kill();
    await this.exited;
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  #send(message: ToWorker): void {
    // An error here means that the worker is dying. Its exit settles all invocations in flight.
    this.#child.send(message, () => undefined);
  }

  #timeOut(invocation: Invocation, timeout: string): void {
    // The first timeout kills the worker. The other invocations fail because the worker exits, not by their own limits.
    // All fail when the process has exited, so that nothing that follows from it is sent to the dying worker.
    if (this.#timedOut !== undefined) return;
    const { functionName, invocationId } = invocation;
    const failure: InvocationFailure = { kind: 'timedOut', functionName, timeout };
    this.#timedOut = { invocationId, failure };
    this.#log({ level: 'error', category: 'Host.Worker', message: failureMessage(failure), functionName });
    this.kill();
  }

  #watch(): void {
    const child = this.#child;
    child.on('message', (message: FromWorker) => this.#receive(message));
    this.#readLines(child.stdout, 'information');
    this.#readLines(child.stderr, 'error', (line) => {
      this.#lastStderr.push(line);
      this.#lastStderr.splice(0, this.#lastStderr.length - KEPT_STDERR_LINES);
    });
    child.on('error', (error) => this.#settleExit({ kind: 'workerExited', exitCode: 1, pid: this.pid }, error.message));
    const ended = (code: number | null, signal: NodeJS.Signals | null) => {
      const exitCode = code ?? SIGNAL_EXIT_BASE + (signalNumbers[signal ?? ''] ?? 0);
      this.#settleExit({ kind: 'workerExited', exitCode, pid: this.pid }, this.#lastStderr.join('\n'));
    };
    // 'close' comes after the pipes and the channel are drained, so no output of the worker is lost.
    child.on('close', ended);
    // A process that the app started may keep the pipes open after the worker has exited.
    child.on('exit', (code, signal) => setTimeout(() => ended(code, signal), DRAIN_LIMIT_MS).unref());
  }

  #settleExit(failure: InvocationFailure, details: string): void {
    if (this.#hasExited) return;
    this.#hasExited = true;
    this.#child.stdout?.destroy();
    this.#child.stderr?.destroy();
    const why = this.#loadError?.message ?? failureMessage(failure);
    this.#loaded.reject(
      new Error(`The function app failed to load: ${why}\n${details.trim() || (this.#loadError?.stack ?? '')}`.trim(), {
        cause: this.#loadError ?? failure,
      }),
    );
    // Before the invocations are settled, so that an invocation made in response goes to the next worker.
    this.#exited.resolve(failure);
    for (const [invocationId, settle] of [...this.#inFlight]) {
      const isTimedOut = invocationId === this.#timedOut?.invocationId;
      settle({ ok: false, failure: isTimedOut ? this.#timedOut!.failure : failure });
    }
  }

  #receive(message: FromWorker): void {
    switch (message.kind) {
      case 'loaded':
        this.#loaded.resolve(message.functions);
        break;
      case 'loadFailed':
        this.#loadError = message.error;
        // The error ends the process, unless the app has its own handler for uncaught errors.
        setTimeout(() => this.kill(), DRAIN_LIMIT_MS).unref();
        break;
      case 'returned':
        this.#inFlight.get(message.invocationId)?.({ ok: true, value: message.value });
        break;
      case 'threw':
        this.#inFlight.get(message.invocationId)?.({ ok: false, failure: { kind: 'threw', error: message.error } });
        break;
      case 'terminated':
        this.#terminated.resolve();
        break;
      case 'log':
        this.#forwardLog(message);
        break;
    }
  }

  #forwardLog({ level, category: source, message, functionName }: Extract<FromWorker, { kind: 'log' }>): void {
    const own = functionName === undefined ? 'Worker' : `Function.${functionName}`;
    const category = source === 'user' && functionName !== undefined ? `${own}.User` : own;
    this.#log({ level, category, message, ...(functionName === undefined ? {} : { functionName }) });
  }

  #readLines(stream: Readable | null, level: 'information' | 'error', also?: (line: string) => void): void {
    if (stream === null) return;
    createInterface({ input: stream }).on('line', (line) => {
      also?.(line);
      this.#log({ level, category: 'Worker.Console', message: line });
    });
  }
}

/** Sends a signal to a worker's process. Returns false when it does not run. */
export function signalIfRunning(pid: number, signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): boolean {
  // Zero and negative numbers stand for groups of processes.
  if (pid <= 0) return false;
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}
