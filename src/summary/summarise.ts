import type { Plan } from '../plan/plan-schema.ts';
import type { ArrivalScenario } from '../plan/scenario-schema.ts';
import { isArrival, warmUpPhasesOf } from '../plan/timeline.ts';
import { operationId } from '../sample/block.ts';
import { softErrorFor } from '../sample/error-text.ts';
import { isRpcCode, MAX_RPC_CODES, outcomeClass } from '../sample/outcome.ts';
import { arrivalSchedule, startsBefore } from '../traffic/arrival-schedule.ts';
import { batchGrid } from './batches.ts';
import {
  type Cell,
  type CellPlace,
  type Fold,
  type IterationCell,
  type OutcomeCount,
  outcomeId,
  type PauseFold,
  sentOf,
} from './fold.ts';
import { mergeOutcomes } from './merge-folds.ts';
import { columnPercentilesOf, sorted } from './percentiles.ts';
import { generatorHealth } from './summarise-generator.ts';
import { scenariosOf, sessionsOf, startsOf } from './summarise-iterations.ts';
import { operationsOf, requestTotalsOf, seriesOf } from './summarise-operations.ts';
import type { ExampleAnswer, OutcomeGroup, RunSpan, Summary, TargetPauses, WarmUp } from './summary.ts';

/** Computes every figure of a run from the merge of all its folds. */
export function summarise(fold: Fold, span: RunSpan): Summary {
  const wholeMs = durationMs(fold, span);
  // A run that was stopped in its warm-up measured nothing; any duration above 0 makes its rates 0.
  const measuredSeconds = Math.max(1, wholeMs - span.warmUpMs) / 1000;
  const isMeasured = ({ phase }: CellPlace) => phase >= span.warmUpPhases;
  const cells = fold.cells.filter(isMeasured);
  const grid = batchGrid(cells, fold.intervalMs, span.plannedDurationMs);
  const operations = operationsOf(cells, fold.operations, measuredSeconds, grid);
  const measuredIterations = fold.iterations.filter(isMeasured);
  const intervals = intervalsOf(fold);
  const sessions = sessionsOf(fold.sessions, intervals, fold.intervalMs);
  const iterations = sorted(measuredIterations.map(({ durations }) => durations));
  return {
    durationSeconds: wholeMs / 1000,
    measuredSeconds,
    warmUp: span.warmUpPhases === 0 ? null : warmUpOf(fold.cells, span),
    totals: {
      ...requestTotalsOf(cells, span.headline, measuredSeconds),
      iterations: iterations.length,
      droppedIterations: measuredIterations.reduce((sum, { dropped }) => sum + dropped, 0),
    },
    protocol: requestTotalsOf(cells, 'protocol', measuredSeconds),
    scenarios: scenariosOf(measuredIterations, measuredSeconds),
    operations,
    failures: groupsOf(fold, 'failed'),
    warnings: groupsOf(fold, 'warning'),
    exampleAnswers: exampleAnswersOf(fold),
    pauses: pausesOf(fold.pauses),
    connectionPauses: pausesOf(fold.connectionPauses ?? []),
    checks: fold.checks ?? [],
    ...(fold.deviations === undefined ? {} : { deviations: fold.deviations }),
    series: seriesOf(fold.cells, span.headline, sessions, intervals, fold.intervalMs),
    starts: startsOf(fold.iterations, span, intervals, fold.intervalMs),
    sessions,
    iterationMs: columnPercentilesOf(iterations),
    generator: generatorHealth(
      fold,
      span,
      fold.cells.reduce((sum, cell) => sum + sentOf(cell), 0),
    ),
  };
}

/**
 * What rates are divided by. A run whose requests went on after its planned end is divided by the time it took. A stopped
 * run is divided by the time until its last answer. Any other run lasted as long as planned, even if its virtual users
 * fell silent earlier.
 */
function durationMs({ lastEndMs }: Fold, { runStartMs, plannedDurationMs, stopped }: RunSpan): number {
  const activeMs = Math.max(1, lastEndMs - runStartMs);
  return stopped && lastEndMs > 0 ? activeMs : Math.max(plannedDurationMs, activeMs);
}

/** The number of intervals up to the last one in which something started. */
function intervalsOf({ cells, iterations }: Fold): number {
  const last = (all: readonly (Cell | IterationCell)[]) =>
    all.reduce((most, each) => Math.max(most, each.interval), -1);
  return 1 + Math.max(last(cells), last(iterations));
}

function warmUpOf(cells: readonly Cell[], { warmUpMs, warmUpPhases, headline }: RunSpan): WarmUp {
  const excluded = cells.filter(({ phase }) => phase < warmUpPhases);
  const { requests, failures } = requestTotalsOf(excluded, headline, 1);
  return { seconds: warmUpMs / 1000, requests, failures };
}

function pausesOf(pauses: readonly PauseFold[]): TargetPauses[] {
  return pauses.map(({ target, count, totalUs, maxUs }) => {
    return { target, count, totalMs: totalUs / 1000, maxMs: maxUs / 1000 };
  });
}

/** The failures or the warnings of a run, the most frequent first. */
function groupsOf({ outcomes, examples }: Fold, wanted: 'failed' | 'warning'): OutcomeGroup[] {
  const messages = new Map(examples.map((each) => [outcomeId(each), each.message]));
  return withFirstCodes(outcomes)
    .filter(({ outcome }) => outcomeClass(outcome) === wanted)
    .toSorted((a, b) => b.count - a.count)
    .map(({ firstMs, lastMs, ...group }) => {
      const example = messages.get(outcomeId(group)) ?? '';
      const softError = group.outcome === 'TOOL_READS_LIKE_ERROR' ? softErrorFor(example) : undefined;
      return {
        ...group,
        firstAt: new Date(firstMs).toISOString(),
        lastAt: new Date(lastMs).toISOString(),
        example,
        ...(softError === undefined ? {} : { softError }),
      };
    });
}

/**
 * The outcomes with the first JSON-RPC codes of each operation. Each slice records as many codes for itself, so that all
 * slices together can have more; those that came later are added to RPC_OTHER, with the message of the first of them.
 */
function withFirstCodes(outcomes: Fold['outcomes']): Fold['outcomes'] {
  const codes = Map.groupBy(
    outcomes.filter(({ outcome }) => isRpcCode(outcome)),
    operationId,
  );
  const later = [...codes.values()].flatMap((group) =>
    group.toSorted((a, b) => a.firstMs - b.firstMs || (a.outcome < b.outcome ? -1 : 1)).slice(MAX_RPC_CODES),
  );
  if (later.length === 0) return outcomes;
  const left = new Set(later);
  const others = later.map((each): OutcomeCount => ({ ...each, outcome: 'RPC_OTHER' }));
  return [...Map.groupBy([...outcomes.filter((each) => !left.has(each)), ...others], outcomeId).values()].map(
    mergeOutcomes,
  );
}

function exampleAnswersOf({ examples }: Fold): ExampleAnswer[] {
  const answers = examples.filter(({ outcome, message }) => outcome === 'OK' && message !== '');
  return answers.map(({ target, operation, message }) => ({ target, operation, answer: message }));
}

/** The fields of a RunSpan that follow from the plan. @param intervalMs width of the run's intervals */
export function planSpan(
  plan: Plan,
  intervalMs: number,
): Pick<RunSpan, 'warmUpMs' | 'warmUpPhases' | 'plannedStarts' | 'headline'> {
  const plannedStarts = Object.entries(plan.scenarios).flatMap(([scenario, each]) => {
    return isArrival(each) ? [{ scenario, starts: plannedStartsOf(each, intervalMs) }] : [];
  });
  const headline = Object.values(plan.scenarios).some(({ steps }) => steps.length > 0) ? 'step' : 'all';
  return { warmUpMs: plan.warmUp, warmUpPhases: warmUpPhasesOf(plan), plannedStarts, headline };
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
