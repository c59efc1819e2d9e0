import type { Dispatcher } from 'undici';
import { SAMPLE_FLAG } from '../../sample/block.ts';
import type { Outcome } from '../../sample/outcome.ts';
import type { Sample } from '../../sample/sample.ts';
import { classifyTransportError, isFaultOfOurs, type Judgement } from './classify.ts';
import type { ExchangeRequest, JudgedExchange } from './exchange-request.ts';
import { ReplyReader } from './reply-reader.ts';

/** What an exchange needs of the connection it runs on. */
export type ExchangeHost = {
  readonly now: () => number;
  readonly timeouts: { readonly headers: number; readonly idle: number; readonly total: number };
  /** Called once, when nothing more can come: now the sample is complete. Must not throw. */
  readonly onFinished: (exchange: Exchange) => void;
  /** Hears of a bug of ours, which must not pass for a fault of the target. Must not throw. */
  readonly onBug: (error: unknown) => void;
};

/** How long a stream may stay open after its answer before it is cut, so that its connection is free again. */
const DRAIN_MS = 250;

/**
 * How long after its answer the caller is kept waiting for the stream's end. Nearly always it comes with the answer or
 * right behind it, and then the caller's next request finds a free connection; without the wait it would open one more.
 */
const RELEASE_MS = 5;

/**
 * One request and its reply, from dispatch until the stream is closed; it is its own sample. The caller waits for
 * `settled`, which comes with the matching response as soon as the connection is free again, and in any case before a
 * stream that stays open: the sample's times are taken when things happen, not when the caller goes on.
 */
export class Exchange implements Dispatcher.DispatchHandler, Sample, JudgedExchange {
  readonly kind = 'request';
  readonly request: ExchangeRequest;
  readonly startMs: number;
  readonly lagMs = 0;
  outcome: Outcome = 'CLIENT_ABORT';
  message = '';
  durationMs = 0;
  headersMs: number | undefined;
  firstEventMs: number | undefined;
  closeMs: number | undefined;
  bytes = 0;
  flags: number;
  /** 0 until the reply's headers are there. */
  status = 0;
  replyHeaders: Readonly<Record<string, string | string[] | undefined>> = {};
  /** The result of the matching response, if it had one. */
  result: unknown;
  readonly settled: Promise<void>;

  readonly #host: ExchangeHost;
  #controller: Dispatcher.DispatchController | undefined;
  #reader: ReplyReader | undefined;
  #timer: NodeJS.Timeout;
  #lastActivityMs: number;
  #resolve: () => void = () => {};
  #released = false;
  #state: 'open' | 'settled' | 'finished' = 'open';

  constructor(request: ExchangeRequest, host: ExchangeHost) {
    this.request = request;
    this.flags = request.flags;
    this.#host = host;
    this.startMs = host.now();
    this.#lastActivityMs = this.startMs;
    this.settled = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    this.#timer = setTimeout(this.#onTimer, Math.min(host.timeouts.headers, host.timeouts.total));
  }

  get operation(): number {
    return this.request.operation;
  }
  get vu(): number {
    return this.request.vu;
  }
  get iteration(): number {
    return this.request.iteration;
  }

  /** Ends the request from our side; what it had not settled by then becomes this outcome. */
  abort(outcome: Outcome, message: string): void {
    this.#settle({ outcome, message }, this.#sinceStart());
    // Not yet on a connection: undici has it in its queue, and onRequestStart stops it there.
    if (this.#controller === undefined) this.#finish();
    else this.#controller.abort(new Error(message));
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    // An error thrown here only drops the request. An abort would close the connection that was to carry it, and every
    // request that timed out in the queue would cost the target a new one.
    if (this.#state !== 'open') throw new Error('ended before it was sent');
    this.#controller = controller;
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: Exchange['replyHeaders']): void {
    if (status < 200) return;
    this.headersMs = this.#touch();
    this.status = status;
    this.replyHeaders = headers;
    this.#reader = new ReplyReader(this, () => {
      this.firstEventMs ??= this.#lastActivityMs - this.startMs;
    });
    if (this.#reader.kind === 'sse') this.flags |= SAMPLE_FLAG.sse;
    const { headers: headersTimeoutMs, idle, total } = this.#host.timeouts;
    // The timer set for the headers looks after the silences too, unless they are to end sooner.
    if (this.#state !== 'open' || this.headersMs + idle >= Math.min(headersTimeoutMs, total)) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#onTimer, Math.ceil(idle));
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    const atMs = this.#touch();
    this.bytes += chunk.length;
    if (this.#state !== 'open') return;
    try {
      const judgement = this.#reader?.push(chunk);
      if (judgement === undefined) return;
      this.#settle(judgement, atMs);
      this.#timer = setTimeout(this.#onTimer, RELEASE_MS);
    } catch (error) {
      this.#giveUp(error);
    }
  }

  onResponseEnd(): void {
    this.closeMs = this.#touch();
    if (this.#state === 'open') {
      try {
        this.#settle((this.#reader as ReplyReader).end(), this.closeMs);
      } catch (error) {
        this.#giveUp(error);
      }
    }
    this.#finish();
  }

  onResponseError(_: Dispatcher.DispatchController | undefined, error: Error): void {
    if (this.#state === 'finished') return;
    this.closeMs = this.#sinceStart();
    if (this.#state === 'open') {
      if (isFaultOfOurs(error)) this.#giveUp(error);
      else this.#settle(classifyTransportError(error, this.headersMs !== undefined), this.closeMs);
    }
    this.#finish();
  }

  readonly #onTimer = (): void => {
    if (this.#state === 'settled') {
      if (this.#released) this.#controller?.abort(new Error('stream held open after its answer'));
      else this.#timer = setTimeout(this.#onTimer, DRAIN_MS - RELEASE_MS);
      this.#release();
      return;
    }
    const { headers, idle, total } = this.#host.timeouts;
    const now = this.#host.now();
    const totalLeftMs = this.startMs + total - now;
    const phaseLeftMs = this.headersMs === undefined ? this.startMs + headers - now : this.#lastActivityMs + idle - now;
    if (totalLeftMs <= 0) this.abort('TMO_TOTAL', `no answer within ${total} ms${this.#soFar()}`);
    else if (phaseLeftMs > 0) this.#timer = setTimeout(this.#onTimer, Math.ceil(Math.min(totalLeftMs, phaseLeftMs)));
    else if (this.headersMs === undefined) this.abort('TMO_HEADERS', `no headers within ${headers} ms${this.#soFar()}`);
    else this.abort('TMO_IDLE', `no byte for ${idle} ms${this.#soFar()}`);
  };

  /** What may explain a timeout. */
  #soFar(): string {
    if (this.#controller === undefined) return '; not sent, as no connection was free or could be made';
    const stray = this.#reader?.stray;
    return stray === undefined ? '' : `; before that ${stray.outcome}: ${stray.message}`;
  }

  /** Ends the request because of a bug of ours, which says nothing about the target. */
  #giveUp(error: unknown): void {
    this.#host.onBug(error);
    this.abort('CLIENT_ABORT', `mcp-surge failed: ${error instanceof Error ? error.message : String(error)}`);
  }

  /** @param atMs when the judgement was known, from the start */
  #settle(judgement: Judgement, atMs: number): void {
    if (this.#state !== 'open') return;
    this.#state = 'settled';
    clearTimeout(this.#timer);
    this.durationMs = atMs;
    this.outcome = judgement.outcome;
    this.message = judgement.message;
  }

  #release(): void {
    if (this.#released) return;
    this.#released = true;
    this.#resolve();
  }

  #finish(): void {
    if (this.#state === 'finished') return;
    this.#state = 'finished';
    clearTimeout(this.#timer);
    this.#host.onFinished(this);
    // undici takes a connection back one turn of the event loop after its reply.
    setImmediate(() => setImmediate(() => this.#release()));
  }

  /** Milliseconds from the start to now, when something arrived. */
  #touch(): number {
    this.#lastActivityMs = this.#host.now();
    return this.#lastActivityMs - this.startMs;
  }

  #sinceStart(): number {
    return this.#host.now() - this.startMs;
  }
}
