import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';

/** A check in the suite's checks.json. A failure or a warning fails the scenario. */
const check = z.object({
  id: z.string(),
  status: z.enum(['SUCCESS', 'FAILURE', 'WARNING', 'INFO', 'SKIPPED']),
  errorMessage: z.string().optional(),
});

const checksSchema = z.array(check);

/** The output of client.ts. */
const clientReportSchema = z.object({ revision: z.string(), samples: z.array(z.string()), ended: z.string() });

/** The result of one scenario in one run of the suite. */
export type ScenarioResult = {
  readonly scenario: string;
  readonly checks: z.output<typeof checksSchema>;
  /** Undefined when the client was ended before it printed anything. */
  readonly client: z.output<typeof clientReportSchema> | undefined;
};

/** The suite names folders `<scenario>-<time>`. A slash in a scenario makes another folder. */
const TIME = /-\d{4}-\d{2}-\d{2}T[\d-]+Z$/;

/** Reads the results of a run of the suite from its folder. @throws when a file has an unexpected format */
export function readResults(folder: string): ScenarioResult[] {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('checks.json'),
  );
  return files.sort().map((file) => {
    const scenario = dirname(file).replaceAll('\\', '/').replace(TIME, '');
    const checks = checksSchema.parse(JSON.parse(readFileSync(join(folder, file), 'utf8')));
    return { scenario, checks, client: clientReport(join(folder, dirname(file), 'stdout.txt')) };
  });
}

function clientReport(file: string): ScenarioResult['client'] {
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
  // A client that was killed or could not be started has no output.
  return text.trim() === '' ? undefined : clientReportSchema.parse(JSON.parse(text));
}
