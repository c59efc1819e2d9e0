import { z } from 'zod';

/** When a difference from a baseline run counts. */
export const comparisonSchema = z.strictObject({
  /** What of each operation's latency is compared. */
  metric: z.enum(['p50', 'p95', 'p99']).default('p95'),
  /** Differences up to this share of the baseline are none. */
  tolerance: z.number().min(0).max(10).default(0.1),
  /** How sure a difference must be: the level of its confidence interval. */
  confidence: z.number().min(0.5).max(0.999).default(0.95),
  /** Useful requests that an operation must have in both runs; below it there is too little data. */
  minRequests: z.int().min(2).default(100),
  /** Whether an operation that became slower makes the verdict fail. */
  failOn: z.enum(['slower', 'never']).default('never'),
});

export type ComparisonRules = z.output<typeof comparisonSchema>;
