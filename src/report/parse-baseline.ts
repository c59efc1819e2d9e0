import { z } from 'zod';
import type { ComparedRun } from '../comparison/comparison.ts';
import { issueText, OWN_SENTENCES } from '../plan/issue-text.ts';
import { pathText, problemText } from '../plan/problem.ts';
import { bucketsOf } from '../summary/batches.ts';
import { PERCENTILE_NAMES } from '../summary/percentiles.ts';
import type { Report } from './report.ts';

const CURRENT: Report['schemaVersion'] = 4;

/**
 * Rejects a report of another schema: a stored report can be older than this program and lack what a rendering shows.
 * @throws when the report is of another schema
 */
export function requireCurrent({ runId, schemaVersion }: Report): void {
  if (schemaVersion === CURRENT) return;
  throw new Error(
    `The report of run ${runId} has schemaVersion ${schemaVersion}, and this version of mcp-surge can only render ${CURRENT}. Get it as JSON, or render it with the version that made it.`,
  );
}

const count = z.int().min(0);
const milliseconds = z.number().min(0);

const batchSchema = z.object({
  fromSeconds: z.number(),
  toSeconds: z.number(),
  useful: count,
  failures: count,
  blocked: count.exactOptional(),
  withoutAnswer: count.exactOptional(),
  histogram: z.string(),
});

/** The parts of a report that a comparison needs. */
const comparedRunSchema = z.object({
  runId: z.string(),
  plan: z.object({ name: z.string(), hash: z.string() }),
  startedAt: z.string(),
  durationSeconds: z.number(),
  verdict: z.object({ status: z.enum(['pass', 'unjudged', 'fail', 'invalid', 'stopped']) }),
  operations: z.array(
    z.object({
      target: z.string(),
      operation: z.string(),
      /** Since schemaVersion 4. */
      kind: z.enum(['step', 'protocol']).exactOptional(),
      count,
      useful: count,
      failures: count,
      blocked: count.exactOptional(),
      latencyMs: z
        .object({
          p50: milliseconds,
          p95: milliseconds,
          p99: milliseconds,
          atLeast: z.array(z.enum(PERCENTILE_NAMES)).exactOptional(),
        })
        .nullable(),
      batches: z.array(batchSchema),
    }),
  ),
});

/**
 * Reads from a report what later runs are compared with.
 * @param report parsed JSON, e.g. of a `report.json`
 * @returns the run, or what is wrong with the report, as the rest of a sentence that begins with the report's name
 */
export function parseBaseline(report: unknown): ComparedRun | { readonly problem: string } {
  const parsed = comparedRunSchema.safeParse(report, OWN_SENTENCES);
  if (parsed.success) return damage(parsed.data) ?? parsed.data;
  const paths = parsed.error.issues.map(({ path }) => path);
  if (paths.every(([first, , third]) => first === 'operations' && third === 'batches')) {
    return { problem: 'was made by an earlier version and lacks what a comparison needs: run its plan again' };
  }
  const [issue] = parsed.error.issues as [z.core.$ZodIssue];
  return { problem: `is not a report: ${problemText({ path: pathText(issue.path), message: issueText(issue) })}` };
}

/** Damage is found here, before a run, and not when an hour of load is compared. */
function damage({ operations }: ComparedRun): { readonly problem: string } | undefined {
  try {
    for (const { batches } of operations) for (const batch of batches) bucketsOf(batch);
    return undefined;
  } catch (error) {
    return { problem: `is damaged: ${(error as Error).message.replace(/\.$/, '')}` };
  }
}
