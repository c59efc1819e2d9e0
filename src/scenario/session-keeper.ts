import type { Exchange } from '../mcp/http/exchange.ts';
import type { Call } from '../mcp/operations/call.ts';
import { isList } from '../mcp/operations/list-items.ts';
import { listPages } from '../mcp/session/lists.ts';
import type { Caller, Session } from '../mcp/session/session.ts';
import { SAMPLE_FLAG } from '../sample/block.ts';
import { type Outcome, outcomeClass } from '../sample/outcome.ts';
import type { Recorder } from '../sample/recorder.ts';
import { plainSample } from '../sample/sample.ts';
import type { Clock } from '../traffic/clock.ts';

export type SessionKeeperOptions = {
  readonly newSession: () => Session;
  /** A call after so long a silence of its session is marked, milliseconds. */
  readonly idleAfterMs: number;
  readonly clock: Clock;
  readonly recorder: Recorder;
  /** Number of the target's sessions in the recorder. */
  readonly sessionOperation: number;
};

/** A session that is open, or was until its server lost it. */
type Kept = { readonly session: Session; readonly sinceMs: number; lastMs: number; called: boolean };

/** The one session that a virtual user has at a time. Each that was open becomes a sample when it is over. */
export class SessionKeeper {
  readonly #options: SessionKeeperOptions;
  #kept: Kept | undefined;

  constructor(options: SessionKeeperOptions) {
    this.#options = options;
  }

  /** True when there is a session that can be called. */
  get isOpen(): boolean {
    return this.#kept?.session.alive === true;
  }

  /** Opens a session in place of the one before. @returns the request at which that failed; undefined when it did not */
  async open(caller: Caller): Promise<Exchange | undefined> {
    // Its server told it meanwhile, beside all calls.
    this.#end('SESS_LOST', caller);
    const session = this.#options.newSession();
    const opened = await session.open(caller);
    if ('failed' in opened) return opened.failed;
    const nowMs = this.#options.clock.now();
    this.#kept = { session, sinceMs: nowMs, lastMs: nowMs, called: false };
    return undefined;
  }

  /** Sends a call in the open session; a list is read to its last page. */
  async request(call: Call, caller: Caller): Promise<Exchange> {
    const kept = this.#kept;
    if (kept === undefined) throw new Error('A call was made without a session.');
    const { clock } = this.#options;
    const callFlags = this.#flagsOf(kept);
    const marked = callFlags === 0 ? caller : { ...caller, callFlags };
    kept.called = true;
    const { session } = kept;
    const exchange = await (isList(call) ? listPages(session, call, marked, () => {}) : session.request(call, marked));
    kept.lastMs = clock.now();
    if (!session.alive) this.#end(outcomeClass(exchange.outcome) === 'failed' ? exchange.outcome : 'SESS_LOST', caller);
    return exchange;
  }

  /** Ends the session, if there is one. @param silently goes away without a word to the server */
  async close(caller: Caller, silently: boolean): Promise<void> {
    const session = this.#kept?.session;
    if (session === undefined) return;
    const outcome = session.alive ? 'OK' : 'SESS_LOST';
    if (silently) session.abandon();
    else await session.close(caller);
    this.#end(outcome, caller);
  }

  #flagsOf({ called, lastMs }: Kept): number {
    if (!called) return SAMPLE_FLAG.firstOfSession;
    const { clock, idleAfterMs } = this.#options;
    return clock.now() - lastMs >= idleAfterMs ? SAMPLE_FLAG.afterIdle : 0;
  }

  /** Records the session, if there is one. */
  #end(outcome: Outcome, { vu, iteration }: Caller): void {
    if (this.#kept === undefined) return;
    const { clock, recorder, sessionOperation: operation } = this.#options;
    const { sinceMs: startMs } = this.#kept;
    this.#kept = undefined;
    const durationMs = clock.now() - startMs;
    recorder.add(plainSample({ kind: 'session', operation, outcome, startMs, durationMs, vu, iteration }));
  }
}
