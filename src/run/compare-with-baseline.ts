import type { ComparisonRules } from '../plan/comparison-schema.ts';
import type { Report } from '../report/report.ts';
import type { RunStore } from '../store/run-store.ts';
import { withComparison } from '../verdict/compare-outcome.ts';
import { compareRuns } from '../verdict/compare-runs.ts';
import { readBaseline } from './run-documents.ts';

/** The report with its comparison and what that makes of its verdict; as it was when the run has no baseline. */
export async function compareWithBaseline(store: RunStore, rules: ComparisonRules, report: Report): Promise<Report> {
  const baseline = await readBaseline(store, report.runId);
  if (baseline === undefined) return report;
  const comparison = compareRuns(baseline, report, rules);
  return { ...report, verdict: withComparison(report.verdict, comparison), comparison };
}
