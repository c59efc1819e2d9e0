import { readFileSync } from 'node:fs';
import { overridePlan, type PlanOverrides } from '../plan/override-plan.ts';
import { UsageError } from './usage-error.ts';

/** Reads a plan's text and puts the command line's changes in. @throws UsageError when the file cannot be read */
export function readPlanFile(file: string, overrides: PlanOverrides = {}): string {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new UsageError(`Cannot read the plan ${file}: ${(error as Error).message}`);
  }
  return overridePlan(text, overrides);
}

/** Reads the values of an option that takes NAME=URL and may be repeated. @throws UsageError naming the option */
export function readNamedUrls(option: string, values: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    values.map((value) => {
      const at = value.indexOf('=');
      if (at < 1) throw new UsageError(`${option} takes NAME=URL, got "${value}".`);
      return [value.slice(0, at), value.slice(at + 1)];
    }),
  );
}
