import { join } from 'node:path';
import { refusalSentence } from '../plan/policy.ts';
import { problemText } from '../plan/problem.ts';
import { renderJson } from '../report/render-report.ts';
import type { Report } from '../report/report.ts';
import { renderText } from '../report/text/text.ts';
import { createRun } from '../run/create-run.ts';
import type { RunContext } from '../run/run-context.ts';
import { readReport } from '../run/run-documents.ts';
import { runInProcess } from '../run/run-in-process.ts';
import { liveView } from '../run/run-view.ts';
import { EXIT_CODE, showPlanProblems, showProblems, UsageError } from './command-context.ts';
import { readReportFile } from './compare-command.ts';
import { readOptions } from './options.ts';
import { openPlan, PLAN_OPTIONS } from './plan-options.ts';
import { openReportFolder, type ReportFolder, saveReport } from './report-folder.ts';
import { onStopSignals, whatIsLeft } from './stop-signals.ts';
import { print, printPainted, progressLine, startingLine, statusLine, terminalOptions } from './terminal.ts';

/** `mcp-surge run PLAN`: runs the slices that Azure would run, in one process with a store in memory. */
export async function runCommand(args: string[]): Promise<number> {
  const { values, positionals } = readOptions(args, {
    ...PLAN_OPTIONS,
    out: { type: 'string' },
    force: { type: 'boolean' },
    baseline: { type: 'string' },
    'require-data': { type: 'boolean' },
  });
  const [file] = positionals;
  if (file === undefined || positionals.length > 1) throw new UsageError('expected one plan: mcp-surge run PLAN');
  const requireData = values['require-data'] ?? false;
  if (requireData && values.baseline === undefined) {
    throw new UsageError('--require-data needs --baseline REPORT: without it, nothing is compared.');
  }
  const { text, context, readFile } = openPlan(file, values);
  const baseline = values.baseline === undefined ? {} : { baseline: readReportFile(values.baseline) };
  const created = await createRun(context, { text, readFile, trigger: 'command', requireData, ...baseline });
  switch (created.outcome) {
    case 'invalid':
      print(process.stderr, showPlanProblems(file, created.problems));
      return EXIT_CODE.invalidPlan;
    case 'not-allowed': {
      const problems = created.refusals.map((refusal) => refusalSentence(refusal, context.policy));
      print(process.stderr, showProblems(`${file} is not allowed to run here:`, problems));
      return EXIT_CODE.invalidPlan;
    }
    case 'created':
    case 'repeated': {
      const { runId } = created.record;
      const folder = openReportFolder(values.out ?? join('reports', runId), { replace: values.force ?? false });
      const code = await runAndReport(context, runId, folder).catch((error: unknown) => {
        folder.discard();
        throw error;
      });
      // Without a report, the folder is still empty.
      folder.discard();
      return code;
    }
    default:
      throw new Error(`A command must not end as ${created.outcome}: it has no idempotency key and no other runs.`);
  }
}

const SHOW_INTERVAL_MS = 500;

/** Runs a created run to its end, shows its progress, and prints and writes its report. */
async function runAndReport(context: RunContext, runId: string, folder: ReportFolder): Promise<number> {
  const { store } = context;
  const line = statusLine(process.stderr);
  const stop = () => {
    line.end();
    print(process.stderr, 'Stopping. Press Ctrl-C again to quit immediately.\n');
    void store.updateRun(runId, { stopRequested: true });
  };
  const quit = () => {
    folder.discard();
    const shown = whatIsLeft(context, runId).then((left) =>
      print(process.stderr, showProblems('Quit. What is left:', left)),
    );
    void shown.finally(() => process.exit(EXIT_CODE.stopped));
  };
  const removeHandlers = onStopSignals(stop, quit);
  const showing = setInterval(() => void showProgress(context, runId, line.show), SHOW_INTERVAL_MS);
  const problems = await runInProcess(context, runId, (warnings) => {
    if (warnings.length > 0) print(process.stderr, showProblems('Preflight warnings:', warnings));
  }).finally(() => {
    clearInterval(showing);
    line.end();
    removeHandlers();
  });
  if (problems.length > 0) {
    print(process.stderr, showProblems('Preflight failed: no load was sent.', problems.map(problemText)));
    return EXIT_CODE.preflightFailed;
  }
  const report = await readReport(store, runId);
  if (report === undefined) throw new Error(`Run ${runId} ended without a report.`);
  return showReport(report, folder.path);
}

/** Writes a report into a folder and prints it. @returns the exit code of its verdict */
export function showReport(report: Report, folder: string): number {
  // Written first, because printing can fail.
  const { place, problems } = saveReport(report, folder);
  if (problems.length > 0) print(process.stderr, showProblems('Problems with the files of the report:', problems));
  printPainted(process.stdout, renderText(report, terminalOptions(process.stdout)));
  print(process.stdout, place === undefined ? `\nThe report as JSON:\n${renderJson(report)}` : `\n${place}\n`);
  return EXIT_CODE[report.verdict.status];
}

async function showProgress(
  { store, clock, timing }: RunContext,
  runId: string,
  show: (text: string) => void,
): Promise<void> {
  const record = await store.getRun(runId);
  if (record?.schedule === undefined) return;
  const nowMs = clock.now();
  const elapsedSeconds = (nowMs - record.schedule.startAtMs) / 1000;
  if (elapsedSeconds < 0) return show(startingLine(-elapsedSeconds));
  const live = liveView(await store.listProgress(runId), elapsedSeconds, nowMs - timing.deadAfterMs);
  show(progressLine(elapsedSeconds, live));
}
