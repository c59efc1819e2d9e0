import type { Report } from './report.ts';

const CURRENT: Report['schemaVersion'] = 3;

/**
 * Renderings for people begin with this: a stored report may be older than this program and lack what they show.
 * @throws when the report is of another schema
 */
export function requireCurrent({ runId, schemaVersion }: Report): void {
  if (schemaVersion === CURRENT) return;
  throw new Error(
    `The report of run ${runId} has schemaVersion ${schemaVersion}, and this version of mcp-surge can only render ${CURRENT}. Take it as JSON, or render it with the version that made it.`,
  );
}
