import type { RunContext } from './run-context.ts';
import { hasEnded } from './run-documents.ts';

/** Tells work that it must end before it is done. */
export type EarlyEnd = {
  readonly signal: AbortSignal;
  /** Why; undefined until then. */
  readonly reason: 'stopped' | 'too slow' | undefined;
};

/** For work that nothing ends early. */
export const NO_EARLY_END: EarlyEnd = { signal: new AbortController().signal, reason: undefined };

/**
 * Does the work of a preflight, which ends early when the run is stopped or over, or when it takes longer than a preflight
 * may. A store that does not answer changes nothing about the limit.
 */
export async function withEarlyEnd<Result>(
  { store, clock, timing }: RunContext,
  runId: string,
  work: (end: EarlyEnd) => Promise<Result>,
): Promise<Result> {
  const ended = new AbortController();
  const done = new AbortController();
  const untilMs = clock.now() + timing.preflightMs;
  const end: { -readonly [Key in keyof EarlyEnd]: EarlyEnd[Key] } = { signal: ended.signal, reason: undefined };
  const endBecause = (reason: EarlyEnd['reason']) => {
    end.reason ??= reason;
    ended.abort();
  };
  let isAsking = false;
  const ask = async () => {
    if (isAsking) return;
    isAsking = true;
    const record = await store.getRun(runId).catch(() => undefined);
    isAsking = false;
    if (record !== undefined && (record.stopRequested || hasEnded(record))) endBecause('stopped');
  };
  const watching = (async () => {
    while (!done.signal.aborted && !ended.signal.aborted) {
      await clock.sleepUntil(Math.min(untilMs, clock.now() + timing.pollMs), done.signal);
      if (clock.now() >= untilMs) endBecause('too slow');
      else if (!done.signal.aborted) void ask();
    }
  })();
  try {
    return await work(end);
  } finally {
    done.abort();
    await watching;
  }
}
