/** Time as the rest of the program sees it; only this file reads the machine's clock. */
export type Clock = {
  /** Epoch milliseconds with fractions, never running backwards within a process. */
  now(): number;
  /**
   * Resolves at an instant (at once when it has passed), or when the signal aborts, whichever comes first.
   * @param precision `tick`, the default, wakes up to about a millisecond late, as timers do; `nearest` at the timers' tick
   * that is nearest to the instant, so up to half a millisecond early, and on average in time; `fine` wakes within some
   * microseconds and keeps the processor busy for the last millisecond
   */
  sleepUntil(atMs: number, signal?: AbortSignal, precision?: Precision): Promise<void>;
};

export type Precision = 'tick' | 'nearest' | 'fine';

/** Node's timers take at most this many milliseconds. */
const MAX_TIMER_MS = 2 ** 31 - 1;
/** Timers count whole milliseconds, and may fire one late. */
const TICK_MS = 1;

/** Reading it takes longer than reading the clock itself. */
const { timeOrigin } = performance;

/** The machine's own clock. */
export const systemClock: Clock = {
  now: () => timeOrigin + performance.now(),
  async sleepUntil(atMs, signal, precision = 'tick') {
    // A timer may fire a fraction of a millisecond early, so the clock decides.
    const earlyMs = precision === 'nearest' ? TICK_MS / 2 : 0;
    for (let leftMs = atMs - this.now(); leftMs > earlyMs && !signal?.aborted; leftMs = atMs - this.now()) {
      const timerMs = timerFor(leftMs, precision);
      await (timerMs < 1 ? turn() : timer(Math.min(timerMs, MAX_TIMER_MS), signal));
    }
  },
};

function timerFor(leftMs: number, precision: Precision): number {
  if (precision === 'fine') return Math.floor(leftMs - TICK_MS);
  return precision === 'nearest' ? Math.max(TICK_MS, Math.floor(leftMs)) : Math.ceil(leftMs);
}

function timer(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(handle);
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const handle = setTimeout(end, ms);
    signal?.addEventListener('abort', end);
  });
}

/** One turn of the event loop: what has arrived meanwhile is read. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
