import { readFileSync } from 'node:fs';
import type { ComparedRun } from '../comparison/comparison.ts';
import { parseBaseline } from '../report/parse-baseline.ts';
import { UsageError } from './usage-error.ts';

/** Reads what is compared out of a `report.json`. @throws UsageError when the file cannot be read or is no such report */
export function readReportFile(file: string): ComparedRun {
  let report: unknown;
  try {
    report = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new UsageError(`Cannot read the report ${file}: ${(error as Error).message}`);
  }
  const run = parseBaseline(report);
  if ('problem' in run) throw new UsageError(`${file} ${run.problem}.`);
  return run;
}
