import type { Session } from '../mcp/session/session.ts';
import type { ThinkTime } from '../plan/scenario-schema.ts';
import type { Recorder } from '../sample/recorder.ts';
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

/** A virtual user: keeps one session as long as the server does, and calls one step an iteration. */
export class Agent implements VirtualUser {
  readonly #options: AgentOptions;
  #session: Session | undefined;
  #lastIteration = 0;

  constructor(options: AgentOptions) {
    this.#options = options;
  }

  async iterate(iteration: number): Promise<void> {
    const { chooseStep, random, vu, clock, stopping } = this.#options;
    this.#lastIteration = iteration;
    const caller = { vu, iteration };
    if (this.#session?.alive !== true) {
      const session = this.#options.openSession();
      if ((await session.open(caller)) === undefined) {
        await clock.sleepUntil(clock.now() + REOPEN_PAUSE_MS, stopping);
        return;
      }
      this.#session = session;
    }
    const startMs = clock.now();
    const step = chooseStep(random);
    const exchange = await this.#session.request(step.makeRequest(random), step.judge, caller);
    this.#recordIteration(startMs, clock.now() - startMs, exchange.outcome, iteration);
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

  #recordIteration(
    startMs: number,
    durationMs: number,
    outcome: Parameters<Recorder['add']>[0]['outcome'],
    iteration: number,
  ): void {
    const { recorder, iterationOperation, vu } = this.#options;
    recorder.add({
      kind: 'iteration',
      operation: iterationOperation,
      outcome,
      startMs,
      lagMs: 0,
      durationMs,
      headersMs: undefined,
      firstEventMs: undefined,
      closeMs: undefined,
      bytes: 0,
      vu,
      iteration,
      flags: 0,
      message: '',
    });
  }
}
