import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

/** The MCP project's server for trying clients; its argument is the transport. Its tool get-env must not be called. */
export const EVERYTHING = '@modelcontextprotocol/server-everything/dist/index.js';

const START_LIMIT_MS = 20_000;

const report = z.object({ port: z.int() });

/** A server from a package, in its own process. */
export type PackageServer = {
  /** Without a trailing slash. */
  readonly origin: string;
  stop(): Promise<void>;
};

/**
 * Starts a server as its package ships it, but on a free port of 127.0.0.1, whatever address it requests.
 * @param module its import specifier, e.g. `@modelcontextprotocol/server-everything/dist/index.js`
 * @throws with the server's output when it ends or does not listen in time
 */
export async function startPackageServer(module: string, args: readonly string[] = []): Promise<PackageServer> {
  const preload = new URL('./force-loopback.ts', import.meta.url);
  const child = fork(fileURLToPath(import.meta.resolve(module)), args, {
    execArgv: ['--import', preload.href],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  const printed: string[] = [];
  child.stderr?.setEncoding('utf8').on('data', (text: string) => printed.push(text));
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const stop = async () => {
    child.kill('SIGKILL');
    await exited;
  };
  try {
    return { origin: `http://127.0.0.1:${await portOf(child)}`, stop };
  } catch (error) {
    await stop();
    throw new Error(`${module} did not start: ${printed.join('').slice(-2000)}`, { cause: error });
  }
}

async function portOf(child: ChildProcess): Promise<number> {
  const settled = new AbortController();
  const signal = AbortSignal.any([settled.signal, AbortSignal.timeout(START_LIMIT_MS)]);
  try {
    const exit = once(child, 'exit', { signal }).then(([code]) => {
      throw new Error(`it ended with exit code ${code}`);
    });
    const [message] = await Promise.race([once(child, 'message', { signal }), exit]);
    return report.parse(message).port;
  } finally {
    settled.abort();
  }
}
