import { newRunId } from '../../src/run/run-documents.ts';
import type { RunRecord } from '../../src/store/run-store.ts';

/** The record of a run that was created at a time and has not begun. */
export function aRunRecord(createdMs: number, changes: Partial<RunRecord> = {}): RunRecord {
  return {
    runId: newRunId(createdMs),
    planName: 'small',
    planHash: 'hash',
    trigger: 'http',
    createdAt: new Date(createdMs).toISOString(),
    state: 'queued',
    stopRequested: false,
    ...changes,
  };
}
