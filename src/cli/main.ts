import { format } from 'node:util';
import { suggestion } from '../plan/problem.ts';
import { version } from '../run/run-context.ts';
import { EXIT_CODE, UsageError } from './command-context.ts';
import { compareCommand } from './compare-command.ts';
import { runCommand } from './run-command.ts';
import { print } from './terminal.ts';
import { validateCommand } from './validate-command.ts';

const USAGE = `mcp-surge ${version}: load tests for MCP servers

  mcp-surge run PLAN        run a plan in this process and write a report
      --out DIR             folder of the report (default: reports/<run id>)
      --force               replace a report that is already in the folder
      --baseline REPORT     report.json of an earlier run to compare with
      --require-data        with --baseline: fail if there is too little data to compare any operation
      --duration D          replace the duration of every scenario, e.g. 10s
      --target NAME=URL     replace the URL of a target, e.g. by a staging server's; may be repeated
      --token-url NAME=URL  replace the token URL of a target; may be repeated
      --allow ORIGIN        allow load on an origin; this machine is always allowed; may be repeated
      --allow-address CIDR  allow connections to an IP address or range; public addresses and this machine are always
                            allowed; may be repeated
      --allow-scope SCOPE   allow Microsoft Entra tokens for a scope; may be repeated
      --entra-login         request these tokens as whoever is signed in on this machine, e.g. with az login; without it,
                            SURGE_TARGET_CLIENT_ID names a managed identity
      --secret-origin NAME=ORIGIN
                            allow a secret to be sent to this origin and to no origin that is not listed for it; may be
                            repeated
  mcp-surge validate PLAN   check a plan, describe what it would do, and say whether run would accept it here, without
                            contacting anything; takes the options of run that replace or allow something
  mcp-surge compare BASELINE CURRENT
                            compare two report.json files: which operations fail more or less, which became slower or faster
      --metric M            latency to compare: p50, p95 or p99 (default: p95)
      --tolerance SHARE     ignore differences up to this share of the baseline (default: 0.1)
      --confidence LEVEL    confidence level of a difference (default: 0.95)
      --min-requests N      useful or unanswered requests that both runs must have (default: 100)
      --useful-tolerance SHARE
                            ignore changes of the share of useful requests up to this (default: 0.01)
      --require-data        fail if there is too little data to compare any operation

Exit codes: 0 pass or unjudged, 99 a threshold failed, or an operation fails more or became slower, 104 plan not valid or not
allowed, 105 stopped, 106 preflight failed, 107 verdict invalid, 108 stalled, 2 wrong command line, 1 any other error.
`;

const commands: Readonly<Record<string, (args: string[]) => Promise<number>>> = {
  run: runCommand,
  validate: validateCommand,
  compare: compareCommand,
};

// A reader that has seen enough, such as `| head`, is not an error: the command goes on, and its exit code counts.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

// What a run itself has to say may contain texts of a target too.
for (const method of ['warn', 'error'] as const) {
  console[method] = (...parts: unknown[]) => print(process.stderr, `${format(...parts)}\n`);
}

const [name = '', ...args] = process.argv.slice(2);
const known = Object.keys(commands);
const command = known.includes(name) ? commands[name] : undefined;
const isHelp =
  ['-h', '--help', 'help'].includes(name) || (command !== undefined && /^(-h|--help)$/.test(args[0] ?? ''));
if (command === undefined || isHelp) {
  const asked = name === '' || isHelp;
  if (asked) print(process.stdout, USAGE);
  else print(process.stderr, `mcp-surge: there is no command "${name}": ${suggestion(name, known)}\n\n${USAGE}`);
  process.exitCode = isHelp ? EXIT_CODE.pass : EXIT_CODE.usage;
} else {
  try {
    process.exitCode = await command(args);
  } catch (error) {
    const usage = usageProblem(error as Error);
    print(process.stderr, usage === undefined ? `${(error as Error).stack}\n` : `mcp-surge ${name}: ${usage}\n`);
    process.exitCode = usage === undefined ? EXIT_CODE.error : EXIT_CODE.usage;
  }
}

/** What is wrong with the command line; undefined for any other error. */
function usageProblem(error: Error & { readonly code?: string }): string | undefined {
  if (error instanceof UsageError) return error.message;
  if (error.code?.startsWith('ERR_PARSE_ARGS') !== true) return undefined;
  // For an unknown option, parseArgs also explains how to pass it as a positional argument, which is no help here.
  const [problem] = error.message.split('. To specify');
  return `${problem}. See mcp-surge --help for all options.`;
}
