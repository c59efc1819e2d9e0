import type { Dispatcher } from 'undici';
import { SAMPLE_FLAG } from '../../sample/block.ts';
import type { Outcome } from '../../sample/outcome.ts';
import { classifyTransportError, explainTimeout, isFaultOfOurs } from './classify.ts';
import type { BrokenExchange, BrokenStream, ExchangeHost, ExchangeRequest } from './exchange-request.ts';
import { deadlineOf, type Expiring } from './in-flight-requests.ts';
import type { Judgement } from './json-rpc.ts';
import { judgeHead, judgeMessage } from './judge-reply.ts';
import { ReplyReader } from './reply-reader.ts';
import { RequestSample } from './request-sample.ts';

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

/** Ends of a stream after which the answer may still be had elsewhere. */
const RESUMABLE: ReadonlySet<Outcome> = new Set<Outcome>(['PROTO_NO_REPLY', 'NET_RESET_MID']);

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
export class Exchange extends AwaitedSample implements Dispatcher.DispatchHandler, BrokenExchange, Expiring {
  readonly #host: ExchangeHost<Exchange>;
  #controller: Dispatcher.DispatchController | undefined;
  #reader: ReplyReader | undefined;
  /** How its stream ended, as long as the answer may come over another. */
  #brokenAs: Judgement | undefined;

  constructor(request: ExchangeRequest, host: ExchangeHost<Exchange>) {
    super(request, host.now);
    this.#host = host;
    host.underWay.add(this, this.startMs + Math.min(host.timeouts.headers, host.timeouts.total));
  }

  /** Ends the request from our side; what was not decided by then becomes this outcome. */
  abort(outcome: Outcome, message: string): void {
    this.#decide({ outcome, message }, this.sinceStart());
    if (this.#controller !== undefined) {
      this.#controller.abort(new Error(message));
      return;
    }
    // Not yet on a connection: undici has it in its queue, and onRequestStart stops it there.
    if (this.#brokenAs !== undefined) this.closeMs ??= this.durationMs;
    this.#finish();
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    // An error thrown here only drops the request. An abort would close the connection that was to carry it, and every
    // request that timed out in the queue would cost the target a new one.
    if (this.over || this.#deaf) throw new Error('ended before it was sent');
    this.#controller = controller;
    this.takeConnection(this.sinceStart());
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: Exchange['replyHeaders']): void {
    if (status < 200 || this.over || this.#deaf) return;
    this.headersMs = this.touch();
    this.status = status;
    this.replyHeaders = headers;
    this.#reader = new ReplyReader(this);
    const { kind } = this.#reader;
    if (kind === 'sse') this.flags |= SAMPLE_FLAG.sse;
    const judgement = judgeHead(this, kind);
    if (judgement !== undefined) {
      this.#decide(judgement, this.headersMs);
      // That a stream is open is all that its caller waits for.
      if (this.request.expects === 'stream') this.release();
      else this.#host.underWay.setDeadline(this, this.lastActivityMs + RELEASE_MS);
      return;
    }
    const { headers: headersTimeoutMs, idle, total } = this.#host.timeouts;
    // What is due for the headers looks after the silences too, unless they are to end sooner.
    if (this.headersMs + idle < Math.min(headersTimeoutMs, total))
      this.#host.underWay.setDeadline(this, this.lastActivityMs + idle);
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#deaf) return;
    const atMs = this.touch();
    this.bytes += chunk.length;
    if (this.over && this.request.expects !== 'stream') return;
    try {
      const judgement = this.#reader?.push(chunk);
      if (judgement === undefined) return;
      this.#decide(judgement, atMs);
      this.#host.underWay.setDeadline(this, this.lastActivityMs + RELEASE_MS);
    } catch (error) {
      this.#giveUp(error);
    }
  }

  onResponseEnd(): void {
    if (this.#deaf) return;
    this.closeMs = this.touch();
    if (!this.over) {
      try {
        if (this.#takenUp((this.#reader as ReplyReader).end())) return;
      } catch (error) {
        this.#giveUp(error);
      }
    }
    this.#finish();
  }

  onResponseError(_: Dispatcher.DispatchController | undefined, error: Error): void {
    if (this.#deaf) return;
    this.closeMs = this.sinceStart();
    if (!this.over) {
      const reused = this.socketMs !== undefined && this.connectMs === undefined;
      if (isFaultOfOurs(error)) this.#giveUp(error);
      else if (this.#takenUp(classifyTransportError(error, this.headersMs !== undefined, reused))) return;
    }
    this.#finish();
  }

  accept(message: unknown): void {
    if (this.over) return;
    try {
      const { answer } = judgeMessage(this, message);
      if (answer === undefined) return;
      this.flags |= SAMPLE_FLAG.resumed;
      this.#closeWith(answer);
    } catch (error) {
      this.#giveUp(error);
    }
  }

  abandon(why: string): void {
    if (this.over || this.#brokenAs === undefined) return;
    const { outcome, message } = this.#brokenAs;
    this.#closeWith({ outcome, message: `${message}; ${why}` });
  }

  /** Looks whether its time is up or, after its answer, its caller may go on and its stream be cut. */
  onDeadline(nowMs: number): void {
    if (!this.over) {
      const left = deadlineOf(this.#host.timeouts, this, nowMs);
      if (typeof left === 'number') this.#host.underWay.setDeadline(this, nowMs + left);
      else this.#timeOut(left);
    } else if (this.released) this.cut();
    else {
      if (this.#host.cutsHeldStreams) this.#host.underWay.setDeadline(this, nowMs + DRAIN_MS - RELEASE_MS);
      this.release();
    }
  }

  #timeOut({ outcome, message }: Judgement): void {
    try {
      if (this.#reader?.endsUnterminated())
        this.abort('TMO_UNTERMINATED', 'the answer came, but its event was never closed by a blank line');
      else
        this.abort(
          outcome,
          message + explainTimeout(this.socketMs !== undefined, this.#brokenAs ?? this.#reader?.stray),
        );
    } catch (error) {
      this.#giveUp(error);
    }
  }

  /** Where the stream, if it was one, can be taken up again after its end. */
  get broken(): BrokenStream | undefined {
    return this.#reader?.broken;
  }

  /** Ends a stream that has nothing more to say to us, or was not open yet. It costs the target's connection. */
  cut(): void {
    if (this.hasEnded) return;
    if (this.over && this.request.expects !== 'stream') this.flags |= SAMPLE_FLAG.held;
    this.abort('CLIENT_ABORT', 'the stream is not read any further');
  }

  /**
   * Ends the exchange as its stream ended, unless the session takes the stream up again.
   * @returns true when it does: then the answer, or that there is none, comes by `accept` or `abandon`
   */
  #takenUp(judgement: Judgement): boolean {
    const broken = RESUMABLE.has(judgement.outcome) ? this.broken : undefined;
    if (broken?.lastEventId !== undefined && this.request.peer.onBroken(this, broken)) {
      this.#brokenAs = judgement;
      this.#controller = undefined;
      this.#reader = undefined;
      this.closeMs = undefined;
      // Whatever comes now comes over another stream: only the time in all counts.
      this.lastActivityMs = Number.POSITIVE_INFINITY;
      return true;
    }
    this.#decide(judgement, this.closeMs as number);
    return false;
  }

  /** True when nothing that comes over its own connection matters any more. */
  get #deaf(): boolean {
    return this.hasEnded || this.#brokenAs !== undefined;
  }

  /** Ends the request because of a bug of ours, which says nothing about the target. */
  #giveUp(error: unknown): void {
    this.#host.onBug(error);
    this.abort('CLIENT_ABORT', `mcp-surge failed: ${error instanceof Error ? error.message : String(error)}`);
  }

  #closeWith(judgement: Judgement): void {
    this.closeMs = this.sinceStart();
    this.#decide(judgement, this.closeMs);
    this.#finish();
  }

  #decide(judgement: Judgement, atMs: number): void {
    if (this.over) return;
    this.#host.underWay.setDeadline(this, Number.POSITIVE_INFINITY);
    this.decide(judgement, atMs);
  }

  #finish(): void {
    if (this.hasEnded) return;
    this.#host.underWay.remove(this);
    // Callers keep the exchange for its result, and need not keep the raw bytes of its reply with it.
    this.#controller = undefined;
    if (this.broken === undefined) this.#reader = undefined;
    this.end();
    this.#host.onFinished(this);
  }
}
