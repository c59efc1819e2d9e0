import { z } from 'zod';

/** A check as the suite writes it down (checks.json); failures and warnings fail a scenario. */
const check = z.object({
  id: z.string(),
  status: z.enum(['SUCCESS', 'FAILURE', 'WARNING', 'INFO', 'SKIPPED']),
  errorMessage: z.string().optional(),
});

export const checksSchema = z.array(check);

/** What client.ts prints. */
export const clientReportSchema = z.object({ revision: z.string(), samples: z.array(z.string()), ended: z.string() });

/** What came of one scenario in one run of the suite. */
export type ScenarioResult = {
  readonly scenario: string;
  readonly checks: z.output<typeof checksSchema>;
  /** Undefined when the client was ended before it could say anything. */
  readonly client: z.output<typeof clientReportSchema> | undefined;
};
