/** Time as the rest of the program sees it. Only this file reads the machine's clock. */
export type Clock = {
  /** Epoch milliseconds with fractions; never runs backwards within a process. */
  now(): number;
  /**
   * Resolves at an instant, immediately when it has passed, or when the signal aborts, whichever comes first.
   * @param precision `tick` by default
   */
  sleepUntil(atMs: number, signal?: AbortSignal, precision?: Precision): Promise<void>;
};

/**
 * How close to its instant a sleeper wakes:
 * - `tick`: up to about a millisecond late, as timers do
 * - `nearest`: at the timers' tick that is nearest to the instant, so up to half a millisecond early, and on average on time
 * - `fine`: within some microseconds; keeps the processor busy for the last millisecond
 */
export type Precision = 'tick' | 'nearest' | 'fine';

/** The longest that Node's timers can run, in milliseconds. */
const MAX_TIMER_MS = 2 ** 31 - 1;
/** Timers count whole milliseconds, and can fire one late. */
const TICK_MS = 1;

/** Kept, because reading it takes longer than reading the clock itself. */
const { timeOrigin } = performance;

/** The machine's own clock. */
export const systemClock: Clock = {
  now: () => timeOrigin + performance.now(),
  async sleepUntil(atMs, signal, precision = 'tick') {
    // A timer can fire a fraction of a millisecond early, so the clock decides.
    const earlyMs = precision === 'nearest' ? TICK_MS / 2 : 0;
    for (let leftMs = atMs - this.now(); leftMs > earlyMs && !signal?.aborted; leftMs = atMs - this.now()) {
      const timerMs = timerFor(leftMs, precision);
      await (timerMs < 1 ? nextTurn() : timer(Math.min(timerMs, MAX_TIMER_MS), signal));
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

/** One turn of the event loop, in which whatever has arrived is read. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
