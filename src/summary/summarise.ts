import type { Plan } from '../plan/plan-schema.ts';
import type { ArrivalScenario } from '../plan/scenario-schema.ts';
import { isArrival, warmUpPhasesOf } from '../plan/timeline.ts';
import { outcomeClass } from '../sample/outcome.ts';
import { arrivalSchedule, startsBefore } from '../traffic/arrival-schedule.ts';
import { batchGrid } from './batches.ts';
import type { Cell, Fold, IterationCell } from './fold.ts';
import { percentilesOf, sorted } from './percentiles.ts';
import { generatorHealth } from './summarise-generator.ts';
import { scenariosOf, sessionsOf, startsOf } from './summarise-iterations.ts';
import { operationsOf, seriesOf } from './summarise-operations.ts';
import type { OutcomeGroup, RunSpan, Summary, WarmUp } from './summary.ts';

/** What of a run's span follows from its plan. @param intervalMs width of the run's intervals */
export function planSpan(plan: Plan, intervalMs: number): Pick<RunSpan, 'warmUpMs' | 'warmUpParts' | 'plannedStarts'> {
  const plannedStarts = Object.entries(plan.scenarios).flatMap(([scenario, each]) => {
    return isArrival(each) ? [{ scenario, starts: plannedStartsOf(each, intervalMs) }] : [];
  });
  return { warmUpMs: plan.warmUp, warmUpParts: warmUpPhasesOf(plan), plannedStarts };
}

/** How many starts a scenario has in each interval of the run. */
function plannedStartsOf(scenario: ArrivalScenario, intervalMs: number): number[] {
  const schedule = arrivalSchedule(scenario);
  const endMs = scenario.startTime + schedule.durationMs;
  const before = (ms: number) => startsBefore(schedule, ms - scenario.startTime);
  return Array.from({ length: Math.ceil(endMs / intervalMs) }, (_, interval) => {
    return before((interval + 1) * intervalMs) - before(interval * intervalMs);
  });
}

/** Computes every figure of a run from the merge of all its folds. */
export function summarise(fold: Fold, span: RunSpan): Summary {
  const wholeMs = durationMs(fold, span);
  // A run that was stopped in its warm-up has measured nothing, in no time: rates of nothing are 0 in any other.
  const measuredSeconds = Math.max(1, wholeMs - span.warmUpMs) / 1000;
  const isMeasured = ({ part }: { readonly part: number }) => part >= span.warmUpParts;
  const cells = fold.cells.filter(isMeasured);
  const grid = batchGrid(cells, fold.intervalMs, span.plannedDurationMs);
  const operations = operationsOf(cells, fold.operations, measuredSeconds, grid);
  const measuredIterations = fold.iterations.filter(isMeasured);
  const requests = operations.reduce((sum, { count }) => sum + count, 0);
  const failures = operations.reduce((sum, operation) => sum + operation.failures, 0);
  const intervals = intervalsOf(fold);
  const sessions = sessionsOf(fold.sessions, intervals, fold.intervalMs);
  const iterations = sorted(measuredIterations.map(({ durations }) => durations));
  return {
    durationSeconds: wholeMs / 1000,
    measuredSeconds,
    warmUp: span.warmUpParts === 0 ? null : warmUpOf(fold.cells, span),
    totals: {
      requests,
      useful: requests - failures,
      failures,
      failureRate: requests === 0 ? 0 : failures / requests,
      requestsPerSecond: requests / measuredSeconds,
      iterations: iterations.length,
      droppedIterations: measuredIterations.reduce((sum, { dropped }) => sum + dropped, 0),
    },
    scenarios: scenariosOf(measuredIterations, measuredSeconds),
    operations,
    failures: groupsOf(fold, 'failed'),
    warnings: groupsOf(fold, 'warning'),
    pauses: fold.pauses.map(({ target, count, totalUs, maxUs }) => {
      return { target, count, totalMs: totalUs / 1000, maxMs: maxUs / 1000 };
    }),
    series: seriesOf(fold.cells, sessions, intervals, fold.intervalMs),
    starts: startsOf(fold.iterations, span, intervals, fold.intervalMs),
    sessions,
    iterationMs: percentilesOf(iterations),
    generator: generatorHealth(fold, span, fold.cells.reduce(countCell, 0)),
  };
}

/**
 * What rates are divided by. A run that lingered is divided by the time it took, one that was stopped by the time it had;
 * one whose virtual users fell silent before the end still lasted as long as planned.
 */
function durationMs({ lastEndMs }: Fold, { runStartMs, plannedDurationMs, stopped }: RunSpan): number {
  const activeMs = Math.max(1, lastEndMs - runStartMs);
  return stopped && lastEndMs > 0 ? activeMs : Math.max(plannedDurationMs, activeMs);
}

/** So many intervals that each has a place in which something started. */
function intervalsOf({ cells, iterations }: Fold): number {
  const last = (all: readonly (Cell | IterationCell)[]) =>
    all.reduce((most, each) => Math.max(most, each.interval), -1);
  return 1 + Math.max(last(cells), last(iterations));
}

function warmUpOf(cells: readonly Cell[], { warmUpMs, warmUpParts }: RunSpan): WarmUp {
  const left = cells.filter(({ part }) => part < warmUpParts);
  const failures = left.reduce((sum, { failed }) => sum + failed.length, 0);
  return { seconds: warmUpMs / 1000, requests: left.reduce(countCell, 0), failures };
}

function countCell(sum: number, { useful, failed }: Cell): number {
  return sum + useful.length + failed.length;
}

function groupsOf({ outcomes, examples }: Fold, wanted: 'failed' | 'warning'): OutcomeGroup[] {
  const messages = new Map(examples.map((each) => [nameOf(each), each.message]));
  return outcomes
    .filter(({ outcome }) => outcomeClass(outcome) === wanted)
    .toSorted((a, b) => b.count - a.count)
    .map(({ firstMs, lastMs, ...group }) => ({
      ...group,
      firstAt: new Date(firstMs).toISOString(),
      lastAt: new Date(lastMs).toISOString(),
      example: messages.get(nameOf(group)) ?? '',
    }));
}

function nameOf({ target, operation, outcome }: Pick<OutcomeGroup, 'target' | 'operation' | 'outcome'>): string {
  return `${target}\n${operation}\n${outcome}`;
}
