import { SAMPLE_FLAG } from '../../sample/block.ts';
import type { Sample } from '../../sample/sample.ts';
import type { Judgement } from './json-rpc.ts';

/** A target's time limits, in milliseconds: until the reply's headers, between two bytes of it, and for the whole request. */
export type Timeouts = {
  readonly headers: number;
  readonly idle: number;
  readonly total: number;
  /** Why the total is what it is, where the plan does not say so. */
  readonly reason?: string;
};

/** The time limits of a request that may have less time than the plan gives, at the end of the load. */
export function timeoutsWithin(timeouts: Timeouts, withinMs: number | undefined): Timeouts {
  if (withinMs === undefined || withinMs >= timeouts.total) return timeouts;
  const { headers, idle } = timeouts;
  const reason = ', the limit at the end of the load';
  return { headers: Math.min(headers, withinMs), idle: Math.min(idle, withinMs), total: withinMs, reason };
}

/** How far a request has come: its start, epoch milliseconds, and the arrival of the headers, counted from the start. */
type Progress = { readonly startMs: number; readonly headersMs: number | undefined };

/**
 * Milliseconds until a request may time out, or the judgement if it has.
 * @param lastActivityMs when something last arrived, epoch milliseconds; infinite if idle times do not count
 * @param nowMs epoch milliseconds
 */
export function deadlineOf(
  { headers, idle, total, reason = '' }: Timeouts,
  { startMs, headersMs }: Progress,
  lastActivityMs: number,
  nowMs: number,
): number | Judgement {
  const totalLeftMs = startMs + total - nowMs;
  const phaseLeftMs = headersMs === undefined ? startMs + headers - nowMs : lastActivityMs + idle - nowMs;
  const leftMs = Math.min(totalLeftMs, phaseLeftMs);
  if (leftMs > 0) return Math.ceil(leftMs);
  if (totalLeftMs <= 0) return { outcome: 'TMO_TOTAL', message: `no answer within ${total} ms${reason}` };
  if (headersMs === undefined) return { outcome: 'TMO_HEADERS', message: `no headers within ${headers} ms` };
  return { outcome: 'TMO_IDLE', message: `no data for ${idle} ms` };
}

/** The first deadline of a request, epoch milliseconds. @param startMs epoch milliseconds */
export function firstDeadlineMs({ headers, total }: Timeouts, startMs: number): number {
  return startMs + Math.min(headers, total);
}

/**
 * The idle time that starts with the headers, if it may end before the first deadline. Otherwise (undefined) the first
 * deadline covers it, and no other is set: nearly all requests are over by then.
 * @param headersMs from the start of the request
 */
export function patienceAfterHead({ headers, idle, total }: Timeouts, headersMs: number): number | undefined {
  return headersMs + idle < Math.min(headers, total) ? idle : undefined;
}

/**
 * How long the caller waits, after the outcome, for the end of the reply. The end nearly always comes with the answer or
 * right after it. The caller's next request then finds a free connection; without the wait it would open another one.
 */
export const SETTLE_AFTER_MS = 5;

/** An event stream whose headers take longer than this is not waited for any longer, and gets a warning. */
export const HEADERS_HELD_AFTER_MS = 2000;

/**
 * How long a stream may stay open after its answer before it is cut, so that its connection can be replaced; and how long
 * the body of an acknowledgement, which is read for its message only, may take.
 */
export const CUT_AFTER_MS = 250;

/**
 * The judgement of a request that has timed out, with what was observed before.
 * @param unfinished how the event of a stream stood that had not ended
 * @param before what was wrong with the reply until then
 */
export function judgeTimeout(
  { outcome, message }: Judgement,
  sample: Pick<Sample, 'socketMs' | 'flags'>,
  unfinished: 'answered' | 'cut' | undefined,
  before: Judgement | undefined,
): Judgement {
  if (unfinished === 'answered') {
    return { outcome: 'TMO_UNTERMINATED', message: 'the answer came, but no blank line ended its event' };
  }
  const within = unfinished === 'cut' ? ', in the middle of an event' : '';
  return { outcome, message: message + within + explainTimeout(sample, before) };
}

function explainTimeout(
  { socketMs, flags }: Pick<Sample, 'socketMs' | 'flags'>,
  before: Judgement | undefined,
): string {
  if (socketMs === undefined) {
    return (flags & SAMPLE_FLAG.queued) > 0
      ? '; not sent, because no connection was free: all that maxConnections allows were in use'
      : '; not sent, because its connection was not opened in time';
  }
  return before === undefined ? '' : `; before that ${before.outcome}: ${before.message}`;
}
