import type { ComparedRun } from '../comparison/comparison.ts';
import { parseBaseline } from '../report/parse-baseline.ts';
import type { RunStore } from '../store/run-store.ts';
import { readReport } from './run-documents.ts';
import { runIdPattern } from './run-id.ts';

/** What of an earlier run a new one is to be compared with, or why there is no such thing. */
export type FoundBaseline =
  | { readonly run: ComparedRun }
  | { readonly missing: 'run' | 'report'; readonly problem: string };

/** Reads the report of the run that is to be a baseline. */
export async function findBaseline(store: RunStore, runId: string): Promise<FoundBaseline> {
  const record = runIdPattern.test(runId) ? await store.getRun(runId) : undefined;
  if (record === undefined) {
    return { missing: 'run', problem: `There is no run "${runId}" to compare with. GET /api/runs lists the runs.` };
  }
  const report = await readReport(store, runId);
  if (report === undefined) {
    const problem = `Run ${runId} is ${record.state} and has no report to compare with.`;
    return { missing: 'report', problem };
  }
  const run = parseBaseline(report);
  return 'problem' in run ? { missing: 'report', problem: `The report of run ${runId} ${run.problem}.` } : { run };
}
