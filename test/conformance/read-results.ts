import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { checksSchema, clientReportSchema, type ScenarioResult } from './scenario-result.ts';

/** The suite names folders `<scenario>-<time>`, with the slashes of a scenario as folders. */
const TIME = /-\d{4}-\d{2}-\d{2}T[\d-]+Z$/;

/** Reads what a run of the suite has left in a folder. @throws when a file is not as the suite writes it */
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
  // A client that was killed, or could not be started, has printed nothing.
  return text.trim() === '' ? undefined : clientReportSchema.parse(JSON.parse(text));
}
