import type { Clock } from '../../traffic/clock.ts';
import type { Exchange } from '../http/exchange.ts';

/** Requests of a session that no caller waits for: answers to the server's requests, and cancellations. */
export class Background {
  readonly #work = new Set<Promise<void>>();
  readonly #requests = new Set<Exchange>();

  /** Remembers a request until it is settled. */
  watch(request: Exchange): void {
    this.#requests.add(request);
    void request.settled.then(() => this.#requests.delete(request));
  }

  /** Adds work in progress. It rejects only because of a bug in mcp-surge, which the connection remembers. */
  add(work: Promise<unknown>): void {
    const forget = () => {
      this.#work.delete(watched);
    };
    const watched = work.then(forget, forget);
    this.#work.add(watched);
  }

  /** Resolves when all work is done. @param withinMs ends requests after this time, milliseconds */
  async done(clock: Clock, withinMs: number | undefined): Promise<void> {
    const done = new AbortController();
    const limited = withinMs === undefined ? undefined : this.#limit(clock, withinMs, done.signal);
    while (this.#work.size > 0) await Promise.all(this.#work);
    done.abort();
    await limited;
  }

  async #limit(clock: Clock, withinMs: number, done: AbortSignal): Promise<void> {
    if (this.#work.size === 0) return;
    await clock.sleepUntil(clock.now() + withinMs, done);
    if (done.aborted) return;
    for (const request of this.#requests) {
      request.abort('TMO_TOTAL', `no answer within ${withinMs} ms, the limit at the end of the load`);
    }
  }
}
