/**
 * Waits `durationMs` milliseconds, rounded to whole ones as timers are. Resolves early when `signal` fires, because
 * nobody is left to wait for; 0 or less returns without giving up the turn's timers.
 */
export function pause(durationMs: number, signal: AbortSignal): Promise<void> {
  const wholeMs = Math.round(durationMs);
  if (wholeMs <= 0 || signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, wholeMs);
    signal.addEventListener('abort', done);
  });
}
