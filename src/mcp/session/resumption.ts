import { outcomeClass } from '../../sample/outcome.ts';
import type { Clock } from '../../traffic/clock.ts';
import type { Exchange } from '../http/exchange.ts';
import type { BrokenExchange, BrokenStream } from '../http/exchange-request.ts';
import type { OpenStream } from './event-stream.ts';
import { retryMs } from './retry-ms.ts';
import { succeeded } from './succeeded.ts';

/** Streams that end again and again without the answer are given up after so many. */
const MAX_STREAMS = 100;

/** When to send a GET, and when no more. */
export type ResumeTimes = {
  readonly clock: Clock;
  /** As in SessionOptions. */
  readonly ended: AbortSignal;
};

/**
 * Takes a broken stream up again until the answer has come over it, as revision 2025-11-25 has it ("Resumability and
 * Redelivery"): waits as long as the server asks, then sends GET with the id of the last event. Each GET is a sample of
 * its own; the call's sample goes on from its own dispatch to the answer. What comes over the streams reaches the exchange
 * by the session. When the load has ended no GET is sent any more: the call is then like any other that is under way, and
 * whoever ended the load ends it too.
 */
export async function resume(
  exchange: BrokenExchange,
  first: BrokenStream,
  { clock, ended }: ResumeTimes,
  openStream: OpenStream,
): Promise<void> {
  const hasEnded = () => ended.aborted;
  const over = new AbortController();
  void exchange.settled.then(() => over.abort());
  const cutWhenOver = (stream: Exchange) => {
    if (over.signal.aborted) stream.cut();
    else over.signal.addEventListener('abort', () => stream.cut(), { once: true });
  };
  let { lastEventId, retryMs: retry } = first;
  for (let streams = 0; streams < MAX_STREAMS; streams++) {
    await clock.sleepUntil(clock.now() + retryMs(retry), over.signal);
    if (exchange.over || hasEnded()) return;
    const stream = await openStream(lastEventId, cutWhenOver);
    // It was not the server that ended this one.
    if (hasEnded() && stream.outcome === 'CLIENT_ABORT') return;
    if (outcomeClass(stream.outcome) === 'aborted') {
      return exchange.abort(stream.outcome, `the stream could not be taken up again: ${stream.message}`);
    }
    if (!succeeded(stream) || stream.status === 405) {
      const why = stream.status === 405 ? 'the server has no stream to take up (405)' : stream.message;
      return exchange.abandon(`it could not be taken up again: ${stream.outcome} ${why}`);
    }
    await stream.ended();
    lastEventId = stream.broken?.lastEventId ?? lastEventId;
    retry = stream.broken?.retryMs ?? retry;
  }
  exchange.abandon(`${MAX_STREAMS} more streams ended without it`);
}
