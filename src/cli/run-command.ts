import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { renderText } from '../report/text/text.ts';
import { createRun } from '../run/create-run.ts';
import { liveView } from '../run/live-view.ts';
import { readBeside } from '../run/read-beside.ts';
import type { RunContext } from '../run/run-context.ts';
import { readReport } from '../run/run-documents.ts';
import { runHere } from '../run/run-in-process.ts';
import { commandContext } from './command-context.ts';
import { EXIT_CODE } from './exit-code.ts';
import { readNamedUrls, readPlanFile } from './plan-file.ts';
import { progressLine } from './progress-line.ts';
import { readReportFile } from './read-report-file.ts';
import { showPlanProblems, showProblems } from './show-problems.ts';
import { statusLine } from './status-line.ts';
import { UsageError } from './usage-error.ts';
import { writeReportFiles } from './write-report.ts';

const SHOW_INTERVAL_MS = 500;

const FLAGS_HINT =
  'On the command line, --allow ORIGIN does what SURGE_ALLOWED_ORIGINS does, --allow-address CIDR what ' +
  'SURGE_ALLOWED_ADDRESSES does.\n';

/** `mcp-surge run PLAN`: the same slices as in Azure, in one process with the in-memory store. */
export async function runCommand(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      out: { type: 'string' },
      baseline: { type: 'string' },
      duration: { type: 'string' },
      target: { type: 'string', multiple: true, default: [] },
      'token-url': { type: 'string', multiple: true, default: [] },
      allow: { type: 'string', multiple: true, default: [] },
      'allow-address': { type: 'string', multiple: true, default: [] },
    },
  });
  const [file] = positionals;
  if (file === undefined || positionals.length > 1) throw new UsageError('expected one plan: mcp-surge run PLAN');
  const text = readPlanFile(file, {
    targets: readNamedUrls('--target', values.target),
    tokenUrls: readNamedUrls('--token-url', values['token-url']),
    ...(values.duration === undefined ? {} : { duration: values.duration }),
  });
  const context = commandContext({ origins: values.allow, addresses: values['allow-address'] });
  const baseline = values.baseline === undefined ? {} : { baseline: readReportFile(values.baseline) };
  const beside = readBeside(dirname(file));
  const created = await createRun(context, { text, readFile: beside, trigger: 'command', ...baseline });
  switch (created.outcome) {
    case 'invalid':
      process.stderr.write(showPlanProblems(file, created.problems));
      return EXIT_CODE.invalidPlan;
    case 'not-allowed':
      process.stderr.write(showProblems(`${file} may not run here:`, created.problems));
      process.stderr.write(FLAGS_HINT);
      return EXIT_CODE.invalidPlan;
    case 'key-taken':
      throw new Error('A command sends no idempotency key.');
    default:
      return carryThrough(context, created.record.runId, values.out);
  }
}

async function carryThrough(context: RunContext, runId: string, out: string | undefined): Promise<number> {
  const { store } = context;
  const stop = () => {
    process.stderr.write('\nStopping; once more to end at once.\n');
    process.once('SIGINT', () => process.exit(EXIT_CODE.stopped));
    void store.updateRun(runId, { stopRequested: true });
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  const line = statusLine(process.stderr);
  const showing = setInterval(() => void show(context, runId, line.show), SHOW_INTERVAL_MS);
  const problems = await runHere(context, runId).finally(() => {
    clearInterval(showing);
    line.end();
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
  });
  if (problems.length > 0) {
    process.stderr.write(showProblems('Preflight found no way to run this plan; no load was made:', problems));
    return EXIT_CODE.preflightFailed;
  }
  const report = await readReport(store, runId);
  if (report === undefined) throw new Error(`Run ${runId} ended without a report.`);
  process.stdout.write(renderText(report, { colour: process.stdout.isTTY, width: process.stdout.columns ?? 100 }));
  process.stdout.write(`\n${writeReportFiles(report, out ?? join('reports', runId))}`);
  return EXIT_CODE[report.verdict.status];
}

async function show({ store, clock }: RunContext, runId: string, print: (text: string) => void): Promise<void> {
  const record = await store.getRun(runId);
  if (record?.schedule === undefined) return;
  const elapsedSeconds = (clock.now() - record.schedule.startAtMs) / 1000;
  print(progressLine(elapsedSeconds, liveView(await store.listProgress(runId), elapsedSeconds)));
}
