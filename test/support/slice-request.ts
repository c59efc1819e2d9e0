import type { SliceRequest } from '../../src/run/run-slice.ts';

/** The delivery of the only slice of a run, whose end is an hour away. */
export function sliceRequest(runId: string, holder: string, attempt = 0): SliceRequest {
  return { runId, lane: 0, window: 0, attempt, holder, endAtMs: Date.now() + 3_600_000 };
}
