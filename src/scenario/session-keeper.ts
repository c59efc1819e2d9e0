import type { Exchange } from '../mcp/http/exchange.ts';
import type { TargetConnection } from '../mcp/http/target-connection.ts';
import type { Call } from '../mcp/operations/call.ts';
import { isList } from '../mcp/operations/list-items.ts';
import { listPages } from '../mcp/session/lists.ts';
import type { Caller, Session } from '../mcp/session/session.ts';
import { SAMPLE_FLAG } from '../sample/block.ts';
import { type Outcome, outcomeClass } from '../sample/outcome.ts';
import type { Recorder } from '../sample/recorder.ts';
import { plainSample } from '../sample/sample.ts';
import type { SegmentRun } from '../traffic/executor.ts';

/** The client of a scenario's target, as virtual users use it. */
export type ScenarioClient = {
  /** Makes a session. @param ended when it aborts, the session waits for nothing any more */
  openSession(ended: AbortSignal): Session;
  readonly connection: Pick<TargetConnection, 'abortAll'>;
  /** Aborted once the target has refused renewed credentials: it gets no further load. */
  readonly rejected: AbortSignal;
  /** Aborted once the load on the target is over. */
  readonly ended: AbortSignal;
};

/** What the session keepers of a segment use of it. */
export type SessionRun = Pick<SegmentRun, 'segment' | 'clock'> & {
  readonly client: ScenarioClient;
  readonly recorder: Recorder;
  /** Number of the target's sessions in the recorder. */
  readonly sessionOperation: number;
};

/** When a session keeper stops. */
type SessionSignals = {
  /** When it aborts, no further call begins. */
  readonly halted: AbortSignal;
  /** When it aborts, waiting ends also within calls. */
  readonly ended: AbortSignal;
};

/** What a call came to. */
type CallResult = {
  readonly exchange: Exchange;
  /** Set when the call's session was gone and no other could be opened: the request at which that failed. */
  readonly refused?: Exchange;
};

/** A session that is open, or was until its server lost it. */
type Kept = {
  readonly session: Session;
  /** False where the server keeps none: it never sees a session that begins and ends only here. */
  readonly isKeptByServer: boolean;
  readonly sinceMs: number;
  lastMs: number;
  called: boolean;
};

/** Failures of the session rather than of the call: the call is repeated in a new one (2025-11-25, "Session Management"). */
const SESSION_GONE: ReadonlySet<Outcome> = new Set<Outcome>(['SESS_EXPIRED', 'SESS_LOST']);

/** The one session that a virtual user has at a time. Each that was open becomes a sample when it is over. */
export class SessionKeeper {
  readonly #run: SessionRun;
  readonly #signals: SessionSignals;
  #kept: Kept | undefined;
  #waitedMs = 0;

  constructor(run: SessionRun, signals: SessionSignals) {
    this.#run = run;
    this.#signals = signals;
  }

  /** True when there is a session that can be called. */
  get isOpen(): boolean {
    return this.#kept?.session.alive === true;
  }

  /** Opens a session that replaces the one before. @returns the request at which that failed; undefined on success */
  async open(caller: Caller): Promise<Exchange | undefined> {
    // The server can end a session between calls.
    this.#end('SESS_LOST', caller);
    const session = this.#run.client.openSession(this.#signals.ended);
    const opened = await session.open(caller);
    this.#waitedMs += session.waitedMs;
    if ('failed' in opened) return opened.failed;
    const nowMs = this.#run.clock.now();
    const isKeptByServer = opened.facts.session === 'stateful';
    this.#kept = { session, isKeptByServer, sinceMs: nowMs, lastMs: nowMs, called: false };
    return undefined;
  }

  /**
   * Sends a call in the open session, and repeats it once in a new session when its own is gone. A list is read to its last
   * page.
   */
  async request(call: Call, caller: Caller): Promise<CallResult> {
    for (let asking = caller; ; asking = { ...caller, retry: true }) {
      const kept = this.#kept;
      if (kept === undefined) throw new Error('A call was made without a session.');
      const { session } = kept;
      const callFlags = this.#flagsOf(kept);
      const marked = callFlags === 0 ? asking : { ...asking, callFlags };
      kept.called = true;
      const exchange = await (isList(call)
        ? listPages(session, call, marked, () => {})
        : session.request(call, marked));
      // A virtual user keeps its last exchange through its pauses; the result can take megabytes.
      exchange.result = undefined;
      kept.lastMs = this.#run.clock.now();
      const { outcome } = exchange;
      if (!session.alive) this.#end(outcomeClass(outcome) === 'failed' ? outcome : 'SESS_LOST', asking);
      if (!SESSION_GONE.has(outcome) || asking.retry === true || this.#signals.halted.aborted) return { exchange };
      const refused = await this.open(caller);
      if (refused !== undefined) return { exchange, refused };
    }
  }

  /** How long openings waited in vain since the last time, milliseconds (Session.waitedMs). */
  takeWaitedMs(): number {
    const waitedMs = this.#waitedMs;
    this.#waitedMs = 0;
    return waitedMs;
  }

  /**
   * Ends the session, if there is one.
   * @param abandons drops it without telling the server
   * @param withinMs as for Session.close
   */
  async close(caller: Caller, abandons: boolean, withinMs?: number): Promise<void> {
    const session = this.#kept?.session;
    if (session === undefined) return;
    const outcome = session.alive ? 'OK' : 'SESS_LOST';
    if (abandons) session.abandon();
    else await session.close(caller, withinMs);
    this.#end(outcome, caller);
  }

  #flagsOf({ called, lastMs }: Kept): number {
    if (!called) return SAMPLE_FLAG.firstOfSession;
    const { clock, segment } = this.#run;
    return clock.now() - lastMs >= segment.scenario.sessions.idleAfter ? SAMPLE_FLAG.afterIdle : 0;
  }

  /** Records the session, if there is one that the server keeps. */
  #end(outcome: Outcome, { vu, iteration }: Caller): void {
    if (this.#kept === undefined) return;
    const { clock, recorder, sessionOperation: operation } = this.#run;
    const { sinceMs: startMs, isKeptByServer } = this.#kept;
    this.#kept = undefined;
    if (!isKeptByServer) return;
    const durationMs = clock.now() - startMs;
    recorder.add(plainSample({ kind: 'session', operation, outcome, startMs, durationMs, vu, iteration }));
  }
}
