import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { refusalSentence } from '../plan/policy.ts';
import { problemText } from '../plan/problem.ts';
import { renderReport, reportFormats } from '../report/render-report.ts';
import type { Report } from '../report/report.ts';
import { renderText } from '../report/text/text.ts';
import { createRun } from '../run/create-run.ts';
import type { RunContext } from '../run/run-context.ts';
import { readReport } from '../run/run-documents.ts';
import { relativeFileReader, runInProcess } from '../run/run-in-process.ts';
import { liveView } from '../run/run-view.ts';
import {
  commandContext,
  EXIT_CODE,
  readPlanFile,
  showPlanProblems,
  showProblems,
  UsageError,
} from './command-context.ts';
import { readReportFile } from './compare-command.ts';
import { progressLine, statusLine, terminalOptions } from './terminal.ts';

/** `mcp-surge run PLAN`: runs the slices that Azure would run, in one process with a store in memory. */
export async function runCommand(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      out: { type: 'string' },
      baseline: { type: 'string' },
      'require-data': { type: 'boolean' },
      duration: { type: 'string' },
      target: { type: 'string', multiple: true, default: [] },
      'token-url': { type: 'string', multiple: true, default: [] },
      allow: { type: 'string', multiple: true, default: [] },
      'allow-address': { type: 'string', multiple: true, default: [] },
      'allow-scope': { type: 'string', multiple: true, default: [] },
      'secret-origin': { type: 'string', multiple: true, default: [] },
      'entra-login': { type: 'boolean', default: false },
    },
  });
  const [file] = positionals;
  if (file === undefined || positionals.length > 1) throw new UsageError('expected one plan: mcp-surge run PLAN');
  const requireData = values['require-data'] ?? false;
  if (requireData && values.baseline === undefined) {
    throw new UsageError('--require-data needs --baseline REPORT: without it, nothing is compared.');
  }
  const text = readPlanFile(file, {
    targets: readNamedUrls('--target', values.target),
    tokenUrls: readNamedUrls('--token-url', values['token-url']),
    ...(values.duration === undefined ? {} : { duration: values.duration }),
  });
  const context = commandContext({
    origins: values.allow,
    addresses: values['allow-address'],
    scopes: values['allow-scope'],
    secretOrigins: values['secret-origin'],
    entraLogin: values['entra-login'],
  });
  const baseline = values.baseline === undefined ? {} : { baseline: readReportFile(values.baseline) };
  const readFile = relativeFileReader(dirname(file));
  const created = await createRun(context, { text, readFile, trigger: 'command', requireData, ...baseline });
  switch (created.outcome) {
    case 'invalid':
      process.stderr.write(showPlanProblems(file, created.problems));
      return EXIT_CODE.invalidPlan;
    case 'not-allowed': {
      const problems = created.refusals.map((refusal) => refusalSentence(refusal, context.policy));
      process.stderr.write(showProblems(`${file} is not allowed to run here:`, problems));
      return EXIT_CODE.invalidPlan;
    }
    case 'created':
    case 'repeated':
      return runAndReport(context, created.record.runId, values.out);
    default:
      throw new Error(`A command must not end as ${created.outcome}: it has no idempotency key and no other runs.`);
  }
}

/** Reads the values of an option that takes NAME=URL. @throws UsageError naming the option */
function readNamedUrls(option: string, values: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    values.map((value) => {
      const at = value.indexOf('=');
      if (at < 1) throw new UsageError(`${option} takes NAME=URL, got "${value}".`);
      return [value.slice(0, at), value.slice(at + 1)];
    }),
  );
}

const SHOW_INTERVAL_MS = 500;

/** Runs a created run to its end, shows its progress, and prints and writes its report. */
async function runAndReport(context: RunContext, runId: string, out: string | undefined): Promise<number> {
  const { store } = context;
  const stop = () => {
    process.stderr.write('\nStopping. Press Ctrl-C again to quit immediately.\n');
    process.once('SIGINT', () => process.exit(EXIT_CODE.stopped));
    void store.updateRun(runId, { stopRequested: true });
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  const line = statusLine(process.stderr);
  const showing = setInterval(() => void showProgress(context, runId, line.show), SHOW_INTERVAL_MS);
  const problems = await runInProcess(context, runId, (warnings) => {
    if (warnings.length > 0) process.stderr.write(showProblems('Preflight warnings:', warnings));
  }).finally(() => {
    clearInterval(showing);
    line.end();
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
  });
  if (problems.length > 0) {
    process.stderr.write(showProblems('Preflight failed: no load was sent.', problems.map(problemText)));
    return EXIT_CODE.preflightFailed;
  }
  const report = await readReport(store, runId);
  if (report === undefined) throw new Error(`Run ${runId} ended without a report.`);
  process.stdout.write(renderText(report, terminalOptions(process.stdout)));
  process.stdout.write(`\n${writeReportFiles(report, out ?? join('reports', runId))}`);
  return EXIT_CODE[report.verdict.status];
}

async function showProgress({ store, clock }: RunContext, runId: string, show: (text: string) => void): Promise<void> {
  const record = await store.getRun(runId);
  if (record?.schedule === undefined) return;
  const elapsedSeconds = (clock.now() - record.schedule.startAtMs) / 1000;
  show(progressLine(elapsedSeconds, liveView(await store.listProgress(runId), elapsedSeconds)));
}

const EXTENSIONS = { json: 'json', html: 'html', text: 'txt' } as const;

/** Writes a report into a folder in every format. @returns a line that says where */
export function writeReportFiles(report: Report, folder: string): string {
  mkdirSync(folder, { recursive: true });
  for (const format of reportFormats) {
    writeFileSync(join(folder, `report.${EXTENSIONS[format]}`), renderReport(report, format).body);
  }
  const page = join(folder, 'report.html');
  const shown = relative(process.cwd(), page);
  return `Report: ${shown.startsWith('..') ? page : shown} (also report.json and report.txt)\n`;
}
