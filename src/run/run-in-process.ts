import { randomUUID } from 'node:crypto';
import type { Problem } from '../plan/problem.ts';
import { conclude } from './conclude.ts';
import { foldGroups, foldSlices } from './fold-slices.ts';
import { preflight } from './preflight.ts';
import type { RunContext } from './run-context.ts';
import { runSlice } from './run-slice.ts';

/**
 * Carries out a created run in this process: what the orchestrator does with many processes. A slice that fails does not
 * hide what the others measured, nor what it had stored: the report says why it failed.
 * @param onWarnings called before the load with what preflight warns of, even if that is nothing
 * @returns the problems that preflight found; empty if there is a report
 */
export async function runInProcess(
  context: RunContext,
  runId: string,
  onWarnings: (warnings: readonly string[]) => void = () => {},
): Promise<readonly Problem[]> {
  const found = await preflight(context, runId, randomUUID());
  onWarnings(found.warnings);
  if ('problems' in found) return found.problems;
  const { lanes, windows, endAtMs } = found.schedule;
  // All slices are started together; each waits for its own window.
  const slices = Array.from({ length: lanes * windows }, (_, index) => {
    const [lane, window] = [index % lanes, Math.floor(index / lanes)];
    return runSlice(context, { runId, lane, window, attempt: 0, holder: randomUUID(), endAtMs });
  });
  const faults = (await Promise.allSettled(slices)).flatMap((slice, index) =>
    slice.status === 'fulfilled' ? [] : [faultSentence(index, slices.length, slice.reason)],
  );
  for (const group of foldGroups(found.schedule)) await foldSlices(context, runId, group);
  await conclude(context, runId, { faults, slicesHaveEnded: true });
  return [];
}

function faultSentence(index: number, slices: number, error: unknown): string {
  const which = slices === 1 ? 'The load' : `Slice ${index + 1} of ${slices}`;
  const message = error instanceof Error ? error.message : String(error);
  return `${which} failed: ${message.replace(/\.$/, '')}.`;
}
