import type { ExchangeRequest } from '../http/exchange-request.ts';
import { RequestSample } from '../http/request-sample.ts';
import type { Judgement } from './judgement.ts';

/** Messages are shown, not stored whole: a target may send megabytes of what is no answer. */
const MAX_MESSAGE_CHARACTERS = 4096;

/**
 * A request's sample in the making: its outcome, which is decided once, and what others wait for in it. Between outcome
 * and end the reply may still be running; when it has ended, nothing in the sample changes any more.
 */
export abstract class AwaitedSample extends RequestSample {
  /** Resolves when the caller may go on. */
  readonly settled: Promise<void>;
  #settle: (() => void) | undefined;
  #released = false;
  #whenEnded: PromiseWithResolvers<void> | undefined;
  #state: 'open' | 'decided' | 'ended' = 'open';

  /** @param now epoch milliseconds */
  constructor(request: ExchangeRequest, now: () => number) {
    super(request, now);
    this.settled = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  /** True once the outcome stands. */
  get over(): boolean {
    return this.#state !== 'open';
  }

  /** Resolves when nothing more can come; for streams, which are settled as soon as they are open. */
  ended(): Promise<void> {
    if (this.#whenEnded === undefined) {
      this.#whenEnded = Promise.withResolvers();
      if (this.hasEnded) this.#whenEnded.resolve();
    }
    return this.#whenEnded.promise;
  }

  protected get hasEnded(): boolean {
    return this.#state === 'ended';
  }

  /** @param atMs when the judgement was known, from the start */
  protected decide({ outcome, message }: Judgement, atMs: number): void {
    if (this.over) return;
    this.#state = 'decided';
    this.durationMs = atMs;
    this.outcome = outcome;
    this.message = message.length > MAX_MESSAGE_CHARACTERS ? message.slice(0, MAX_MESSAGE_CHARACTERS) : message;
  }

  protected get released(): boolean {
    return this.#released;
  }

  protected release(): void {
    if (this.#released) return;
    this.#released = true;
    this.#settle?.();
  }

  protected end(): void {
    this.#state = 'ended';
    this.#whenEnded?.resolve();
    if (this.#released) return;
    // undici takes a connection back in an immediate of its own, which it asks for right after this call: ours, asked for in
    // a microtask, comes behind it in the same turn of the event loop.
    queueMicrotask(() => setImmediate(() => this.release()));
  }
}
