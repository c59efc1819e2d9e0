import type { Session } from '../mcp/session/session.ts';
import type { Scenario } from '../plan/scenario-schema.ts';
import type { Recorder } from '../sample/recorder.ts';
import type { Clock } from '../traffic/clock.ts';
import type { Random } from '../traffic/random.ts';
import type { CompiledScenario } from './compile-scenario.ts';

export type AgentOptions = {
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
