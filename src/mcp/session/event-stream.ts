import { isUnfinished } from '../../sample/outcome.ts';
import type { Clock } from '../../traffic/clock.ts';
import { HEADERS_HELD_AFTER_MS } from '../http/deadline.ts';
import type { Exchange } from '../http/exchange.ts';
import type { BrokenExchange, BrokenStream } from '../http/exchange-request.ts';
import type { ExtraRequests } from './server-requests.ts';
import { type SessionOptions, succeeded } from './session.ts';

/**
 * Sends the GET of a stream. Resolves when the stream is open or has failed to open.
 * @param onSent receives each try as soon as it is sent, so that it can be cut before the server answers
 */
export type OpenStream = (lastEventId: string | undefined, onSent: (stream: Exchange) => void) => Promise<Exchange>;

/**
 * The stream over which a server sends messages outside any call (GET, revisions 2025-03-26 to 2025-11-25). It is
 * opened again whenever the server ends it, until the session closes it. Each GET is a sample.
 */
export class EventStream {
  readonly #clock: Clock;
  readonly #extraRequests: ExtraRequests;
  readonly #openStream: OpenStream;
  readonly #closed = new AbortController();
  #stream: Exchange | undefined;

  constructor({ clock, extraRequests }: Pick<SessionOptions, 'clock' | 'extraRequests'>, openStream: OpenStream) {
    this.#clock = clock;
    this.#extraRequests = extraRequests;
    this.#openStream = openStream;
  }

  /**
   * Opens the stream and keeps it open from then on. Resolves when the server has answered, so that no message of the
   * next call is missed, or after two seconds.
   * @returns how long it waited in vain, milliseconds; 0 if the server answered
   */
  async open(): Promise<number> {
    const fromMs = this.#clock.now();
    const answered = new AbortController();
    // Rejects only because of a bug in mcp-surge, which the connection remembers.
    const kept = this.#keepOpen(() => answered.abort());
    void kept.catch(() => answered.abort());
    await this.#clock.sleepUntil(fromMs + HEADERS_HELD_AFTER_MS, answered.signal);
    return answered.signal.aborted ? 0 : this.#clock.now() - fromMs;
  }

  close(): void {
    this.#closed.abort();
    this.#stream?.cancelStream();
  }

  async #keepOpen(onAnswer: () => void): Promise<void> {
    const { signal } = this.#closed;
    let lastEventId: string | undefined;
    let retry: number | undefined;
    const pause = new ReopenPause(this.#clock, this.#extraRequests);
    while (!signal.aborted) {
      const openedMs = this.#clock.now();
      const stream = await this.#openStream(lastEventId, (sent) => {
        this.#stream = sent;
        if (signal.aborted) sent.cancelStream();
      });
      onAnswer();
      // 405: the server offers no such stream.
      if (!succeeded(stream) || stream.status === 405) return;
      await stream.ended();
      // An event was too large or could not be read.
      if (!succeeded(stream)) return;
      lastEventId = stream.broken?.lastEventId ?? lastEventId;
      retry = stream.broken?.retryMs ?? retry;
      await pause.wait(retry, this.#clock.now() - openedMs, signal);
    }
  }
}

/** How many further streams may end without the answer, in case a server never sends it. */
const MAX_STREAMS = 100;

/**
 * Resumes the broken stream of a call until the answer has come (revision 2025-11-25, "Resumability and Redelivery"):
 * waits as long as the server asks, then sends GET with the id of the last event. Each GET is a sample of its own; the
 * sample of the call runs from its own dispatch to the answer. The session passes on to the exchange what comes over
 * the streams. When the load has ended, no further GET is sent: the call is then in flight like any other, and whoever
 * ended the load ends it too.
 * @param ended as in SessionOptions
 */
export async function resume(
  exchange: BrokenExchange,
  first: BrokenStream,
  { clock, ended, extraRequests }: Pick<SessionOptions, 'clock' | 'ended' | 'extraRequests'>,
  openStream: OpenStream,
): Promise<void> {
  const hasEnded = () => ended.aborted;
  const over = new AbortController();
  void exchange.settled.then(() => over.abort());
  const cutWhenOver = (stream: Exchange) => {
    if (over.signal.aborted) stream.cancelStream();
    else over.signal.addEventListener('abort', () => stream.cancelStream(), { once: true });
  };
  let { lastEventId, retryMs } = first;
  const pause = new ReopenPause(clock, extraRequests);
  let lastedMs = Number.POSITIVE_INFINITY;
  for (let streams = 0; streams < MAX_STREAMS; streams++) {
    await pause.wait(retryMs, lastedMs, over.signal);
    const openedMs = clock.now();
    if (exchange.over || hasEnded()) return;
    const stream = await openStream(lastEventId, cutWhenOver);
    // The end of the load ended this one, not the server.
    if (hasEnded() && isUnfinished(stream.outcome)) return;
    if (isUnfinished(stream.outcome)) {
      return exchange.abort(stream.outcome, `the stream could not be resumed: ${stream.message}`);
    }
    if (!succeeded(stream) || stream.status === 405) {
      const why = stream.status === 405 ? 'the server offers no stream (405)' : stream.message;
      return exchange.abandon(`it could not be resumed: ${stream.outcome} ${why}`);
    }
    await stream.ended();
    lastedMs = clock.now() - openedMs;
    lastEventId = stream.broken?.lastEventId ?? lastEventId;
    retryMs = stream.broken?.retryMs ?? retryMs;
  }
  exchange.abandon(`${MAX_STREAMS} more streams ended without it`);
}

/** How long to wait before a stream is opened again when the server does not say. The official clients wait as long. */
const DEFAULT_RETRY_MS = 1000;
/** The shortest wait, for servers that say 0. It doubles with each stream that ends within a second, up to a second. */
const MIN_RETRY_MS = 20;
const SHORT_STREAM_MS = 1000;
/** A server that asks for as long a wait gets just that. */
const PATIENT_RETRY_MS = 100;

/** The waits before the streams of one session or call are opened again. */
class ReopenPause {
  readonly #clock: Clock;
  readonly #extraRequests: ExtraRequests;
  #leastMs = MIN_RETRY_MS;

  constructor(clock: Clock, extraRequests: ExtraRequests) {
    this.#clock = clock;
    this.#extraRequests = extraRequests;
  }

  /**
   * Waits until a stream may be opened again.
   * @param askedMs from the server's latest `retry` field
   * @param lastedMs how long the stream before was open
   */
  async wait(askedMs: number = DEFAULT_RETRY_MS, lastedMs: number, signal: AbortSignal): Promise<void> {
    const clock = this.#clock;
    const isShort = lastedMs < SHORT_STREAM_MS && askedMs < PATIENT_RETRY_MS;
    const leastMs = isShort ? this.#leastMs : MIN_RETRY_MS;
    this.#leastMs = isShort ? Math.min(SHORT_STREAM_MS, 2 * leastMs) : MIN_RETRY_MS;
    await clock.sleepUntil(clock.now() + Math.max(leastMs, askedMs), signal);
    while (!signal.aborted && !this.#extraRequests.take()) {
      await clock.sleepUntil(clock.now() + this.#extraRequests.waitMs, signal);
    }
  }
}

/** What undici accepts as a header's value: each character is one byte. */
const SENDABLE = /^[\t -~\x80-\xff]*$/;

/**
 * The header that asks for the events after a given one (MCP 2025-03-26, "Resumability and Redelivery"). Its value is
 * the id in UTF-8 (WHATWG HTML §9.2.4). Empty when there is no id, or when the id holds a character that would end a
 * header.
 */
export function lastEventIdHeader(id: string | undefined): readonly string[] {
  if (id === undefined) return [];
  const value = Buffer.from(id, 'utf8').toString('latin1');
  return SENDABLE.test(value) ? ['last-event-id', value] : [];
}
