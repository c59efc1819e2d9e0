import { parseArgs } from 'node:util';
import { type ComparisonRules, comparisonSchema } from '../plan/comparison-schema.ts';
import { renderComparison } from '../report/text/render-comparison.ts';
import { provenSlower, provesNothing } from '../verdict/compare-outcome.ts';
import { compareRuns } from '../verdict/compare-runs.ts';
import { EXIT_CODE } from './exit-code.ts';
import { readReportFile } from './read-report-file.ts';
import { UsageError } from './usage-error.ts';

/** `mcp-surge compare BASELINE CURRENT`: how the operations of two reports differ; contacts nothing. */
export async function compareCommand(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      metric: { type: 'string' },
      tolerance: { type: 'string' },
      confidence: { type: 'string' },
      'min-requests': { type: 'string' },
    },
  });
  const [baseline, current] = positionals;
  if (baseline === undefined || current === undefined || positionals.length > 2) {
    throw new UsageError('expected two reports: mcp-surge compare BASELINE.json CURRENT.json');
  }
  const rules = readRules(values);
  const comparison = compareRuns(readReportFile(baseline), readReportFile(current), rules);
  const options = { colour: process.stdout.isTTY, width: process.stdout.columns ?? 100 };
  process.stdout.write(renderComparison(comparison, options));
  if (provesNothing(comparison)) return EXIT_CODE.invalid;
  return provenSlower(comparison).length > 0 ? EXIT_CODE.fail : EXIT_CODE.pass;
}

type Given = { readonly [Option in 'metric' | 'tolerance' | 'confidence' | 'min-requests']?: string | undefined };

/** The plan's rules of a comparison, as options. */
function readRules({ metric, tolerance, confidence, 'min-requests': minRequests }: Given): ComparisonRules {
  const given = {
    metric,
    tolerance: number(tolerance),
    confidence: number(confidence),
    minRequests: number(minRequests),
  };
  const parsed = comparisonSchema.safeParse(given);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const option = issue?.path[0] === 'minRequests' ? 'min-requests' : String(issue?.path[0]);
  throw new UsageError(`--${option}: ${issue?.message}`);
}

function number(text: string | undefined): number | undefined {
  // Number('') is 0, which nobody meant.
  return text === undefined ? undefined : text.trim() === '' ? Number.NaN : Number(text);
}
