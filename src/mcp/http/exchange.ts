import type { Dispatcher } from 'undici';
import type { Link } from '../../net/guarded-connector.ts';
import { SAMPLE_FLAG } from '../../sample/block.ts';
import { isAnswer, type Outcome } from '../../sample/outcome.ts';
import { classifyTransportError, isInternalError, isResumable, unreadable } from './classify.ts';
import {
  CUT_AFTER_MS,
  deadlineOf,
  firstDeadlineMs,
  judgeTimeout,
  patienceAfterHead,
  SETTLE_AFTER_MS,
  type Timeouts,
  timeoutsWithin,
} from './deadline.ts';
import type {
  BrokenExchange,
  BrokenStream,
  ExchangeHost,
  ExchangeRequest,
  ExchangeState,
  JudgedExchange,
  ReplyHeaders,
  RequestController,
} from './exchange-request.ts';
import type { Expiring } from './in-flight-requests.ts';
import type { Judgement } from './json-rpc.ts';
import { isAcknowledged, judgeHead, judgeHeldHeaders, judgeMessage, MAX_INTERIM } from './judge-reply.ts';
import { ReplyReader } from './reply-reader.ts';
import { newRequestSample, type RequestSample, recordConnection, recordOutcome } from './request-sample.ts';
import { countInTurn, SMALL_REPLY_BYTES } from './turn-budget.ts';

const NO_HEADERS: ReplyHeaders = {};

/**
 * One HTTP request and its reply, from dispatch until the reply has ended. undici calls it as the handler of the request.
 * The caller waits for `settled`; the times in the sample are those of the events, not of when the caller continues.
 */
export class Exchange implements Dispatcher.DispatchHandler, JudgedExchange, BrokenExchange, Expiring {
  readonly request: ExchangeRequest;
  readonly sample: RequestSample;
  status = 0;
  replyHeaders = NO_HEADERS;
  result: unknown;
  error: unknown;
  continues = false;
  /** The connection that the request was given to; undefined before that. */
  link: Link | undefined;
  dueMs = Number.POSITIVE_INFINITY;
  slot = -1;
  /** Resolves when the caller may continue: the outcome is final, and the connection is free or is not waited for. */
  readonly settled: Promise<void>;
  readonly #settleCaller: () => void;
  readonly #host: ExchangeHost<Exchange>;
  readonly #timeouts: Timeouts;
  #state: ExchangeState = 'waiting';
  /** When something last arrived, epoch milliseconds; infinite once nothing more comes over its own connection. */
  #lastActivityMs: number;
  #controller: RequestController | undefined;
  #reader: ReplyReader | undefined;
  #interimResponses = 0;
  /** How its stream failed, if the session tried to resume it; the outcome if no answer comes. */
  #pendingFailure: Judgement | undefined;
  #whenEnded: PromiseWithResolvers<void> | undefined;

  /** Starts the clock; the request is sent later, or never. */
  constructor(request: ExchangeRequest, host: ExchangeHost<Exchange>) {
    const { promise, resolve } = Promise.withResolvers<void>();
    const startMs = host.now();
    this.request = request;
    this.sample = newRequestSample(request, startMs);
    this.settled = promise;
    this.#settleCaller = resolve;
    this.#host = host;
    this.#timeouts = timeoutsWithin(host.timeouts, request.withinMs);
    this.#lastActivityMs = startMs;
    host.inFlight.add(this, firstDeadlineMs(this.#timeouts, startMs));
  }

  get state(): ExchangeState {
    return this.#state;
  }

  /** True once the outcome is final. */
  get over(): boolean {
    return this.#state !== 'waiting' && this.#state !== 'resuming';
  }

  /** Final once `over` is true. */
  get outcome(): Outcome {
    return this.sample.outcome;
  }

  /** What the target or the failure said; empty if nothing. */
  get message(): string {
    return this.sample.message;
  }

  /** What the server said about resuming its stream; undefined if the reply is not a stream. */
  get broken(): BrokenStream | undefined {
    return this.#reader?.broken;
  }

  /** Resolves when nothing more can come; for event streams, whose caller continues as soon as they are open. */
  ended(): Promise<void> {
    if (this.#whenEnded === undefined) {
      this.#whenEnded = Promise.withResolvers();
      if (this.#state === 'ended') this.#whenEnded.resolve();
    }
    return this.#whenEnded.promise;
  }

  /** Ends the request from our side. If no outcome is final yet, this one is. */
  abort(outcome: Outcome, message: string): void {
    const atMs = this.#sinceStart();
    const held = this.status > 0 ? undefined : judgeHeldHeaders(this.request, this.sample.socketMs, atMs);
    this.#decide(held ?? { outcome, message }, atMs);
    if (this.#controller !== undefined) {
      this.#controller.abort(new Error(message));
      return;
    }
    // The request has no connection. If undici still has it in its queue, onRequestStart stops it there.
    if (this.#pendingFailure !== undefined) this.sample.closeMs ??= this.sample.durationMs;
    this.#enter('ended');
  }

  /** Ends a stream that has nothing more to tell us, or is not open yet. This closes its connection over HTTP/1.1. */
  cancelStream(): void {
    if (this.#state === 'ended') return;
    if (this.over && this.request.expects !== 'stream') this.sample.flags |= SAMPLE_FLAG.held;
    this.abort('CLIENT_ABORT', 'the stream is no longer needed');
  }

  accept(message: unknown): void {
    if (this.#state !== 'resuming') return;
    try {
      const { answer } = judgeMessage(this, message);
      if (answer === undefined) return;
      this.sample.flags |= SAMPLE_FLAG.resumed;
      this.#endWith(answer, this.#sinceStart());
    } catch (error) {
      this.#cut(unreadable(error, this.#host.onUnreadable));
    }
  }

  abandon(why: string): void {
    if (this.#state !== 'resuming') return;
    const { outcome, message } = this.#pendingFailure as Judgement;
    this.#endWith({ outcome, message: `${message}; ${why}` }, this.#sinceStart());
  }

  /** Checks whether the request has timed out. After the outcome: lets the caller continue, and then cuts the stream. */
  onDeadline(nowMs: number): void {
    const { inFlight, cutsHeldStreams } = this.#host;
    if (!this.over && isAcknowledged(this)) {
      this.#decide((this.#reader as ReplyReader).end(), this.sample.headersMs ?? this.#sinceStart());
      this.cancelStream();
    } else if (!this.over) {
      const left = deadlineOf(this.#timeouts, this.sample, this.#lastActivityMs, nowMs);
      if (typeof left === 'number') inFlight.setDeadline(this, nowMs + left);
      else this.#timeOut(left);
    } else if (this.#state === 'settled') this.cancelStream();
    else {
      if (cutsHeldStreams || isAcknowledged(this)) inFlight.setDeadline(this, nowMs + CUT_AFTER_MS - SETTLE_AFTER_MS);
      this.#enter('settled');
    }
  }

  onRequestStart(controller: RequestController): void {
    // An error thrown here drops only the request. An abort would close the connection that was to carry it, so that
    // every request that timed out in the queue would cost the target a new connection.
    const atMs = this.#sinceStart();
    if (!this.#host.gate.allows(this.sample.startMs + atMs)) this.abort('CLIENT_ABORT', 'the load has ended');
    if (this.#state !== 'waiting') throw new Error('ended before it was sent');
    if (this.#controller !== undefined) this.sample.flags |= SAMPLE_FLAG.resent;
    this.#controller = controller;
    recordConnection(this.sample, this.link, atMs);
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: Exchange['replyHeaders']): void {
    if (this.#state !== 'waiting') return;
    if (status < 200 && ++this.#interimResponses <= MAX_INTERIM) return;
    if (status < 200) return void this.abort('NET_HTTP_PARSE', `more than ${MAX_INTERIM} interim responses`);
    const headersMs = this.#noteActivity();
    this.sample.headersMs = headersMs;
    this.status = status;
    this.replyHeaders = headers;
    this.#reader = new ReplyReader(this, this.#host.limits);
    if (this.#reader.kind === 'sse') this.sample.flags |= SAMPLE_FLAG.sse;
    const judgement = judgeHead(this, this.#reader.kind);
    if (judgement === undefined) {
      const patienceMs = isAcknowledged(this) ? CUT_AFTER_MS : patienceAfterHead(this.#timeouts, headersMs);
      if (patienceMs !== undefined) this.#host.inFlight.setDeadline(this, this.#lastActivityMs + patienceMs);
      return;
    }
    this.#decide(judgeHeldHeaders(this.request, this.sample.socketMs, headersMs) ?? judgement, headersMs);
    // The caller of a stream waits only until it is open.
    if (this.request.expects === 'stream') this.#enter('settled');
    else this.#host.inFlight.setDeadline(this, this.#lastActivityMs + SETTLE_AFTER_MS);
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#ignoresEvents) return;
    const atMs = this.#noteActivity();
    this.sample.bytes += chunk.length;
    if (this.over && this.request.expects !== 'stream') return;
    if (this.sample.bytes > SMALL_REPLY_BYTES) countInTurn(this.#controller, chunk.length);
    try {
      const reader = this.#reader as ReplyReader;
      const judgement = reader.push(chunk);
      if (judgement === undefined) return;
      if (reader.isOverLimit) return void this.#cut(judgement);
      this.#decide(judgement, atMs);
      this.#host.inFlight.setDeadline(this, this.#lastActivityMs + SETTLE_AFTER_MS);
    } catch (error) {
      this.#cut(unreadable(error, this.#host.onUnreadable));
    }
  }

  /** Takes note of an event of the reply's stream, right after it has arrived. */
  onEvent(): void {
    this.sample.firstEventMs ??= this.#lastActivityMs - this.sample.startMs;
  }

  onResponseEnd(): void {
    if (this.#ignoresEvents) return;
    const atMs = this.#noteActivity();
    this.sample.closeMs = atMs;
    if (this.over) return void this.#enter('ended');
    try {
      const judgement = (this.#reader as ReplyReader).end();
      if (!this.#tryResume(judgement)) this.#endWith(judgement, atMs);
    } catch (error) {
      this.#endWith(unreadable(error, this.#host.onUnreadable), atMs);
    }
  }

  onResponseError(_: Dispatcher.DispatchController | undefined, error: Error): void {
    if (this.#ignoresEvents) return;
    const { socketMs, connectMs, headersMs } = this.sample;
    const atMs = this.#sinceStart();
    this.sample.closeMs = atMs;
    if (this.over) return void this.#enter('ended');
    if (isInternalError(error)) {
      this.#failInternally(error);
      return void this.#enter('ended');
    }
    const isReused = socketMs !== undefined && connectMs === undefined;
    const judgement = classifyTransportError(error, headersMs !== undefined, isReused);
    if (!this.#tryResume(judgement)) this.#endWith(judgement, atMs);
  }

  /** True when what comes over its own connection no longer matters. */
  get #ignoresEvents(): boolean {
    return this.#state === 'resuming' || this.#state === 'ended';
  }

  /**
   * Offers the session to resume a stream that failed before its answer.
   * @returns true if it does; `accept`, `abandon` or `abort` then ends the exchange
   */
  #tryResume(failure: Judgement): boolean {
    const broken = isResumable(failure.outcome) ? this.broken : undefined;
    if (broken?.lastEventId === undefined || !this.request.peer.onBroken(this, broken)) return false;
    this.#pendingFailure = failure;
    this.#enter('resuming');
    return true;
  }

  #timeOut(timeout: Judgement): void {
    try {
      const unfinished = this.#reader?.endsUnterminated();
      this.#cut(judgeTimeout(timeout, this.sample, unfinished, this.#pendingFailure ?? this.#reader?.stray));
    } catch (error) {
      this.#cut(unreadable(error, this.#host.onUnreadable));
    }
  }

  /** Stops reading a reply. A stream for messages from the server was useful until then. */
  #cut({ outcome, message }: Judgement): void {
    if (this.over && this.request.expects === 'stream') Object.assign(this.sample, { outcome, message });
    this.abort(outcome, message);
  }

  /** Ends the request because of an error in mcp-surge itself, which says nothing about the target. */
  #failInternally(error: unknown): void {
    this.#host.onInternalError(error);
    this.abort('CLIENT_ABORT', `mcp-surge failed: ${error instanceof Error ? error.message : String(error)}`);
  }

  #endWith(judgement: Judgement, atMs: number): void {
    this.sample.closeMs = atMs;
    this.#decide(judgement, atMs);
    this.#enter('ended');
  }

  /** Makes the outcome final, unless it is. @param atMs when it was known, from the start */
  #decide(judgement: Judgement, atMs: number): void {
    if (this.over) return;
    recordOutcome(this.sample, judgement, atMs);
    this.continues &&= isAnswer(judgement.outcome);
    this.#enter('decided');
  }

  /** The only place where the state changes, with what each state begins with. An exchange ends only once. */
  #enter(state: Exclude<ExchangeState, 'waiting'>): void {
    const before = this.#state;
    if (before === 'ended') return;
    this.#state = state;
    const { inFlight, onFinished } = this.#host;
    switch (state) {
      case 'resuming':
        this.#controller = undefined;
        this.#reader?.release();
        this.#reader = undefined;
        this.sample.closeMs = undefined;
        // Nothing arrives here any more, so that only the time limit for the whole request counts.
        this.#lastActivityMs = Number.POSITIVE_INFINITY;
        break;
      case 'decided':
        inFlight.setDeadline(this, Number.POSITIVE_INFINITY);
        break;
      case 'settled':
        this.#settleCaller();
        break;
      case 'ended':
        inFlight.remove(this);
        // Callers keep the exchange for its result; the raw bytes of the reply need not stay in memory with it.
        this.#controller = undefined;
        this.#reader?.release();
        if (this.broken === undefined) this.#reader = undefined;
        this.#whenEnded?.resolve();
        // undici makes the connection available in an immediate that it requests right after this call. Ours, requested
        // in a microtask, runs after it in the same turn of the event loop.
        if (before !== 'settled') queueMicrotask(() => setImmediate(this.#settleCaller));
        onFinished(this);
    }
  }

  #sinceStart(): number {
    return this.#host.now() - this.sample.startMs;
  }

  /** Records that something has arrived. @returns milliseconds from the start */
  #noteActivity(): number {
    this.#lastActivityMs = this.#host.now();
    return this.#lastActivityMs - this.sample.startMs;
  }
}
