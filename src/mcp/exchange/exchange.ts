import type { Dispatcher } from 'undici';
import { SAMPLE_FLAG } from '../../sample/block.ts';
import type { Outcome } from '../../sample/outcome.ts';
import { AwaitedSample } from './awaited-sample.ts';
import { classifyTransportError, isFaultOfOurs } from './classify.ts';
import { deadlineOf, type Timeouts } from './deadline.ts';
import type { BrokenExchange, BrokenStream, ExchangeRequest } from './exchange-request.ts';
import { judgeHead, judgeMessage } from './judge-reply.ts';
import type { Judgement } from './judgement.ts';
import { ReplyReader } from './reply-reader.ts';

/** What an exchange needs of the connection it runs on. */
export type ExchangeHost = {
  readonly now: () => number;
  /** False to read event streams to their end, however long they stay open after their answer. */
  readonly cutsHeldStreams: boolean;
  readonly timeouts: Timeouts;
  /** Called once, when nothing more can come: now the sample is complete. Must not throw. */
  readonly onFinished: (exchange: Exchange) => void;
  /** Hears of a bug of ours, which must not pass for a fault of the target. Must not throw. */
  readonly onBug: (error: unknown) => void;
};

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
export class Exchange extends AwaitedSample implements Dispatcher.DispatchHandler, BrokenExchange {
  readonly #host: ExchangeHost;
  #controller: Dispatcher.DispatchController | undefined;
  #reader: ReplyReader | undefined;
  #timer: NodeJS.Timeout;
  /** How its stream ended, as long as the answer may come over another. */
  #brokenAs: Judgement | undefined;

  constructor(request: ExchangeRequest, host: ExchangeHost) {
    super(request, host.now);
    this.#host = host;
    this.#timer = setTimeout(this.#onTimer, Math.min(host.timeouts.headers, host.timeouts.total));
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
    this.#reader = new ReplyReader(this, () => {
      this.firstEventMs ??= this.lastActivityMs - this.startMs;
    });
    const { kind } = this.#reader;
    if (kind === 'sse') this.flags |= SAMPLE_FLAG.sse;
    const judgement = judgeHead(this, kind);
    if (judgement !== undefined) {
      this.#decide(judgement, this.headersMs);
      // That a stream is open is all that its caller waits for.
      if (this.request.expects === 'stream') this.release();
      else this.#timer = setTimeout(this.#onTimer, RELEASE_MS);
      return;
    }
    const { headers: headersTimeoutMs, idle, total } = this.#host.timeouts;
    // The timer set for the headers looks after the silences too, unless they are to end sooner.
    if (this.headersMs + idle >= Math.min(headersTimeoutMs, total)) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#onTimer, Math.ceil(idle));
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
      this.#timer = setTimeout(this.#onTimer, RELEASE_MS);
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

  readonly #onTimer = (): void => {
    if (!this.over) {
      const left = deadlineOf(this.#host.timeouts, this, this.now());
      if (typeof left === 'number') this.#timer = setTimeout(this.#onTimer, left);
      else this.#timeOut(left);
    } else if (this.released) this.cut();
    else {
      if (this.#host.cutsHeldStreams) this.#timer = setTimeout(this.#onTimer, DRAIN_MS - RELEASE_MS);
      this.release();
    }
  };

  #timeOut({ outcome, message }: Judgement): void {
    try {
      if (this.#reader?.endsUnterminated())
        this.abort('TMO_UNTERMINATED', 'the answer came, but its event was never closed by a blank line');
      else this.abort(outcome, message + this.#soFar());
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

  /** What may explain a timeout. */
  #soFar(): string {
    if (this.socketMs === undefined) return '; not sent, as no connection was free or could be made';
    const before = this.#brokenAs ?? this.#reader?.stray;
    return before === undefined ? '' : `; before that ${before.outcome}: ${before.message}`;
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
    clearTimeout(this.#timer);
    this.decide(judgement, atMs);
  }

  #finish(): void {
    if (this.hasEnded) return;
    clearTimeout(this.#timer);
    this.end();
    this.#host.onFinished(this);
  }
}
