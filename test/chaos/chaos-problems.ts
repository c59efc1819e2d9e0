import { LATEST_START_MS } from '../../src/traffic/arrival-rate.ts';
import type { Chaos, Fault } from './draw-chaos.ts';
import type { ChaosResult } from './run-chaos.ts';

/** Everything in which a run with faults broke a promise; a sentence each, none if it kept all of them. */
export function chaosProblems(chaos: Chaos, result: ChaosResult): string[] {
  const { run, report, callsMs, earlyCalls, requestsAfterEnd, activeAfterEnd } = result;
  const planned = chaos.rate * chaos.durationSeconds;
  const problems: string[] = [];
  const most = mostInASecond(callsMs);
  const allowed = chaos.rate * 1.05 + lateCalls(chaos, result);
  if (most > allowed) problems.push(`the target got ${most} calls in one second; the plan allows ${chaos.rate}`);
  if (callsMs.length > planned) problems.push(`the target got ${callsMs.length} calls; the plan has ${planned}`);
  if (earlyCalls > 0) problems.push(`${earlyCalls} calls came before the planned start`);
  if (requestsAfterEnd > 0) problems.push(`${requestsAfterEnd} requests came after the run had ended`);
  if (activeAfterEnd.length > 0) problems.push(`still active after the end: ${activeAfterEnd.join(', ')}`);
  if (report === undefined) {
    if (callsMs.length > 0)
      problems.push(`the run is ${run.state} without a report, but ${callsMs.length} calls arrived`);
    if ((run.problems ?? []).length === 0) problems.push(`the run is ${run.state} without a report or a reason`);
    return problems;
  }
  const steps = report.operations.filter(({ kind }) => kind === 'step');
  const reported = steps.reduce((sum, { count }) => sum + count, 0);
  const cut = steps.reduce((sum, { count, useful }) => sum + count - useful, 0);
  // A request that was cut while it was being sent may never have reached the target.
  if (reported - cut > callsMs.length) {
    problems.push(`the report has ${reported - cut} answered calls; the target got ${callsMs.length}`);
  }
  const missing = callsMs.length - reported;
  const stated = statedUnaccounted(result);
  if (missing > stated) {
    problems.push(`${missing} calls of the target's ${callsMs.length} are not in the report, which states ${stated}`);
  }
  if (missing > 0 && !chaos.faults.some(losesSamples)) {
    problems.push(`${missing} calls are not in the report, although no process ended`);
  }
  const { status } = report.verdict;
  if (status === 'pass' && callsMs.length < planned * 0.95) {
    problems.push(`the run passed, but the target got ${callsMs.length} of ${planned} calls`);
  }
  if (status === 'pass' && chaos.faults.some(({ kind }) => kind === 'stop run' && run.stopRequested)) {
    problems.push('the run was stopped, but it passed');
  }
  if (status !== 'pass' && status !== 'unjudged' && report.verdict.reasons.length === 0) {
    problems.push(`the verdict is ${status} without a reason`);
  }
  return problems;
}

/** Faults that end a process before it has stored what it measured. */
function losesSamples({ kind }: Fault): boolean {
  return kind === 'kill worker' || kind === 'kill host' || kind === 'stop host' || kind === 'freeze instance';
}

/** The most calls that arrived within any one second. */
function mostInASecond(callsMs: readonly number[]): number {
  let most = 0;
  for (let from = 0, to = 0; to < callsMs.length; to++) {
    while ((callsMs[to] as number) - (callsMs[from] as number) >= 1000) from++;
    most = Math.max(most, to - from + 1);
  }
  return most;
}

/** A second can begin just before a call of each of two lanes. */
const EDGE_CALLS = 2;

/** Calls of another second that a busy machine may have moved into one: made late, or seen late by the target. */
function lateCalls({ rate }: Chaos, { targetDelayMs }: ChaosResult): number {
  return Math.ceil((rate * (LATEST_START_MS + targetDelayMs)) / 1000) + EDGE_CALLS;
}

/** How many requests the report says are in none of its figures; any number where it says that it is unknown. */
function statedUnaccounted({ report }: ChaosResult): number {
  const unaccounted = report?.generator.unaccounted ?? null;
  return unaccounted === null ? 0 : (unaccounted.atMost ?? Number.POSITIVE_INFINITY);
}
