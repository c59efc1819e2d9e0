import type { LiveView } from '../run/live-view.ts';

/** One line that tells how a run is going. */
export function progressLine(elapsedSeconds: number, live: LiveView): string {
  const elapsed = `${Math.max(0, elapsedSeconds).toFixed(0).padStart(3)} s`;
  const p95 = live.p95Ms === null ? '-' : `${Math.round(live.p95Ms).toLocaleString('en')} ms`;
  const requests = `${live.requests} requests`;
  return [
    elapsed,
    `${live.activeVus} vus`,
    live.warmUpRequests === 0 ? requests : `${requests} after ${live.warmUpRequests} of the warm-up`,
    `${live.requestsPerSecond.toFixed(1)}/s`,
    `p95 ${p95}`,
    `${live.failures} failures`,
    ...(live.droppedIterations === 0 ? [] : [`${live.droppedIterations} dropped`]),
  ].join('  ·  ');
}
