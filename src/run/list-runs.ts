import type { RunQuery, RunRecord, RunStore } from '../store/run-store.ts';
import { runIdsFrom } from './run-documents.ts';
import { type ShownState, shownState } from './run-view.ts';

/** Which runs to show. */
export type RunFilter = {
  readonly planName?: string;
  readonly states?: readonly ShownState[];
  readonly trigger?: RunRecord['trigger'];
  /** Only runs that were created at or after this time, epoch milliseconds. */
  readonly sinceMs?: number;
  /** The run that ended the previous page. */
  readonly cursor?: string;
  readonly limit: number;
};

/** Runs, newest first. `next` is the cursor of the next page; absent after the last page. */
export type RunPage = { readonly records: readonly RunRecord[]; readonly next?: string };

/** How many records are read together, and how many a page reads at most. */
const CHUNK = 200;
const MOST_READ = 2000;

/**
 * A page of the runs that a filter selects. A page that reads many runs without a match ends early, and may be empty: its
 * cursor goes on where it ended. Runs that begin meanwhile are newer, so that they do not move the next page.
 */
export async function listRuns(store: Pick<RunStore, 'listRuns'>, filter: RunFilter, nowMs: number): Promise<RunPage> {
  const { planName, sinceMs, limit } = filter;
  const bounds: Omit<RunQuery, 'limit'> = {
    ...(planName === undefined ? {} : { planName }),
    ...(sinceMs === undefined ? {} : { fromRunId: runIdsFrom(sinceMs) }),
  };
  const records: RunRecord[] = [];
  let cursor = filter.cursor;
  for (let read = 0; read < MOST_READ; read += CHUNK) {
    const size = isOpen(filter) ? Math.min(CHUNK, limit + 1) : CHUNK;
    const before = cursor === undefined ? {} : { beforeRunId: cursor };
    const chunk = await store.listRuns({ ...bounds, ...before, limit: size });
    for (const record of chunk) {
      if (!matches(record, filter, nowMs)) continue;
      if (records.length === limit) return { records, next: (records.at(-1) as RunRecord).runId };
      records.push(record);
    }
    if (chunk.length < size) return { records };
    cursor = (chunk.at(-1) as RunRecord).runId;
  }
  return { records, ...(cursor === undefined ? {} : { next: cursor }) };
}

/** Whether the store itself can select all that the filter asks for. */
function isOpen({ states, trigger }: RunFilter): boolean {
  return states === undefined && trigger === undefined;
}

function matches(record: RunRecord, { states, trigger }: RunFilter, nowMs: number): boolean {
  const isInState = states?.includes(shownState(record, nowMs)) ?? true;
  return isInState && (trigger === undefined || trigger === record.trigger);
}
