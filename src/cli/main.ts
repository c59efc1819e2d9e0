import { version } from '../run/run-context.ts';
import { EXIT_CODE, UsageError } from './command-context.ts';
import { compareCommand } from './compare-command.ts';
import { runCommand } from './run-command.ts';
import { validateCommand } from './validate-command.ts';

const USAGE = `mcp-surge ${version}: load tests for MCP servers

  mcp-surge run PLAN        run a plan in this process and report
      --out DIR             where the report goes (default: reports/<run id>)
      --baseline REPORT     a report.json of an earlier run to compare with
      --duration D          another duration for every scenario, e.g. 10s
      --target NAME=URL     another URL for a target, e.g. of a staging server; may be repeated
      --token-url NAME=URL  another token URL for a target; may be repeated
      --allow ORIGIN        an origin that may be load-tested, besides this machine; may be repeated
      --allow-address CIDR  an IP address or range that may be connected to, besides public ones and this machine;
                            may be repeated
  mcp-surge validate PLAN   check a plan and say how it would run
  mcp-surge compare BASELINE CURRENT
                            say of each operation whether it became slower from one report.json to the other
      --metric M            p50, p95 or p99 of its latency (default: p95)
      --tolerance SHARE     differences up to this share of the baseline are none (default: 0.1)
      --confidence LEVEL    how sure a difference must be (default: 0.95)
      --min-requests N      useful requests that both runs must have (default: 100)

Exit codes: 0 pass, 99 thresholds failed or an operation became slower, 104 invalid or refused plan, 105 stopped,
106 preflight failed, 107 verdict invalid, 2 wrong command line, 1 any other error.
`;

const commands: Readonly<Record<string, (args: string[]) => Promise<number>>> = {
  run: runCommand,
  validate: validateCommand,
  compare: compareCommand,
};

// A reader that has seen enough, as `| head`, is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});

const [name = '', ...args] = process.argv.slice(2);
const command = commands[name];
if (command === undefined) {
  const asked = ['', '-h', '--help', 'help'].includes(name);
  if (asked) process.stdout.write(USAGE);
  else process.stderr.write(`mcp-surge: there is no command "${name}".\n\n${USAGE}`);
  process.exitCode = name === '' || !asked ? EXIT_CODE.usage : EXIT_CODE.pass;
} else {
  try {
    process.exitCode = await command(args);
  } catch (error) {
    const usage =
      error instanceof UsageError || (error as { code?: string }).code?.startsWith('ERR_PARSE_ARGS') === true;
    process.stderr.write(usage ? `mcp-surge ${name}: ${(error as Error).message}\n` : `${(error as Error).stack}\n`);
    process.exitCode = usage ? EXIT_CODE.usage : EXIT_CODE.error;
  }
}
