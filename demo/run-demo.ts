import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { serverNames, standardPorts } from '../fleet/servers.ts';
import { EXIT_CODE, showPlanProblems, showProblems } from '../src/cli/command-context.ts';
import { showReport } from '../src/cli/run-command.ts';
import { progressLine, startingLine, statusLine } from '../src/cli/terminal.ts';
import { type PlanProblem, type Problem, problemText } from '../src/plan/problem.ts';
import { hasEnded } from '../src/run/run-documents.ts';
import { type LocalStack, startLocalStack } from './local-stack.ts';
import { ApiError, getReport, getRun, postRun, type RunStatus } from './runs-api.ts';
import { addressLine, interruption, print, serverLines } from './terminal.ts';

/** Not shorter: each poll takes CPU time from the load generator on the same computer. */
const POLL_MS = 1000;

const PLAN_FILE = 'plans/demo.yaml';

const interrupted = interruption();

print('mcp-surge demo: half a minute of load on four MCP servers. Everything runs on this computer.');
print('Starting the servers, and the app in a local Functions host ...\n');
try {
  const stack = await startLocalStack();
  const stopped = once(interrupted, 'abort').then(() => EXIT_CODE.stopped);
  try {
    process.exitCode = interrupted.aborted ? EXIT_CODE.stopped : await Promise.race([runDemo(stack), stopped]);
  } finally {
    if (interrupted.aborted) print('\nStopping the servers and the host.');
    await stack.stop();
  }
} catch (error) {
  process.stderr.write(`${(error as Error).stack}\n`);
  process.exitCode = EXIT_CODE.error;
}
// After an interruption a poll can still be in progress.
process.exit();

/** Runs the demo's plan through the HTTP API and prints the report. Returns the exit code. */
async function runDemo({ host, servers }: LocalStack): Promise<number> {
  print(serverLines(servers));
  const api = `${host.url}/api`;
  let id: string;
  try {
    ({ id } = await postRun(api, aimAt(readFileSync(PLAN_FILE, 'utf8'), servers)));
  } catch (error) {
    if (!(error instanceof ApiError) || error.status >= 500) throw error;
    const planProblems = error.problems.filter(isPlanProblem);
    process.stderr.write(
      planProblems.length > 0
        ? showPlanProblems(PLAN_FILE, planProblems)
        : showProblems(error.message, error.problems.map(problemText)),
    );
    return EXIT_CODE.invalidPlan;
  }
  print(`${addressLine('run', `${api}/runs/${id}`)}\n`);
  const status = await follow(api, id);
  if (status.state !== 'done') {
    const title = status.state === 'refused' ? 'Preflight failed: no load was sent.' : 'The run failed:';
    process.stderr.write(showProblems(title, (status.problems ?? []).map(problemText)));
    return status.state === 'refused' ? EXIT_CODE.preflightFailed : EXIT_CODE.error;
  }
  const report = await getReport(api, id);
  process.stdout.write('\n');
  return showReport(report, join('reports', id));
}

/** Replaces the fleet's standard addresses in a plan with the addresses of these servers. */
function aimAt(text: string, servers: LocalStack['servers']): string {
  for (const name of serverNames) {
    const { url, tokenUrl } = servers[name];
    const standard = `http://127.0.0.1:${standardPorts[name]}`;
    text = text.replaceAll(`${standard}/mcp`, url);
    if (tokenUrl !== undefined) text = text.replaceAll(`${standard}/token`, tokenUrl);
  }
  return text;
}

/** Whether a problem has a position in the plan's file. */
function isPlanProblem(problem: Problem): problem is PlanProblem {
  return problem.line !== undefined;
}

function statusText({ state, startsInSeconds, elapsedSeconds, live }: RunStatus): string {
  if (startsInSeconds !== undefined) return startingLine(startsInSeconds);
  return elapsedSeconds === undefined ? state : progressLine(elapsedSeconds, live);
}

/** Shows the progress of a run until it ends. */
async function follow(api: string, id: string): Promise<RunStatus> {
  const line = statusLine(process.stdout);
  for (;;) {
    const status = await getRun(api, id);
    line.show(statusText(status));
    if (hasEnded(status)) {
      line.end();
      return status;
    }
    await delay(POLL_MS);
  }
}
