import { randomUUID } from 'node:crypto';
import { conclude } from './conclude.ts';
import { foldGroups } from './fold-groups.ts';
import { foldSlices } from './fold-slices.ts';
import { preflight } from './preflight.ts';
import type { RunContext } from './run-context.ts';
import { runSlice } from './run-slice.ts';

/**
 * Carries a created run through in this process: what the orchestrator does with many processes.
 * @returns the problems that preflight found; none when there is a report
 */
export async function runHere(context: RunContext, runId: string): Promise<readonly string[]> {
  const found = await preflight(context, runId, randomUUID());
  if ('problems' in found) return found.problems;
  const { lanes, windows } = found.schedule;
  // All at once: each slice waits for its own window.
  const slices = Array.from({ length: lanes * windows }, (_, index) => {
    const [lane, window] = [index % lanes, Math.floor(index / lanes)];
    return runSlice(context, { runId, lane, window, attempt: 0, holder: randomUUID() });
  });
  await Promise.all(slices);
  for (const group of foldGroups(found.schedule)) await foldSlices(context, runId, group);
  await conclude(context, runId);
  return [];
}
