import { outcomeClass } from '../../sample/outcome.ts';
import type { Clock } from '../../traffic/clock.ts';
import type { Exchange } from '../http/exchange.ts';
import type { BrokenExchange, BrokenStream } from '../http/exchange-request.ts';
import { succeeded } from './session.ts';

/** What undici takes for a header's value, in which each character is one byte. */
const SENDABLE = /^[\t -~\x80-\xff]*$/;

/**
 * The header that asks for what came after an event (MCP 2025-03-26, "Resumability and Redelivery"), its value the id's
 * UTF-8 (WHATWG HTML §9.2.4). Empty when there is no such event, or its id holds a character that ends a header.
 */
export function lastEventIdHeader(id: string | undefined): readonly string[] {
  if (id === undefined) return [];
  const value = Buffer.from(id, 'utf8').toString('latin1');
  return SENDABLE.test(value) ? ['last-event-id', value] : [];
}

/** How long to leave a server alone before its stream is taken up again, where it has not said; as the official clients. */
const DEFAULT_RETRY_MS = 1000;
/** A server that says 0 is left alone at least this long. */
const MIN_RETRY_MS = 20;

/** @param asked milliseconds, as the server's `retry` field last said */
export function retryMs(asked: number | undefined): number {
  return Math.max(MIN_RETRY_MS, asked ?? DEFAULT_RETRY_MS);
}

/** A server that sends its headers only with the first event is not waited for any longer than this. */
const STALE_AFTER_MS = 2000;

/**
 * Sends the GET of a stream; resolves when it is open, or will not be.
 * @param onSent is given each try at once, so that it can be cut while the server still thinks about it
 */
export type OpenStream = (lastEventId: string | undefined, onSent: (stream: Exchange) => void) => Promise<Exchange>;

/**
 * The stream beside a session over which the server may speak unasked (GET, revisions 2025-03-26 to 2025-11-25): opened
 * again whenever the server ends it, until it is closed. Each GET is a sample.
 */
export class EventStream {
  readonly #clock: Clock;
  readonly #openStream: OpenStream;
  readonly #closed = new AbortController();
  #stream: Exchange | undefined;

  constructor(clock: Clock, openStream: OpenStream) {
    this.#clock = clock;
    this.#openStream = openStream;
  }

  /**
   * Opens the stream and from then on keeps it open. Resolves once the server has answered, so that nothing is lost of
   * what it says during the next call.
   */
  async open(): Promise<void> {
    const answered = new AbortController();
    // Rejects only for bugs of ours, and those the connection remembers.
    const kept = this.#keepOpen(() => answered.abort());
    void kept.catch(() => answered.abort());
    await this.#clock.sleepUntil(this.#clock.now() + STALE_AFTER_MS, answered.signal);
  }

  close(): void {
    this.#closed.abort();
    this.#stream?.cut();
  }

  async #keepOpen(onAnswer: () => void): Promise<void> {
    const { signal } = this.#closed;
    let lastEventId: string | undefined;
    let retry: number | undefined;
    while (!signal.aborted) {
      const stream = await this.#openStream(lastEventId, (sent) => {
        this.#stream = sent;
        if (signal.aborted) sent.cut();
      });
      onAnswer();
      // 405: the server offers no such stream.
      if (!succeeded(stream) || stream.status === 405) return;
      await stream.ended();
      lastEventId = stream.broken?.lastEventId ?? lastEventId;
      retry = stream.broken?.retryMs ?? retry;
      await this.#clock.sleepUntil(this.#clock.now() + retryMs(retry), signal);
    }
  }
}

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
