import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { HistoryEvent } from '../durable/history-event.ts';
import type { OrchestrationStatus } from '../durable/orchestration-status.ts';
import type { Log } from '../log.ts';
import { signalIfRunning } from '../worker/worker-process.ts';
import type { FromHost, Questions, SentOptions, ToHost } from './host-protocol.ts';

/** A host in a process of its own, which can be killed and started again on its port and task hub. */
export type HostProcess = {
  /** `http://127.0.0.1:PORT`, also after a restart. */
  readonly url: string;
  readonly port: number;
  /** Process id of the host; of the last one while none runs. */
  pid(): number;
  workerPids(): Promise<readonly number[]>;
  /** See FunctionsHost. */
  freezeWorker(worker: number): Promise<boolean>;
  thawWorker(worker: number): Promise<void>;
  readonly durable: {
    rpcBaseUrl(): Promise<string>;
    status(instanceId: string): Promise<OrchestrationStatus | undefined>;
    history(instanceId: string): Promise<readonly HistoryEvent[] | undefined>;
    instances(): Promise<readonly OrchestrationStatus[]>;
  };
  /** Kills the process (SIGKILL), as when the machine of the host dies. Its workers end too. */
  kill(): Promise<void>;
  /**
   * Starts the host again after kill() or stop().
   * @throws Error when the host does not start
   */
  start(): Promise<void>;
  /** Ends the host in an orderly way. */
  stop(): Promise<void>;
};

type Waiting = PromiseWithResolvers<unknown>;

/**
 * Starts a host in a process of its own, which ends when this process ends. A host that recycles itself starts again in
 * the same process.
 * @throws Error when the host does not start; the message says why
 */
export async function startHostProcess(options: SentOptions, log: Log = () => undefined): Promise<HostProcess> {
  let { child, port } = await spawnHost(options, log);
  const questions = new Map<number, Waiting>();
  const frozen = new Set<number>();
  let asked = 0;

  const listen = () => {
    const current = child;
    current.on('message', (message: FromHost) => {
      if (message.kind !== 'answer') return;
      const waiting = questions.get(message.number);
      questions.delete(message.number);
      if (message.error === undefined) waiting?.resolve(message.value);
      else waiting?.reject(new Error(message.error));
    });
    current.once('exit', () => {
      for (const waiting of questions.values()) waiting.reject(new Error('The host has ended.'));
      questions.clear();
    });
  };
  const ask = async <Q extends keyof Questions>(
    question: Q,
    ...args: Parameters<Questions[Q]>
  ): Promise<Awaited<ReturnType<Questions[Q]>>> => {
    if (!child.connected) throw new Error('The host does not run. Start it again first.');
    const waiting: Waiting = Promise.withResolvers();
    const number = ++asked;
    questions.set(number, waiting);
    child.send({ kind: 'ask', number, question, args } satisfies ToHost, () => undefined);
    return (await waiting.promise) as Awaited<ReturnType<Questions[Q]>>;
  };
  listen();

  return {
    url: `http://127.0.0.1:${port}`,
    port,
    pid: () => child.pid ?? -1,
    workerPids: () => ask('workerPids'),
    async freezeWorker(worker) {
      const pid = (await ask('workerPids'))[worker];
      const isFrozen = await ask('freezeWorker', worker);
      if (isFrozen && pid !== undefined) frozen.add(pid);
      return isFrozen;
    },
    async thawWorker(worker) {
      frozen.delete((await ask('workerPids'))[worker] ?? 0);
      await ask('thawWorker', worker);
    },
    durable: {
      rpcBaseUrl: () => ask('rpcBaseUrl'),
      status: (instanceId) => ask('status', instanceId),
      history: (instanceId) => ask('history', instanceId),
      instances: () => ask('instances'),
    },
    async kill() {
      await endWith(child, 'SIGKILL');
      // A frozen worker does not see that its host has died.
      for (const pid of frozen) signalIfRunning(pid, 'SIGKILL');
      frozen.clear();
    },
    async start() {
      if (child.exitCode === null && child.signalCode === null)
        throw new Error('The host runs already. Stop it first.');
      ({ child } = await spawnHost({ ...options, port }, log));
      listen();
    },
    stop: () => endWith(child, 'SIGTERM'),
  };
}

async function endWith(child: ChildProcess, signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill(signal);
  await exited;
}

async function spawnHost(options: SentOptions, log: Log): Promise<{ child: ChildProcess; port: number }> {
  const child = spawn(process.execPath, [fileURLToPath(new URL('./host-main.ts', import.meta.url))], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    serialization: 'advanced',
  });
  const started = new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', () => reject(new Error('The host ended while it was starting.')));
    child.on('message', (message: FromHost) => {
      if (message.kind === 'started') resolve(message.port);
      else if (message.kind === 'failed') reject(new Error(message.message));
      else if (message.kind === 'log') log(message.line);
    });
  });
  child.send({ kind: 'start', options } satisfies ToHost);
  try {
    return { child, port: await started };
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  }
}
