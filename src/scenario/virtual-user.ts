import type { Exchange } from '../mcp/http/exchange.ts';
import { headerOf } from '../mcp/http/exchange-request.ts';
import type { Call } from '../mcp/operations/call.ts';
import { retryAfterMs } from '../mcp/operations/retry-after.ts';
import { type Caller, IntendedStart, type Session } from '../mcp/session/session.ts';
import type { Scenario } from '../plan/scenario-schema.ts';
import { type Outcome, outcomeClass } from '../sample/outcome.ts';
import type { Recorder } from '../sample/recorder.ts';
import { plainSample } from '../sample/sample.ts';
import type { Clock } from '../traffic/clock.ts';
import type { Iteration, VirtualUser } from '../traffic/executor.ts';
import { drawThinkTime, type Random } from '../traffic/random.ts';
import type { CompiledScenario } from './compile-scenario.ts';
import { SessionKeeper } from './session-keeper.ts';
import type { Values } from './values.ts';

/** RFC 9110 §10.2.3 and RFC 6585 §4: the statuses that Retry-After goes with, redirects aside. */
const ASKING: ReadonlySet<number> = new Set([429, 503]);

/** True when the reply's status is one that may ask for a pause. */
export function canCarryRetryAfter({ status }: Exchange): boolean {
  return ASKING.has(status);
}

/** How long a reply asks to be left alone with Retry-After, milliseconds; 0 when it does not. @param nowMs epoch */
export function retryAfterDelayMs(exchange: Exchange, nowMs: number): number {
  return canCarryRetryAfter(exchange) ? (retryAfterMs(headerOf(exchange.replyHeaders, 'retry-after'), nowMs) ?? 0) : 0;
}

/** How an iteration came out. */
export type IterationResult = {
  readonly outcome: Outcome;
  /** The last reply, which may ask for a pause. */
  readonly last?: Exchange | undefined;
  /** True when nothing could be sent, so that the next iteration would come at once. */
  readonly barred?: boolean;
};

/** A feed has no row left for the iteration. */
export const FEED_EXHAUSTED: IterationResult = { outcome: 'PLAN_FEED_END', barred: true };

/** There was no session. @param before what the iteration came to until then */
export function sessionFailed(refused: Exchange, before: Outcome = 'OK'): IterationResult {
  return { outcome: worseOutcome(before, refused.outcome), last: refused, barred: true };
}

/** What an iteration comes to with one more call: its first failure, or else its first warning, or else OK. */
export function worseOutcome(before: Outcome, next: Outcome): Outcome {
  return rankOf(next) > rankOf(before) ? next : before;
}

function rankOf(outcome: Outcome): number {
  const became = outcomeClass(outcome);
  if (became === 'useful') return 0;
  return became === 'warning' ? 1 : 2;
}

export type McpVirtualUserOptions = {
  /** The virtual user's number in the run, and its place among those of the scenario. */
  readonly vu: number;
  readonly place: number;
  readonly scenario: Scenario;
  readonly compiled: CompiledScenario;
  /** Makes a session that waits for nothing any more once the signal has aborted. */
  readonly newSession: (ended: AbortSignal) => Session;
  /** Ends the requests under way of this virtual user as CLIENT_ABORT. */
  readonly abortRequests: (reason: string) => void;
  /** Makes what an iteration draws from. */
  readonly randomOf: (ordinal: number) => Random;
  /** Longest pause that a Retry-After may ask for, milliseconds. */
  readonly maxRetryAfterMs: number;
  /** Epoch milliseconds after which a session that is to be held open is not tried again. */
  readonly untilMs: number;
  readonly clock: Clock;
  readonly recorder: Recorder;
  /** Numbers of the scenario's iterations and of the target's sessions in the recorder. */
  readonly iterationOperation: number;
  readonly sessionOperation: number;
  /** When it aborts, pauses end at once and no further call is made. */
  readonly stopping: AbortSignal;
  /** When it aborts, waiting ends also within calls. */
  readonly ended: AbortSignal;
};

/** A target that cannot be reached is tried again after this pause, so that a dead target is not hammered. */
const REOPEN_PAUSE_MS = 1000;

/** Ends of a session that the call has no part in: it is sent once more in a new one (revision 2025-11-25, "Session Management"). */
const SESSION_GONE: ReadonlySet<string> = new Set(['SESS_EXPIRED', 'SESS_LOST']);

/** A virtual user as an agent is one: opens sessions as its scenario has it, calls its steps in them and pauses between. */
export class McpVirtualUser implements VirtualUser {
  readonly #options: McpVirtualUserOptions;
  readonly #sessions: SessionKeeper;
  readonly #interrupted = new AbortController();
  /** Aborted when nothing more may begin. */
  readonly #halt: AbortSignal;
  /** What the latest iteration draws from, its caller, and whether a session that it opens ends without a word. */
  #random: Random = () => 0;
  #caller: Caller;
  #leavesSilently = false;

  constructor(options: McpVirtualUserOptions) {
    const { newSession, scenario, clock, recorder, sessionOperation, stopping, ended, vu } = options;
    const { signal } = this.#interrupted;
    const gone = AbortSignal.any([ended, signal]);
    this.#options = options;
    this.#halt = AbortSignal.any([stopping, ended, signal]);
    this.#caller = { vu, iteration: 0 };
    this.#sessions = new SessionKeeper({
      newSession: () => newSession(gone),
      idleAfterMs: scenario.sessions.idleAfter,
      clock,
      recorder,
      sessionOperation,
    });
  }

  async iterate({ number, ordinal, intendedMs }: Iteration): Promise<void> {
    const { clock, compiled, place, randomOf, vu } = this.#options;
    const startMs = clock.now();
    const random = randomOf(ordinal);
    this.#random = random;
    this.#caller = { vu, iteration: number };
    const rows = compiled.rowsFor({ ordinal, place, random });
    const caller =
      intendedMs === undefined ? this.#caller : { ...this.#caller, intended: new IntendedStart(intendedMs) };
    const ending =
      rows === undefined
        ? FEED_EXHAUSTED
        : await this.#work(caller, { random, vu, iteration: number, rows, captured: new Map() });
    const lagMs = intendedMs === undefined ? 0 : Math.max(0, startMs - intendedMs);
    this.#record('iteration', this.#options.iterationOperation, ending.outcome, startMs, lagMs);
    // Where starts come at a rate, the plan says how often the target is tried.
    const leastMs = ending.barred === true && intendedMs === undefined ? REOPEN_PAUSE_MS : 0;
    if (leastMs > 0 || (ending.last !== undefined && canCarryRetryAfter(ending.last))) {
      await this.#pauseAsAsked(ending.last, leastMs);
    }
  }

  think(): number {
    return drawThinkTime(this.#options.scenario.thinkTime, this.#random);
  }

  interrupt(): void {
    this.#interrupted.abort();
    this.#options.abortRequests('the virtual user was taken away');
  }

  end(): Promise<void> {
    return this.#sessions.close(this.#caller, this.#leavesSilently);
  }

  async #work(caller: Caller, values: Values): Promise<IterationResult> {
    const { steps, sessions } = this.#options.scenario;
    if (sessions.reuse !== 'call') this.#drawFarewell();
    if (steps.length === 0 && sessions.reuse === 'vu') return this.#hold(caller);
    const ending = await (steps.length === 0 ? this.#visit(caller) : this.#callSteps(caller, values));
    if (sessions.reuse !== 'vu') await this.end();
    return ending;
  }

  /** Opens a session, if there is none, and tries for as long as it may. */
  async #hold(caller: Caller): Promise<IterationResult> {
    const { clock, untilMs } = this.#options;
    for (;;) {
      const refused = await this.#ready(caller);
      if (refused === undefined) return { outcome: 'OK' };
      if (this.#halt.aborted || clock.now() + REOPEN_PAUSE_MS >= untilMs) return { outcome: refused.outcome };
      await this.#pauseAsAsked(refused, REOPEN_PAUSE_MS);
    }
  }

  /** Opens a session, and stays for the time before a first call. */
  async #visit(caller: Caller): Promise<IterationResult> {
    const refused = await this.#ready(caller);
    if (refused !== undefined) return sessionFailed(refused);
    await this.#thinkBefore(caller);
    return { outcome: 'OK' };
  }

  async #callSteps(caller: Caller, values: Values): Promise<IterationResult> {
    const { scenario, compiled } = this.#options;
    const { thinkTime, thinkTimeBefore, sessions } = scenario;
    let outcome: Outcome = 'OK';
    let last: Exchange | undefined;
    for (const { needs, makeCall } of compiled.drawSteps(values.random)) {
      if (!needs.every((name) => values.captured.has(name))) continue;
      if (last !== undefined) {
        await this.#pauseAsAsked(last, 0);
        await this.#sleep(drawThinkTime(thinkTime, values.random));
        if (this.#halt.aborted) return { outcome: worseOutcome(outcome, 'CLIENT_ABORT') };
      }
      if (sessions.reuse === 'call') this.#drawFarewell();
      // Each await is a turn of the microtask queue and garbage, for every request: none without need.
      const refused = this.#sessions.isOpen ? undefined : await this.#sessions.open(caller);
      if (refused !== undefined) return sessionFailed(refused, outcome);
      if (last === undefined && thinkTimeBefore.type !== 'none' && (await this.#thinkBefore(caller))) {
        return { outcome: 'CLIENT_ABORT' };
      }
      const called = await this.#call(makeCall(values), caller);
      last = called.exchange;
      outcome = worseOutcome(outcome, last.outcome);
      if (called.refused !== undefined) return sessionFailed(called.refused, outcome);
      if (sessions.reuse === 'call') await this.end();
    }
    return { outcome, last };
  }

  /** @returns the request at which the opening of a session failed; undefined when there is one */
  async #ready(caller: Caller): Promise<Exchange | undefined> {
    return this.#sessions.isOpen ? undefined : this.#sessions.open(caller);
  }

  /** Sends a call, and once more in a new session when its own is gone; where there is none, it stays at the failure. */
  async #call(call: Call, caller: Caller): Promise<{ exchange: Exchange; refused?: Exchange | undefined }> {
    const exchange = await this.#sessions.request(call, caller);
    if (!SESSION_GONE.has(exchange.outcome) || this.#halt.aborted) return { exchange };
    const refused = await this.#sessions.open(caller);
    if (refused !== undefined) return { exchange, refused };
    return { exchange: await this.#sessions.request(call, { ...caller, retry: true }) };
  }

  /** Pauses before the first call, by so much later than the iteration it is meant to start. @returns true when it may not */
  async #thinkBefore({ intended }: Caller): Promise<boolean> {
    const pauseMs = drawThinkTime(this.#options.scenario.thinkTimeBefore, this.#random);
    if (pauseMs === 0) return false;
    intended?.delay(pauseMs);
    await this.#sleep(pauseMs);
    return this.#halt.aborted;
  }

  /** Drawn whether or not a session is opened, so that what comes after does not hang on the target. */
  #drawFarewell(): void {
    const { abandon } = this.#options.scenario.sessions.close;
    const draws = abandon > 0 && abandon < 1;
    const silently = draws ? this.#random() < abandon : abandon === 1;
    if (!this.#sessions.isOpen) this.#leavesSilently = silently;
  }

  /** Leaves the target alone for as long as it asks, which is a sample of its own, and at least for `leastMs`. */
  async #pauseAsAsked(exchange: Exchange | undefined, leastMs: number): Promise<void> {
    const { clock, maxRetryAfterMs } = this.#options;
    const startMs = clock.now();
    const askedMs = exchange === undefined ? 0 : Math.min(maxRetryAfterMs, retryAfterDelayMs(exchange, startMs));
    await this.#sleep(Math.max(askedMs, leastMs));
    if (exchange !== undefined && askedMs > 0) {
      this.#record('pause', exchange.sample.operation, exchange.outcome, startMs, 0);
    }
  }

  async #sleep(ms: number): Promise<void> {
    const { clock } = this.#options;
    if (ms > 0) await clock.sleepUntil(clock.now() + ms, this.#halt);
  }

  /** Records what began at `startMs` and ends now. */
  #record(kind: 'iteration' | 'pause', operation: number, outcome: Outcome, startMs: number, lagMs: number): void {
    const { clock, recorder } = this.#options;
    const { vu, iteration } = this.#caller;
    const durationMs = clock.now() - startMs;
    recorder.add(plainSample({ kind, operation, outcome, startMs, lagMs, durationMs, vu, iteration }));
  }
}
