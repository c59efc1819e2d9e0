import assert from 'node:assert/strict';
import { problemText } from '../../src/plan/problem.ts';
import type { Report } from '../../src/report/report.ts';
import { createRun } from '../../src/run/create-run.ts';
import type { RunContext } from '../../src/run/run-context.ts';
import { readReport } from '../../src/run/run-documents.ts';
import { runInProcess } from '../../src/run/run-in-process.ts';

/** Creates a run of a plan, which must be accepted. @returns the run's id */
export async function createdRun(context: RunContext, text: string): Promise<string> {
  const created = await createRun(context, { text, trigger: 'command' });
  assert.ok(created.outcome === 'created', JSON.stringify(created));
  return created.record.runId;
}

/** A run that has ended, with what preflight warned of and the problems for which it was not carried out, a line each. */
export type EndedRun = {
  readonly runId: string;
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
  readonly report: Report | undefined;
};

/** Runs a plan in this process until it ends. */
export async function endedRun(context: RunContext, text: string): Promise<EndedRun> {
  const runId = await createdRun(context, text);
  let warnings: readonly string[] = [];
  const problems = await runInProcess(context, runId, (found) => {
    warnings = found;
  });
  return { runId, problems: problems.map(problemText), warnings, report: await readReport(context.store, runId) };
}

/** Runs a plan in this process; it must have no problems. @returns its report */
export async function reportOfRun(context: RunContext, text: string): Promise<Report> {
  const { problems, report } = await endedRun(context, text);
  assert.deepEqual(problems, []);
  return report ?? assert.fail('no report');
}
