import type { Exchange } from '../mcp/http/exchange.ts';
import { type Caller, FAREWELL_MS, IntendedStart } from '../mcp/session/session.ts';
import type { Plan } from '../plan/plan-schema.ts';
import type { ScenarioSegment } from '../plan/slices.ts';
import type { Target } from '../plan/target-schema.ts';
import { maxVusOf } from '../plan/timeline.ts';
import { type CutOutcome, isUnfinished, type Outcome, outcomeClass } from '../sample/outcome.ts';
import { plainSample } from '../sample/sample.ts';
import type { Iteration, SegmentRun, VirtualUser } from '../traffic/executor.ts';
import { drawThinkTime, type Random, randomPerIteration } from '../traffic/random.ts';
import { type CompiledScenario, compileScenario } from './compile-scenario.ts';
import { ConnectionPauses, REOPEN_PAUSE_MS, retryAfterDelayMs } from './pauses.ts';
import { type ScenarioClient, SessionKeeper, type SessionRun } from './session-keeper.ts';
import type { Values } from './values.ts';

/** A scenario segment at work: what its executor, its virtual users and their session keepers share. */
export type McpSegmentRun = SegmentRun &
  SessionRun & {
    readonly compiled: CompiledScenario;
    /** Makes what an iteration draws from. */
    readonly randomOf: (ordinal: number) => Random;
    /** The longest pause that a Retry-After can ask for, milliseconds. */
    readonly maxRetryAfterMs: number;
    /** Number of the scenario's iterations in the recorder. */
    readonly iterationOperation: number;
    /** When it aborts, waiting ends also within calls. */
    readonly ended: AbortSignal;
  };

/** What the segments of a slice share. */
type SliceShared = Pick<SegmentRun, 'clock' | 'gate' | 'onActive'> &
  Pick<SessionRun, 'recorder'> & {
    readonly plan: Plan;
    /** When it aborts, no further iteration begins in the whole slice. */
    readonly stopping: AbortSignal;
  };

/**
 * Prepares a segment of a slice.
 * @throws when the plan's feeds or schemas hold what cannot be used
 */
export function prepareSegment(slice: SliceShared, segment: ScenarioSegment, client: ScenarioClient): McpSegmentRun {
  const { plan, clock, gate, recorder, onActive } = slice;
  const { scenario, name, firstVu } = segment;
  const { target } = scenario;
  const afterLastVu = firstVu + maxVusOf(scenario);
  const aborted = new AbortController();
  const iterationOperation = recorder.operation(target, name, 'step');
  return {
    segment,
    clock,
    gate,
    recorder,
    client,
    compiled: compileScenario(plan, name, (operation, text) => recorder.keepAnswer(target, operation, text)),
    iterationOperation,
    sessionOperation: recorder.operation(target, 'session', 'protocol'),
    randomOf: randomPerIteration(plan.seed, segment),
    maxRetryAfterMs: (plan.targets[target] as Target).maxRetryAfter,
    lateAfterMs: plan.generator.lateAfter,
    stopping: AbortSignal.any([slice.stopping, client.rejected]),
    ended: AbortSignal.any([aborted.signal, client.ended]),
    onActive,
    onDropped({ number: iteration, intendedMs: startMs = clock.now() }) {
      const of = { operation: iterationOperation, outcome: 'CLIENT_ABORT', startMs, vu: 0, iteration } as const;
      recorder.add(plainSample({ kind: 'droppedIteration', durationMs: 0, ...of }));
    },
    abort(reason, outcome) {
      aborted.abort();
      // Other segments can use the same connection.
      client.connection.abortAll(reason, outcome, (vu) => vu >= firstVu && vu < afterLastVu);
    },
    newVu(vu) {
      return new McpVirtualUser(this, vu);
    },
  };
}

/** How an iteration ended. */
type IterationResult = {
  readonly outcome: Outcome;
  /** The last reply, which can ask for a pause. */
  readonly last?: Exchange | undefined;
  /** True when nothing could be sent, so that the next iteration would come immediately. */
  readonly blocked?: boolean;
};

/** A virtual user that speaks MCP: opens sessions, calls the scenario's steps and pauses between calls. */
class McpVirtualUser implements VirtualUser {
  readonly #run: McpSegmentRun;
  readonly #vu: number;
  readonly #sessions: SessionKeeper;
  readonly #connectionPauses = new ConnectionPauses();
  readonly #interrupted = new AbortController();
  /** Aborted when nothing more may begin. */
  readonly #halted: AbortSignal;
  /** What the latest iteration draws from, its caller, and whether a session that it opens is abandoned at its end. */
  #random: Random = () => 0;
  #caller: Caller;
  #abandonsSession = false;
  #done = false;

  /** @param vu its number in the run */
  constructor(run: McpSegmentRun, vu: number) {
    const ended = AbortSignal.any([run.ended, this.#interrupted.signal]);
    this.#run = run;
    this.#vu = vu;
    this.#halted = AbortSignal.any([run.stopping, ended]);
    this.#caller = { vu, iteration: 0 };
    this.#sessions = new SessionKeeper(run, { halted: this.#halted, ended });
  }

  get done(): boolean {
    return this.#done;
  }

  async iterate({ number: iteration, ordinal, intendedMs }: Iteration): Promise<void> {
    const { segment, clock, compiled, randomOf, iterationOperation } = this.#run;
    const { steps, sessions } = segment.scenario;
    const vu = this.#vu;
    const startMs = clock.now();
    const random = randomOf(ordinal);
    this.#random = random;
    this.#caller = { vu, iteration };
    const intended = intendedMs === undefined ? undefined : new IntendedStart(intendedMs);
    const caller = intended === undefined ? this.#caller : { ...this.#caller, intended };
    const lagMs = intendedMs === undefined ? 0 : Math.max(0, startMs - intendedMs);
    const rows = compiled.rowsFor({ ordinal, vuIndex: vu - segment.firstVu, random });
    if (rows === undefined) {
      this.#done = true;
      this.#record('iteration', iterationOperation, 'PLAN_FEED_END', startMs, lagMs);
      return;
    }
    if (sessions.reuse !== 'call') this.#drawCloseMode();
    let result: IterationResult;
    if (steps.length > 0) result = await this.#callSteps(caller, { random, vu, iteration, rows, captured: new Map() });
    else result = await (sessions.reuse === 'vu' ? this.#holdSession(caller) : this.#visit(caller));
    if (sessions.reuse !== 'vu') await this.#closeSession();
    this.#record('iteration', iterationOperation, result.outcome, startMs, lagMs, this.#sessions.takeWaitedMs());
    const { last, blocked } = result;
    if (last === undefined) return;
    // Where starts come at a rate, the plan says how often the target is tried.
    const paces = intendedMs === undefined;
    const pause = this.#pauseAfter(last, paces && blocked === true ? REOPEN_PAUSE_MS : 0, paces);
    if (pause !== undefined) await pause;
  }

  think(): number {
    return drawThinkTime(this.#run.segment.scenario.thinkTime, this.#random);
  }

  interrupt(outcome: CutOutcome): void {
    this.#interrupted.abort();
    this.#run.client.connection.abortAll('the virtual user was taken away', outcome, (vu) => vu === this.#vu);
  }

  end(): Promise<void> {
    return this.#sessions.close(this.#caller, this.#abandonsSession, FAREWELL_MS);
  }

  /** Closes the session between two calls or iterations, which is part of the load unless that is being ended. */
  #closeSession(): Promise<void> {
    return this.#halted.aborted ? this.end() : this.#sessions.close(this.#caller, this.#abandonsSession);
  }

  async #callSteps(caller: Caller, values: Values): Promise<IterationResult> {
    const { segment, compiled } = this.#run;
    const { thinkTime, thinkTimeBefore, sessions } = segment.scenario;
    let outcome: Outcome = 'OK';
    let last: Exchange | undefined;
    for (const { operation, needs, makeCall } of compiled.drawSteps(values.random)) {
      if (!needs.every((name) => values.captured.has(name))) continue;
      if (last !== undefined) {
        const pause = this.#pauseAfter(last, 0, caller.intended === undefined);
        if (pause !== undefined) await pause;
        await this.#sleep(drawThinkTime(thinkTime, values.random));
        if (this.#halted.aborted) return { outcome: worseOutcome(outcome, 'CLIENT_ABORT') };
      }
      if (sessions.reuse === 'call') this.#drawCloseMode();
      // Each await costs every request a turn of the microtask queue and garbage, so there is none without need.
      const failed = this.#sessions.isOpen ? undefined : await this.#openFor(operation, caller);
      if (failed !== undefined) return sessionFailed(failed, outcome);
      if (last === undefined && thinkTimeBefore.type !== 'none' && (await this.#thinkBefore(caller))) {
        return { outcome: 'CLIENT_ABORT' };
      }
      const { exchange, refused } = await this.#sessions.request(makeCall(values), caller);
      last = exchange;
      outcome = worseOutcome(outcome, exchange.outcome);
      if (refused !== undefined) return sessionFailed(refused, outcome);
      if (sessions.reuse === 'call') await this.#closeSession();
    }
    return { outcome, last };
  }

  /**
   * Opens a session for a call. If the target does not let it, the call is recorded as blocked: it counts as a failure of
   * the step, which would otherwise show only the calls of the sessions that could be opened.
   * @returns the request at which that failed; undefined on success
   */
  async #openFor(operation: string, caller: Caller): Promise<Exchange | undefined> {
    const { clock, recorder, segment } = this.#run;
    const startMs = clock.now();
    const failed = await this.#sessions.open(caller);
    if (failed !== undefined && outcomeClass(failed.outcome) === 'failed') {
      const number = recorder.operation(segment.scenario.target, operation, 'step');
      this.#record('blockedCall', number, failed.outcome, startMs, failed.sample.lagMs);
    }
    return failed;
  }

  /** Opens a session, if there is none, and retries for as long as the segment lasts. */
  async #holdSession(caller: Caller): Promise<IterationResult> {
    const { clock, segment } = this.#run;
    for (;;) {
      const failed = await this.#openIfNeeded(caller);
      if (failed === undefined) return { outcome: 'OK' };
      if (this.#halted.aborted || clock.now() + REOPEN_PAUSE_MS >= segment.toMs) return { outcome: failed.outcome };
      await this.#pauseAfter(failed, REOPEN_PAUSE_MS, true);
    }
  }

  /** Opens a session, and stays for the time before a first call. */
  async #visit(caller: Caller): Promise<IterationResult> {
    const failed = await this.#openIfNeeded(caller);
    if (failed !== undefined) return sessionFailed(failed);
    await this.#thinkBefore(caller);
    return { outcome: 'OK' };
  }

  /** @returns the request at which opening a session failed; undefined when there is one */
  async #openIfNeeded(caller: Caller): Promise<Exchange | undefined> {
    return this.#sessions.isOpen ? undefined : this.#sessions.open(caller);
  }

  /** Pauses before the first call, and moves the intended start by the pause. @returns true when no call may follow */
  async #thinkBefore({ intended }: Caller): Promise<boolean> {
    const pauseMs = drawThinkTime(this.#run.segment.scenario.thinkTimeBefore, this.#random);
    if (pauseMs === 0) return false;
    intended?.delay(pauseMs);
    await this.#sleep(pauseMs);
    return this.#halted.aborted;
  }

  /** Draws whether or not a session is opened, so that later draws do not depend on the target. */
  #drawCloseMode(): void {
    const { abandon } = this.#run.segment.scenario.sessions.close;
    const abandons = abandon > 0 && abandon < 1 ? this.#random() < abandon : abandon === 1;
    if (!this.#sessions.isOpen) this.#abandonsSession = abandons;
  }

  /**
   * The pause before the next request: as long as the last reply asks, or for a while when there was no connection.
   * @param leastMs the least pause after a reply
   * @param paces whether virtual users set the pace; where starts come at a rate, only a reply can ask for pauses
   * @returns undefined for none, so that the caller need not await anything
   */
  #pauseAfter(last: Exchange, leastMs: number, paces: boolean): Promise<void> | undefined {
    const { clock, maxRetryAfterMs } = this.#run;
    const connectionMs = paces ? this.#connectionPauses.after(last) : 0;
    if (connectionMs > 0) return this.#pause('connectionPause', last, connectionMs);
    const askedMs = Math.min(maxRetryAfterMs, retryAfterDelayMs(last, clock.now()));
    if (askedMs > 0) return this.#pause('pause', last, Math.max(askedMs, leastMs));
    return leastMs > 0 ? this.#sleep(leastMs) : undefined;
  }

  /** Pauses, which is a separate sample. */
  async #pause(kind: 'pause' | 'connectionPause', { sample, outcome }: Exchange, ms: number): Promise<void> {
    const startMs = this.#run.clock.now();
    await this.#sleep(ms);
    this.#record(kind, sample.operation, outcome, startMs);
  }

  async #sleep(ms: number): Promise<void> {
    const { clock } = this.#run;
    if (ms > 0) await clock.sleepUntil(clock.now() + ms, this.#halted);
  }

  /** Records what began at `startMs` and ends now. @param waitedMs how much of it does not count */
  #record(
    kind: 'iteration' | 'pause' | 'connectionPause' | 'blockedCall',
    operation: number,
    outcome: Outcome,
    startMs: number,
    lagMs = 0,
    waitedMs = 0,
  ): void {
    const { clock, recorder } = this.#run;
    const { vu, iteration } = this.#caller;
    const durationMs = clock.now() - startMs - waitedMs;
    recorder.add(plainSample({ kind, operation, outcome, startMs, lagMs, durationMs, vu, iteration }));
  }
}

/** No session could be opened. @param before the iteration's outcome until then */
function sessionFailed(failed: Exchange, before: Outcome = 'OK'): IterationResult {
  return { outcome: worseOutcome(before, failed.outcome), last: failed, blocked: true };
}

/** The outcome of an iteration after one more call: that it was cut short, else its first failure or warning, else OK. */
function worseOutcome(before: Outcome, next: Outcome): Outcome {
  return rankOf(next) > rankOf(before) ? next : before;
}

function rankOf(outcome: Outcome): number {
  if (isUnfinished(outcome)) return 3;
  const outcomeIs = outcomeClass(outcome);
  if (outcomeIs === 'useful') return 0;
  return outcomeIs === 'warning' ? 1 : 2;
}
