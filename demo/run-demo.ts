import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { EXIT_CODE } from '../src/cli/exit-code.ts';
import { progressLine } from '../src/cli/progress-line.ts';
import { getReport, getRun, postRun, type RunStatus } from '../src/cli/runs-api.ts';
import { showProblems } from '../src/cli/show-problems.ts';
import { statusLine } from '../src/cli/status-line.ts';
import { writeReportFiles } from '../src/cli/write-report.ts';
import { overridePlan } from '../src/plan/override-plan.ts';
import { renderText } from '../src/report/text.ts';
import { hasEnded } from '../src/run/has-ended.ts';
import { interrupted } from './interrupted.ts';
import { type LocalStack, startLocalStack } from './local-stack.ts';

/** Often enough to watch; each look costs the machine that is being measured a little. */
const POLL_MS = 1000;

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
  const urls = Object.fromEntries(Object.entries(servers).map(([name, { url }]) => [name, url]));
  const plan = readFileSync(new URL('../plans/demo.yaml', import.meta.url), 'utf8');
  const { id } = await postRun(
    api,
    overridePlan(plan, { targets: urls, tokenUrls: { ado: servers.ado.tokenUrl as string } }),
  );
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
