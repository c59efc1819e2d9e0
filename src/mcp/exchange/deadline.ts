import type { Judgement } from './judgement.ts';

/** How long a request may take in all, until its headers, and between two bytes of its reply; milliseconds. */
export type Timeouts = { readonly headers: number; readonly idle: number; readonly total: number };

/** How far a request has come, epoch milliseconds; the headers from its start. */
export type Progress = {
  readonly startMs: number;
  readonly headersMs: number | undefined;
  readonly lastActivityMs: number;
};

/** Milliseconds until a request may be out of time, or the judgement that it is. */
export function deadlineOf(
  { headers, idle, total }: Timeouts,
  { startMs, headersMs, lastActivityMs }: Progress,
  nowMs: number,
): number | Judgement {
  const totalLeftMs = startMs + total - nowMs;
  const phaseLeftMs = headersMs === undefined ? startMs + headers - nowMs : lastActivityMs + idle - nowMs;
  const leftMs = Math.min(totalLeftMs, phaseLeftMs);
  if (leftMs > 0) return Math.ceil(leftMs);
  if (totalLeftMs <= 0) return { outcome: 'TMO_TOTAL', message: `no answer within ${total} ms` };
  if (headersMs === undefined) return { outcome: 'TMO_HEADERS', message: `no headers within ${headers} ms` };
  return { outcome: 'TMO_IDLE', message: `no byte for ${idle} ms` };
}
