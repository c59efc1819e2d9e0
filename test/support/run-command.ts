import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export type CommandResult = { readonly code: number | null; readonly stdout: string; readonly stderr: string };

const command = fileURLToPath(new URL('../../bin/mcp-surge.js', import.meta.url));

/** Secrets of the fleet, as the command line takes them. */
const secrets = {
  SURGE_SECRET_GITHUB_PAT: 'demo-github-token',
  SURGE_SECRET_CONTEXT7_API_KEY: 'demo-context7-key',
  SURGE_SECRET_ADO_CLIENT_SECRET: 'demo-ado-secret',
};

/** Runs `mcp-surge` as a person would; `during` may look at it, or send it a signal, while it runs. */
export async function runMcpSurge(
  args: readonly string[],
  options: {
    readonly cwd?: string;
    readonly env?: Record<string, string>;
    readonly during?: (child: ChildProcess) => void;
  } = {},
): Promise<CommandResult> {
  const child = spawn(process.execPath, [command, ...args], {
    cwd: options.cwd,
    env: { ...process.env, ...secrets, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 60_000,
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  options.during?.(child);
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, stdout, stderr };
}
