import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { serverNames, standardPorts } from '../fleet/servers.ts';
import { EXIT_CODE, showPlanProblems, showProblems } from '../src/cli/command-context.ts';
import { progressLine, statusLine, writeReportFiles } from '../src/cli/run-command.ts';
import type { PlanProblem } from '../src/plan/problem.ts';
import { renderText } from '../src/report/text/text.ts';
import { hasEnded } from '../src/run/run-documents.ts';
import { interrupted } from './interrupted.ts';
import { type LocalStack, startLocalStack } from './local-stack.ts';
import { ApiError, getReport, getRun, postRun, type RunStatus } from './runs-api.ts';

/** Often enough to watch; each look costs the machine that is being measured a little. */
const POLL_MS = 1000;

const planFile = 'plans/demo.yaml';

const print = (text: string) => process.stdout.write(`${text}\n`);
const ending = interrupted();

print('mcp-surge demo: four MCP servers, the app in its local Functions host, and half a minute of agents');
try {
  const stack = await startLocalStack();
  const asked = once(ending, 'abort').then(() => EXIT_CODE.stopped);
  try {
    process.exitCode = ending.aborted ? EXIT_CODE.stopped : await Promise.race([runDemo(stack), asked]);
  } finally {
    if (ending.aborted) print('\nStopping everything.');
    await stack.stop();
  }
} catch (error) {
  process.stderr.write(`${(error as Error).stack}\n`);
  process.exitCode = EXIT_CODE.error;
}
// A poll may still be under way when the demo was interrupted.
process.exit();

async function runDemo({ host, servers }: LocalStack): Promise<number> {
  for (const [name, { url }] of Object.entries(servers)) print(`  ${name.padEnd(9)} ${url}`);
  const api = `${host.url}/api`;
  let id: string;
  try {
    ({ id } = await postRun(api, aimAt(readFileSync(planFile, 'utf8'), servers)));
  } catch (error) {
    if (!(error instanceof ApiError) || error.status >= 500) throw error;
    const places = error.problems.filter(isPlanProblem);
    process.stderr.write(
      places.length > 0 ? showPlanProblems(planFile, places) : showProblems(error.message, error.problems.map(String)),
    );
    return EXIT_CODE.invalidPlan;
  }
  print(`  run       ${api}/runs/${id}\n`);
  const status = await follow(api, id);
  if (status.state !== 'done') {
    process.stderr.write(showProblems(`The run is ${status.state}:`, status.problems ?? []));
    return status.state === 'refused' ? EXIT_CODE.preflightFailed : EXIT_CODE.error;
  }
  const report = await getReport(api, id);
  process.stdout.write(renderText(report, { colour: process.stdout.isTTY, width: process.stdout.columns ?? 100 }));
  process.stdout.write(`\n${writeReportFiles(report, join('reports', id))}`);
  return EXIT_CODE[report.verdict.status];
}

/** Turns the addresses of the standard fleet into those of this one; whatever else a plan aims at stays. */
function aimAt(text: string, servers: LocalStack['servers']): string {
  for (const name of serverNames) {
    const { url, tokenUrl } = servers[name];
    const standard = `http://127.0.0.1:${standardPorts[name]}`;
    text = text.replaceAll(`${standard}/mcp`, url);
    if (tokenUrl !== undefined) text = text.replaceAll(`${standard}/token`, tokenUrl);
  }
  return text;
}

function isPlanProblem(problem: unknown): problem is PlanProblem {
  return typeof problem === 'object' && problem !== null && 'line' in problem;
}

async function follow(api: string, id: string): Promise<RunStatus> {
  const line = statusLine(process.stdout);
  for (;;) {
    const status = await getRun(api, id);
    line.show(status.elapsedSeconds === undefined ? status.state : progressLine(status.elapsedSeconds, status.live));
    if (hasEnded(status)) {
      line.end();
      return status;
    }
    await delay(POLL_MS);
  }
}
