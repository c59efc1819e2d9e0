import type { RunRecord } from '../store/run-record.ts';

/** True once nothing more happens to a run. */
export function hasEnded({ state }: Pick<RunRecord, 'state'>): boolean {
  return state === 'done' || state === 'refused' || state === 'failed';
}
