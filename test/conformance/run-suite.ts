import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The suite's own limit for one client, from its start. */
const CLIENT_TIMEOUT_MS = 60_000;
/** Limit for a whole run, which takes seconds on an idle machine. */
const RUN_TIMEOUT_MS = 120_000;

export type SuiteRun = {
  /** Undefined when the run took too long and was ended. */
  readonly exitCode: number | undefined;
  readonly output: string;
};

const PACKAGE = fileURLToPath(import.meta.resolve('@modelcontextprotocol/conformance/package.json'));

/** The installed suite: its version, and the file to run. */
export const SUITE = {
  version: JSON.parse(readFileSync(PACKAGE, 'utf8')).version as string,
  file: join(dirname(PACKAGE), 'dist/index.js'),
} as const;

/**
 * Runs the suite against client.ts. Its results are written to a folder. All processes that it started have ended
 * afterwards.
 * @param args the suite's options, which select scenarios
 * @param folder must exist; the suite's own output is written there too
 */
export async function runSuite(args: readonly string[], folder: string): Promise<SuiteRun> {
  const log = join(folder, 'suite.log');
  const output = openSync(log, 'w');
  // `exec` replaces the shell that the suite starts, so that the client gets the suite's signals.
  const command = `exec ${quoted(process.execPath)} ${quoted(fileURLToPath(import.meta.resolve('./client.ts')))}`;
  const options = ['--command', command, '--timeout', `${CLIENT_TIMEOUT_MS}`, '-o', folder, ...args];
  const suite = spawn(process.execPath, [SUITE.file, 'client', ...options], {
    // Its own process group, so that its clients can be ended with it.
    detached: true,
    stdio: ['ignore', output, output],
    env: clientEnvironment(folder),
  });
  closeSync(output);
  const stop = () => endGroup(suite);
  const timer = setTimeout(stop, RUN_TIMEOUT_MS);
  process.prependOnceListener('exit', stop);
  try {
    const exitCode = await new Promise<number | undefined>((resolve, reject) => {
      suite.once('error', reject);
      suite.once('exit', (code) => resolve(code ?? undefined));
    });
    return { exitCode, output: readFileSync(log, 'utf8') };
  } finally {
    clearTimeout(timer);
    process.off('exit', stop);
    stop();
  }
}

/** Without the variables of an outer run. Only some scenarios set a context; the others would use the outer one. */
function clientEnvironment(folder: string): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith('MCP_CONFORMANCE_'));
  // Dozens of clients start at once and load the same modules.
  return { ...Object.fromEntries(own), NODE_COMPILE_CACHE: join(dirname(folder), 'compile-cache') };
}

function endGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // The whole group has ended.
  }
}

/** The suite runs the command in a shell. */
function quoted(path: string): string {
  return `'${path.replaceAll("'", "'\\''")}'`;
}
