import type { Plan } from '../plan/plan-schema.ts';
import type { Scenario } from '../plan/scenario-schema.ts';
import { type Slice, segmentsOf } from '../plan/slices.ts';
import { highestLevels, isArrival } from '../plan/timeline.ts';
import type { SilentHolder } from '../summary/fold.ts';
import type { LiveProgress } from '../summary/live-progress.ts';
import { arrivalSchedule, segmentStarts } from '../traffic/arrival-schedule.ts';
import type { Timing } from './timing.ts';

/** What is stored of a holder. */
export type StoredSamples = { readonly blocks: number; readonly samples: number; readonly requests: number };

/**
 * What is known of a holder that ended without a report. Whatever became of it, it makes no load once it cannot prove any
 * more that it holds its slice; it gives a sign of life with every proof.
 * @param sign its last sign of life; undefined if it gave none
 */
export function silentHolder(
  plan: Plan,
  slice: Slice,
  timing: Timing,
  sign: LiveProgress | undefined,
  { blocks, samples, requests }: StoredSamples,
): SilentHolder {
  const { fromMs, toMs } = unseenTime(plan, slice, timing, sign);
  const atMostMs = Math.max(0, toMs - fromMs);
  // Who has stored samples without a sign of life has sent more than nothing.
  const sent = sign === undefined && requests === 0 ? 0 : sign?.sent;
  return {
    blocks,
    samples,
    ...(sign?.instance === undefined ? {} : { instance: sign.instance }),
    unstored: sent === undefined ? null : sent - requests,
    ...(sign?.peakPerSecond === undefined ? {} : { peakPerSecond: sign.peakPerSecond }),
    likelyMs: Math.min(atMostMs, timing.flushMs),
    atMostMs,
    growth: atMostMs === 0 ? 1 : growthOf(plan, slice, fromMs, toMs),
    plannedRequests: plannedRequests(plan, slice, fromMs, toMs),
  };
}

type Span = { readonly fromMs: number; readonly toMs: number };

/** The time in which the holder may have made load without anybody knowing; epoch milliseconds. */
function unseenTime(plan: Plan, slice: Slice, { proofMs }: Timing, sign: LiveProgress | undefined): Span {
  const scenarios = Object.values(plan.scenarios);
  // Iterations that are in progress at the end of the slice may make further requests.
  const lastMs = slice.endAtMs + Math.max(...scenarios.map(({ gracefulStop }) => gracefulStop));
  const seenMs = sign?.atMs ?? slice.startAtMs;
  const fromMs = Math.max(seenMs, slice.startAtMs);
  return { fromMs, toMs: sign?.ended === true ? fromMs : Math.min(lastMs, seenMs + proofMs) };
}

/** How much more load the plan has in a time than in the slice until then. */
function growthOf({ scenarios }: Plan, { startAtMs, runStartMs }: Slice, fromMs: number, toMs: number): number | null {
  const levels = (from: number, to: number) =>
    highestLevels(Object.values(scenarios), from - runStartMs, to - runStartMs);
  const [before, after] = [levels(startAtMs, fromMs), levels(fromMs, toMs)];
  if ((after.starts > 0 && before.starts === 0) || (after.vus > 0 && before.vus === 0)) return null;
  const ratio = (kind: keyof typeof after) => (after[kind] === 0 ? 1 : after[kind] / before[kind]);
  return Math.max(1, ratio('starts'), ratio('vus'));
}

/** The requests of all starts of the slice in a time, if each opens a session; null if virtual users set the pace in it. */
function plannedRequests(plan: Plan, slice: Slice, fromMs: number, toMs: number): number | null {
  let requests = 0;
  for (const segment of segmentsOf(plan, slice)) {
    const bounds = { ...segment, fromMs: Math.max(segment.fromMs, fromMs), toMs: Math.min(segment.toMs, toMs) };
    if (bounds.toMs <= bounds.fromMs) continue;
    if (!isArrival(segment.scenario)) return null;
    const { first, end, step } = segmentStarts(arrivalSchedule(segment.scenario), bounds);
    requests += Math.max(0, Math.ceil((end - first) / step)) * requestsPerStart(segment.scenario);
  }
  return requests;
}

/** The handshake, its notification, a list of tools, an event stream, and the end of the session. */
const REQUESTS_PER_SESSION = 5;

function requestsPerStart({ steps, order, callsPerIteration, sessions }: Scenario): number {
  const most = typeof callsPerIteration === 'number' ? callsPerIteration : callsPerIteration.max;
  const calls = order === 'fixed' || steps.length === 0 ? steps.length : most;
  return calls + REQUESTS_PER_SESSION * (sessions.reuse === 'call' ? calls : 1);
}
