import type { Exchange } from '../mcp/exchange/exchange.ts';
import { headerOf } from '../mcp/exchange/header.ts';
import type { Call } from '../mcp/operations/call.ts';
import { isList } from '../mcp/operations/list-items.ts';
import { retryAfterMs } from '../mcp/operations/retry-after.ts';
import { listPages } from '../mcp/session/list-pages.ts';
import type { Caller, Session } from '../mcp/session/session.ts';
import type { ThinkTime } from '../plan/scenario-schema.ts';
import { plainSample } from '../sample/plain-sample.ts';
import type { Recorder } from '../sample/recorder.ts';
import type { Sample } from '../sample/sample.ts';
import type { Clock } from '../traffic/clock.ts';
import type { VirtualUser } from '../traffic/constant-vus.ts';
import type { Random } from '../traffic/random.ts';
import { drawThinkTime } from '../traffic/think-time.ts';
import type { StepChooser } from './compile-scenario.ts';

export type AgentOptions = {
  readonly vu: number;
  readonly startOffsetMs: number;
  readonly openSession: () => Session;
  readonly chooseStep: StepChooser;
  readonly thinkTime: ThinkTime;
  /** Longest pause that a Retry-After may ask for, milliseconds. */
  readonly maxRetryAfterMs: number;
  readonly random: Random;
  readonly clock: Clock;
  readonly recorder: Recorder;
  /** Number of the scenario's iterations in the recorder. */
  readonly iterationOperation: number;
  /** When it aborts, pauses end at once. */
  readonly stopping: AbortSignal;
};

/** A target that cannot be reached is tried again after this pause, so that a dead target is not hammered. */
const REOPEN_PAUSE_MS = 1000;

/** Ends of a session that the call has no part in: it is sent once more in a new one (revision 2025-11-25, "Session Management"). */
const SESSION_GONE: ReadonlySet<string> = new Set(['SESS_EXPIRED', 'SESS_LOST']);

/** A virtual user: keeps one session as long as the server does, and calls one step an iteration. */
export class Agent implements VirtualUser {
  readonly #options: AgentOptions;
  #session: Session | undefined;
  #lastIteration = 0;

  constructor(options: AgentOptions) {
    this.#options = options;
  }

  async iterate(iteration: number): Promise<void> {
    const { chooseStep, random, vu, clock } = this.#options;
    this.#lastIteration = iteration;
    const caller = { vu, iteration };
    const session = this.#session?.alive === true ? this.#session : await this.#newSession(caller);
    if (session === undefined) return;
    const startMs = clock.now();
    const call = chooseStep(random).makeCall(random);
    let exchange = await send(session, call, caller);
    if (SESSION_GONE.has(exchange.outcome)) exchange = await this.#sendAgain(call, caller, exchange);
    const { recorder, iterationOperation } = this.#options;
    const durationMs = clock.now() - startMs;
    recorder.add(this.#sample('iteration', iterationOperation, exchange.outcome, startMs, durationMs));
    if (mayAskToPause(exchange)) await this.#pauseAsAsked(exchange, 0);
  }

  get startOffsetMs(): number {
    return this.#options.startOffsetMs;
  }

  think(): number {
    return drawThinkTime(this.#options.thinkTime, this.#options.random);
  }

  async end(): Promise<void> {
    await this.#session?.close({ vu: this.#options.vu, iteration: this.#lastIteration });
  }

  /** Sends a call once more in a new session; where there is none, it stays at the failure of the first. */
  async #sendAgain(call: Call, caller: Caller, first: Exchange): Promise<Exchange> {
    if (this.#options.stopping.aborted) return first;
    const session = await this.#newSession(caller);
    return session === undefined ? first : send(session, call, { ...caller, retry: true });
  }

  /** A new session; undefined, after a pause, when it cannot be opened. */
  async #newSession(caller: Caller): Promise<Session | undefined> {
    const session = this.#options.openSession();
    const opened = await session.open(caller);
    if ('failed' in opened) {
      await this.#pauseAsAsked(opened.failed, REOPEN_PAUSE_MS);
      return undefined;
    }
    this.#session = session;
    return session;
  }

  /**
   * Leaves the target alone for as long as it asks with Retry-After, which is a sample of its own, and at least for
   * `leastMs`.
   */
  async #pauseAsAsked(exchange: Exchange, leastMs: number): Promise<void> {
    const { clock, stopping, maxRetryAfterMs, recorder } = this.#options;
    const startMs = clock.now();
    const asksMs = mayAskToPause(exchange)
      ? retryAfterMs(headerOf(exchange.replyHeaders, 'retry-after'), startMs)
      : undefined;
    const pauseMs = Math.min(asksMs ?? 0, maxRetryAfterMs);
    if (pauseMs > 0 || leastMs > 0) await clock.sleepUntil(startMs + Math.max(pauseMs, leastMs), stopping);
    if (pauseMs === 0) return;
    recorder.add(this.#sample('pause', exchange.operation, exchange.outcome, startMs, clock.now() - startMs));
  }

  #sample(
    kind: Sample['kind'],
    operation: number,
    outcome: Sample['outcome'],
    startMs: number,
    durationMs: number,
  ): Sample {
    const { vu } = this.#options;
    return plainSample({ kind, operation, outcome, startMs, durationMs, vu, iteration: this.#lastIteration });
  }
}

/** Sends a call; a list is read to its last page. */
function send(session: Session, call: Call, caller: Caller): Promise<Exchange> {
  return isList(call) ? listPages(session, call, caller, () => {}) : session.request(call, caller);
}

/** RFC 9110 §10.2.3 and RFC 6585 §4: the statuses that Retry-After goes with, redirects aside. */
function mayAskToPause({ status }: Exchange): boolean {
  return status === 429 || status === 503;
}
