import type { z } from 'zod';
import { compareRuns } from '../comparison/compare-runs.ts';
import type { ComparedRun } from '../comparison/comparison.ts';
import { isRegression, provesNothing } from '../comparison/comparison-verdict.ts';
import { decodeText } from '../plan/decode-text.ts';
import { issueText, OWN_SENTENCES } from '../plan/issue-text.ts';
import { type ComparisonRules, comparisonSchema } from '../plan/plan-schema.ts';
import { parseBaseline } from '../report/parse-baseline.ts';
import { renderComparison } from '../report/text/text.ts';
import { readBounded } from '../run/text-file.ts';
import { EXIT_CODE, UsageError } from './command-context.ts';
import { readOptions } from './options.ts';
import { printPainted, terminalOptions } from './terminal.ts';

/** `mcp-surge compare BASELINE CURRENT`: compares the operations of two reports; contacts nothing. */
export async function compareCommand(args: string[]): Promise<number> {
  const { values, positionals } = readOptions(args, {
    metric: { type: 'string' },
    tolerance: { type: 'string' },
    confidence: { type: 'string' },
    'min-requests': { type: 'string' },
    'useful-tolerance': { type: 'string' },
    'require-data': { type: 'boolean' },
  });
  const [baseline, current] = positionals;
  if (baseline === undefined || current === undefined || positionals.length > 2) {
    throw new UsageError('expected two reports: mcp-surge compare BASELINE.json CURRENT.json');
  }
  const rules = readRules(values);
  const comparison = compareRuns(readReportFile(baseline), readReportFile(current), rules);
  printPainted(process.stdout, renderComparison(comparison, terminalOptions(process.stdout)));
  if (provesNothing(comparison)) return EXIT_CODE.invalid;
  return isRegression(comparison) ? EXIT_CODE.fail : EXIT_CODE.pass;
}

/** Far more than the report of a long run has. */
const MAX_REPORT_BYTES = 256_000_000;

/** Reads the part of a `report.json` that is compared. @throws UsageError if the file is not a report that can be used */
export function readReportFile(file: string): ComparedRun {
  let report: unknown;
  try {
    const text = decodeText(readBounded(file, MAX_REPORT_BYTES));
    if (typeof text !== 'string') throw new Error(`line ${text.line}: ${text.message}`);
    report = JSON.parse(text);
  } catch (error) {
    throw new UsageError(`Cannot read the report ${file}: ${(error as Error).message}`);
  }
  const run = parseBaseline(report);
  if ('problem' in run) throw new UsageError(`${file} ${run.problem}.`);
  return run;
}

type RuleOptions = {
  readonly [Option in 'metric' | NumberOption]?: string | undefined;
} & { readonly 'require-data'?: boolean | undefined };
type NumberOption = 'tolerance' | 'confidence' | 'min-requests' | 'useful-tolerance';

/** Reads the rules of a comparison from options; they have the plan's names and defaults. */
function readRules(options: RuleOptions): ComparisonRules {
  const number = (option: NumberOption) => readNumber(option, options[option]);
  const given = {
    metric: options.metric,
    tolerance: number('tolerance'),
    confidence: number('confidence'),
    minRequests: number('min-requests'),
    usefulTolerance: number('useful-tolerance'),
    requireData: options['require-data'],
  };
  const parsed = comparisonSchema.safeParse(given, OWN_SENTENCES);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues as [z.core.$ZodIssue];
  const key = issue.path[0] as keyof typeof comparisonSchema.shape;
  const option = key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  throw new UsageError(`--${option}: ${issueText(issue, comparisonSchema.shape[key].def.innerType)}`);
}

/** @throws UsageError naming the option if its value is not a number */
function readNumber(option: NumberOption, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  // Number('') would be 0.
  const number = text.trim() === '' ? Number.NaN : Number(text);
  if (Number.isNaN(number)) throw new UsageError(`--${option}: expected a number, got "${text}".`);
  return number;
}
