import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { Fleet } from './fleet.ts';
import { type FleetFlags, writeFlags } from './fleet-options.ts';

const START_LIMIT_MS = 20_000;
/** The child is killed if it still runs this long after the request to stop. */
const STOP_LIMIT_MS = 5_000;

export type FleetProcess = {
  readonly servers: Fleet['servers'];
  readonly pid: number;
  /** Resolves when the child has exited. Safe to call twice. */
  stop(): Promise<void>;
};

/**
 * Starts the reference fleet as a child process, so that it does not share an event loop with the load generator.
 * Servers without a port take any free one. The child always exits when this process does, even if it is killed.
 *
 * @throws Error with the child's reason if it does not start, for example a port in use.
 */
export async function startFleetProcess(options: FleetFlags = {}): Promise<FleetProcess> {
  const child = fork(fileURLToPath(new URL('./main.ts', import.meta.url)), writeFlags(options), {
    execArgv: [],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const stop = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGTERM');
    const killTimer = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS);
    await exited;
    clearTimeout(killTimer);
  };
  try {
    return { servers: await waitUntilReady(child), pid: child.pid!, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

const server = z.object({ url: z.url(), statsUrl: z.url() });

/** The child's one message to its parent. */
const startMessage = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('ready'),
    servers: z.object({ learn: server, github: server, context7: server, ado: server.extend({ tokenUrl: z.url() }) }),
  }),
  z.object({ type: z.literal('failed'), message: z.string() }),
]);

async function waitUntilReady(child: ChildProcess): Promise<FleetProcess['servers']> {
  const settled = new AbortController();
  const signal = AbortSignal.any([settled.signal, AbortSignal.timeout(START_LIMIT_MS)]);
  try {
    const exit = once(child, 'exit', { signal }).then(([code]) => {
      throw new Error(`the reference fleet exited during its start, with exit code ${code}`);
    });
    const [message] = await Promise.race([once(child, 'message', { signal }), exit]);
    const parsed = startMessage.parse(message);
    if (parsed.type === 'failed') throw new Error(`the reference fleet did not start: ${parsed.message}`);
    return parsed.servers;
  } catch (error) {
    if (signal.aborted) throw new Error(`the reference fleet did not start within ${START_LIMIT_MS / 1000} s`);
    throw error;
  } finally {
    settled.abort();
  }
}
