import type { SessionSummary } from '../summary/summary.ts';

/** The sessions with each target, and after them those of all together when there is more than one target. */
export function sessionsToShow(sessions: readonly SessionSummary[]): readonly SessionSummary[] {
  const targets = sessions.filter(({ target }) => target !== '*');
  return targets.length > 1 ? [...targets, ...sessions.filter(({ target }) => target === '*')] : targets;
}
