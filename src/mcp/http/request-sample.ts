import type { Link } from '../../net/guarded-connector.ts';
import { excerpt } from '../../plan/bounded-text.ts';
import { plainSample, type Sample } from '../../sample/sample.ts';
import type { ExchangeRequest } from './exchange-request.ts';
import type { Judgement } from './json-rpc.ts';

/** The sample of a request. Its exchange fills it in; once the exchange has ended, nothing in it changes. */
export type RequestSample = { -readonly [Name in keyof Sample]: Sample[Name] };

/** The sample of a request that starts now. @param startMs epoch milliseconds */
export function newRequestSample(request: ExchangeRequest, startMs: number): RequestSample {
  const { operation, intendedMs, vu, iteration, flags } = request;
  const lagMs = intendedMs === undefined ? 0 : Math.max(0, startMs - intendedMs);
  const outcome = 'CLIENT_ABORT';
  return plainSample({ kind: 'request', operation, outcome, startMs, lagMs, durationMs: 0, vu, iteration, flags });
}

/**
 * Records that a connection took the request. The first request on a connection also records how long opening it took.
 * @param atMs from the start of the request
 */
export function recordConnection(sample: RequestSample, link: Link | undefined, atMs: number): void {
  sample.socketMs = atMs;
  if (link?.fresh === undefined) return;
  sample.connectMs = link.fresh.connectMs;
  sample.tlsMs = link.fresh.tlsMs;
  link.fresh = undefined;
}

/** Records how the request ended. @param atMs when that was known, from the start of the request */
export function recordOutcome(sample: RequestSample, { outcome, message, checks }: Judgement, atMs: number): void {
  sample.durationMs = atMs;
  sample.outcome = outcome;
  sample.checks = checks;
  // A target may send megabytes that are not an answer.
  sample.message = excerpt(message);
}
