import type { Clock } from '../../traffic/clock.ts';
import type { Exchange } from '../http/exchange.ts';
import { retryMs } from './retry-ms.ts';
import { succeeded } from './succeeded.ts';

/** A server that sends its headers only with the first event is not waited for any longer than this. */
const PATIENCE_MS = 2000;

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
    await this.#clock.sleepUntil(this.#clock.now() + PATIENCE_MS, answered.signal);
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
