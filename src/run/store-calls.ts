import type { Clock } from '../traffic/clock.ts';
import type { RunContext } from './run-context.ts';

/**
 * Makes a call that may take a limited time.
 * @param call gets a signal that ends it; a call that ignores the signal goes on, and its result is dropped
 * @throws when the call fails, or has no result in time
 */
export async function inTime<Value>(
  clock: Clock,
  timeoutMs: number,
  call: (signal: AbortSignal) => Promise<Value>,
): Promise<Value> {
  const over = new AbortController();
  const answered = new AbortController();
  const timeout = clock.sleepUntil(clock.now() + timeoutMs, answered.signal).then((): never => {
    over.abort();
    throw new Error(`The store did not answer within ${timeoutMs / 1000} s.`);
  });
  // After an answer, nobody waits for it.
  timeout.catch(() => undefined);
  try {
    return await Promise.race([call(over.signal), timeout]);
  } finally {
    answered.abort();
  }
}

/** The pauses between the tries of a call that must succeed: each is twice as long as the one before, up to a limit. */
export class Pauses {
  readonly #longestMs: number;
  #nextMs: number;

  constructor({ firstPauseMs, longestPauseMs }: RunContext['timing']) {
    this.#nextMs = firstPauseMs;
    this.#longestMs = longestPauseMs;
  }

  /** The next pause, milliseconds. */
  next(): number {
    const pauseMs = this.#nextMs;
    this.#nextMs = Math.min(this.#longestMs, 2 * pauseMs);
    return pauseMs;
  }
}

/**
 * Makes a call to the store again and again until it succeeds.
 * @param untilMs epoch: no further try begins after it
 * @param call gets a signal that ends it
 * @throws the error of the last try
 */
export async function persist<Value>(
  { clock, timing }: Pick<RunContext, 'clock' | 'timing'>,
  untilMs: number,
  call: (signal: AbortSignal) => Promise<Value>,
): Promise<Value> {
  const pauses = new Pauses(timing);
  for (;;) {
    try {
      return await inTime(clock, timing.callTimeoutMs, call);
    } catch (error) {
      const againMs = clock.now() + pauses.next();
      if (againMs > untilMs) throw error;
      await clock.sleepUntil(againMs);
    }
  }
}
