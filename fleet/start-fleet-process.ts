import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { Fleet } from './fleet.ts';
import type { FleetOptions } from './fleet-options.ts';

const startLimitMs = 20_000;
const stopLimitMs = 5_000;

const server = z.object({ url: z.url(), statsUrl: z.url() });
const report = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('ready'),
    servers: z.object({ learn: server, github: server, context7: server, ado: server.extend({ tokenUrl: z.url() }) }),
  }),
  z.object({ type: z.literal('failed'), message: z.string() }),
]);

/** What the child can be told on its command line. It accepts the default secrets of the fleet. */
export type FleetProcessOptions = Omit<FleetOptions, 'secrets' | 'nowMs'>;

export interface FleetProcess {
  readonly servers: Fleet['servers'];
  readonly pid: number;
  /** Resolves when the child is gone. Safe to call twice. */
  stop(): Promise<void>;
}

/**
 * Starts the reference fleet as a process of its own, so that it does not share a core's event loop with what measures
 * it. Servers without a port take any free one. The child ends when this process does, however that happens.
 *
 * @throws Error with the child's reason when it does not start, for example a port that is taken.
 */
export async function startFleetProcess(options: FleetProcessOptions = {}): Promise<FleetProcess> {
  const child = fork(fileURLToPath(new URL('./main.ts', import.meta.url)), commandLine(options), {
    execArgv: [],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const stop = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGTERM');
    const impatience = setTimeout(() => child.kill('SIGKILL'), stopLimitMs);
    await exited;
    clearTimeout(impatience);
  };
  try {
    return { servers: await servers(child), pid: child.pid!, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function servers(child: ChildProcess): Promise<FleetProcess['servers']> {
  const settled = new AbortController();
  const signal = AbortSignal.any([settled.signal, AbortSignal.timeout(startLimitMs)]);
  try {
    const exit = once(child, 'exit', { signal }).then(([code]) => {
      throw new Error(`the reference fleet ended while starting, with exit code ${code}`);
    });
    const [message] = await Promise.race([once(child, 'message', { signal }), exit]);
    const reported = report.parse(message);
    if (reported.type === 'failed') throw new Error(`the reference fleet did not start: ${reported.message}`);
    return reported.servers;
  } catch (error) {
    if (signal.aborted) throw new Error(`the reference fleet did not start within ${startLimitMs / 1000} s`);
    throw error;
  } finally {
    settled.abort();
  }
}

function commandLine({
  seed,
  ports = {},
  latencyScale,
  tokenLifetimeSeconds,
  searchCodeFailureRate,
}: FleetProcessOptions): string[] {
  const values = {
    learn: ports.learn ?? 0,
    github: ports.github ?? 0,
    context7: ports.context7 ?? 0,
    ado: ports.ado ?? 0,
    seed,
    'latency-scale': latencyScale,
    'token-lifetime': tokenLifetimeSeconds,
    'search-code-failure-rate': searchCodeFailureRate,
  };
  return Object.entries(values)
    .filter(([, value]) => value !== undefined)
    .map(([flag, value]) => `--${flag}=${value}`);
}
