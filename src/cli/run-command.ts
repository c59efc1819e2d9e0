import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { refusalSentence } from '../plan/policy.ts';
import { renderReport, reportFormats } from '../report/render-report.ts';
import type { Report } from '../report/report.ts';
import { renderText } from '../report/text/text.ts';
import { createRun } from '../run/create-run.ts';
import type { RunContext } from '../run/run-context.ts';
import { readReport } from '../run/run-documents.ts';
import { relativeFileReader, runInProcess } from '../run/run-in-process.ts';
import { type LiveView, liveView } from '../run/run-view.ts';
import {
  commandContext,
  EXIT_CODE,
  readNamedUrls,
  readPlanFile,
  showPlanProblems,
  showProblems,
  UsageError,
} from './command-context.ts';
import { readReportFile } from './compare-command.ts';
import { terminalOptions } from './terminal.ts';

/** One line that tells how a run is going. */
export function progressLine(elapsedSeconds: number, live: LiveView): string {
  const elapsed = `${Math.max(0, elapsedSeconds).toFixed(0).padStart(3)} s`;
  const p95 = live.p95Ms === null ? '-' : `${Math.round(live.p95Ms).toLocaleString('en')} ms`;
  const requests = `${live.requests} requests`;
  return [
    elapsed,
    `${live.activeVus} vus`,
    live.warmUpRequests === 0 ? requests : `${requests} after ${live.warmUpRequests} of the warm-up`,
    `${live.requestsPerSecond.toFixed(1)}/s`,
    `p95 ${p95}`,
    `${live.failures} failures`,
    ...(live.droppedIterations === 0 ? [] : [`${live.droppedIterations} dropped`]),
  ].join('  ·  ');
}

/** A line that is written over in place on a terminal; elsewhere, e.g. in a pipeline's log, a new line now and then. */
export type StatusLine = {
  show(text: string): void;
  /** Ends the line, so that what follows begins on its own. */
  end(): void;
};

/** How often a log that is no terminal gets a line. */
const LOG_INTERVAL_MS = 5000;

export function statusLine(out: NodeJS.WriteStream): StatusLine {
  let lastLogMs = Number.NEGATIVE_INFINITY;
  let open = false;
  return {
    show(text) {
      if (out.isTTY) {
        out.write(`\r\u001b[2K${text.slice(0, out.columns - 1)}`);
        open = true;
      } else if (performance.now() - lastLogMs >= LOG_INTERVAL_MS) {
        lastLogMs = performance.now();
        out.write(`${text}\n`);
      }
    },
    end() {
      if (open) out.write('\n');
      open = false;
    },
  };
}

/** Writes all forms of a report into a folder and returns a line that says where. */
export function writeReportFiles(report: Report, folder: string): string {
  mkdirSync(folder, { recursive: true });
  const endings = { json: 'json', html: 'html', text: 'txt' } as const;
  for (const format of reportFormats)
    writeFileSync(join(folder, `report.${endings[format]}`), renderReport(report, format).body);
  const shown = relative(process.cwd(), join(folder, 'report.html'));
  return `Report: ${shown.startsWith('..') ? join(folder, 'report.html') : shown} (also report.json and report.txt)\n`;
}

const SHOW_INTERVAL_MS = 500;

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
  const beside = relativeFileReader(dirname(file));
  const created = await createRun(context, { text, readFile: beside, trigger: 'command', ...baseline });
  switch (created.outcome) {
    case 'invalid':
      process.stderr.write(showPlanProblems(file, created.problems));
      return EXIT_CODE.invalidPlan;
    case 'not-allowed':
      process.stderr.write(
        showProblems(
          `${file} is not allowed to run here:`,
          created.refusals.map((refusal) => refusalSentence(refusal, context.policy)),
        ),
      );
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
  const problems = await runInProcess(context, runId).finally(() => {
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
  process.stdout.write(renderText(report, terminalOptions(process.stdout)));
  process.stdout.write(`\n${writeReportFiles(report, out ?? join('reports', runId))}`);
  return EXIT_CODE[report.verdict.status];
}

async function show({ store, clock }: RunContext, runId: string, print: (text: string) => void): Promise<void> {
  const record = await store.getRun(runId);
  if (record?.schedule === undefined) return;
  const elapsedSeconds = (clock.now() - record.schedule.startAtMs) / 1000;
  print(progressLine(elapsedSeconds, liveView(await store.listProgress(runId), elapsedSeconds)));
}
