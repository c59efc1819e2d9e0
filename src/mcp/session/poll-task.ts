import type { Clock } from '../../traffic/clock.ts';
import type { Exchange } from '../http/exchange.ts';
import { succeeded } from './succeeded.ts';

/** How often to ask for a task whose server does not say. */
const DEFAULT_POLL_MS = 1000;
/** A server that says 0 is asked no faster than this. */
const MIN_POLL_MS = 20;

/** When to ask for a task again, and when no more. */
export type PollTimes = {
  readonly clock: Clock;
  /** As in SessionOptions. */
  readonly ended: AbortSignal;
};

/**
 * Asks for a task until it is done or the asking fails; the last answer is returned. How long that may take is the
 * scenario's business, up to the end of the load: then the waiting ends at once, and asking once more fails.
 * @param pollMs as the server wishes; what later answers say instead counts from then on
 */
export async function pollTask(
  { clock, ended }: PollTimes,
  pollMs: unknown,
  get: () => Promise<Exchange>,
): Promise<Exchange> {
  let waitMs = pollMs;
  for (;;) {
    await clock.sleepUntil(clock.now() + intervalOf(waitMs), ended);
    const exchange = await get();
    if (!succeeded(exchange)) return exchange;
    const { status, pollInterval, pollIntervalMs } = exchange.result as Record<string, unknown>;
    if (status !== 'working' && status !== 'submitted') return exchange;
    waitMs = pollIntervalMs ?? pollInterval ?? waitMs;
  }
}

function intervalOf(pollMs: unknown): number {
  return typeof pollMs === 'number' ? Math.max(MIN_POLL_MS, pollMs) : DEFAULT_POLL_MS;
}
