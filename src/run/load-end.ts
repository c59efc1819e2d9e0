import type { Clock } from '../traffic/clock.ts';
import type { Fence } from '../traffic/fence.ts';
import type { Standing } from './heartbeat.ts';

/**
 * Why a slice ended its load before its time:
 * - `fenced`: it could not prove that it still holds the slice
 * - `memory`: no memory was left for samples that wait for the store
 * - `released`: the process is being shut down
 * - `superseded`: another delivery has taken the slice over
 * - `concluded`: the run has been concluded, or is gone
 * - `orchestration`: the orchestration of the run is over
 * - `broken`: an error of ours
 */
type EndingKind = 'fenced' | 'memory' | 'released' | 'superseded' | 'concluded' | 'orchestration' | 'broken';

/** Why and when (epoch milliseconds) the load of a slice ended before its time. The reason is a sentence without its full stop. */
export type LoadEnding = { readonly kind: EndingKind; readonly reason: string; readonly atMs: number };

/** The end of a slice's load: by itself, by a stop of the run, or before its time. The first reason counts. */
export class LoadEnd {
  readonly fence: Fence;
  readonly #clock: Clock;
  readonly #stopping = new AbortController();
  #ending: LoadEnding | undefined;
  #isOver = false;

  constructor(clock: Clock, fence: Fence) {
    this.#clock = clock;
    this.fence = fence;
    fence.signal.addEventListener('abort', () => {
      this.#note('fenced', fence.reason ?? '');
      this.#stopping.abort();
    });
  }

  /** When it aborts, nothing more begins. */
  get stopping(): AbortSignal {
    return this.#stopping.signal;
  }

  /** Undefined if the load has ended by itself or by a stop of the run, or goes on. */
  get ending(): LoadEnding | undefined {
    return this.#ending;
  }

  /** Ends the load immediately: nothing more is sent, and requests in flight are cut. */
  cut(kind: EndingKind, reason: string): void {
    this.#note(kind, reason);
    this.fence.trip(reason);
  }

  /** Ends the load as a stop does: requests in flight have a moment to finish, and sessions are closed. */
  stop(): void {
    this.#stopping.abort();
  }

  /** The same before its time. */
  stopEarly(kind: EndingKind, reason: string): void {
    this.#note(kind, reason);
    this.stop();
  }

  /** Ends the load if a heartbeat has found that it must end. */
  obey({ run, isHolder, stopRequested }: Standing): void {
    if (run === 'over') this.cut('concluded', 'the run was over');
    else if (!isHolder) this.cut('superseded', 'another delivery had taken the slice over');
    else if (run === 'concluding') this.cut('concluded', 'the run was being concluded');
    else if (stopRequested) this.stop();
  }

  /** True once nothing is sent any more. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** The load is over; nothing can end it before its time any more. */
  over(): void {
    this.#isOver = true;
  }

  #note(kind: EndingKind, reason: string): void {
    if (!this.#isOver) this.#ending ??= { kind, reason, atMs: this.#clock.now() };
  }
}
