import type { LocalStack } from './local-stack.ts';

/** Interval of the check whether the parent process still runs. */
const PARENT_CHECK_MS = 500;

/**
 * A signal that aborts when the script must end: on Ctrl-C, SIGTERM or SIGHUP, or when its parent process exits. The
 * parent counts because npm starts a script through a shell, and the shell does not pass signals on.
 */
export function interruption(): AbortSignal {
  const controller = new AbortController();
  const abort = () => controller.abort();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, abort);
  const parent = process.ppid;
  const check = setInterval(() => {
    if (process.ppid !== parent) abort();
  }, PARENT_CHECK_MS);
  check.unref();
  return controller.signal;
}

export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** One line per server of the fleet: its name and its MCP address. */
export function serverLines(servers: LocalStack['servers']): string {
  return Object.entries(servers)
    .map(([name, { url }]) => addressLine(name, url))
    .join('\n');
}

/** A line of a list of addresses. */
export function addressLine(name: string, url: string): string {
  return `  ${name.padEnd(9)} ${url}`;
}
