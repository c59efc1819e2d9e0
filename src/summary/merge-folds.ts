import { type CheckCount, operationId } from '../sample/block.ts';
import { mergeDeviations } from '../sample/deviation.ts';
import {
  type BlockedCalls,
  type Cell,
  type CellPlace,
  checkId,
  type FailureCounts,
  type Fold,
  firstExample,
  type IterationCell,
  type KeptExample,
  mapClocks,
  type OperationFold,
  type OutcomeCount,
  outcomeId,
  type PauseFold,
  type SessionFold,
} from './fold.ts';
import { sorted } from './percentiles.ts';

/** Merges folds of one run, all with the same interval; neither their order nor their grouping matters. */
export function mergeFolds(folds: readonly Fold[], intervalMs: number): Fold {
  const sum = (field: (fold: Fold) => number) => folds.reduce((total, fold) => total + field(fold), 0);
  const all = <Item>(of: (fold: Fold) => readonly Item[]) => folds.flatMap(of);
  const targetOf = ({ target }: { readonly target: string }) => target;
  const deviations = mergeDeviations(all((fold) => fold.deviations ?? []));
  const checks = mergeChecks(all((fold) => fold.checks ?? []));
  const connectionPauses = groups(
    all((fold) => fold.connectionPauses ?? []),
    targetOf,
  ).map(mergePauses);
  return {
    intervalMs,
    cells: groups(
      all((fold) => fold.cells),
      cellId,
    ).map(mergeCells),
    outcomes: groups(
      all((fold) => fold.outcomes),
      outcomeId,
    ).map(mergeOutcomes),
    examples: groups(
      all((fold) => fold.examples),
      outcomeId,
    ).map((kept) => ({
      ...(kept[0] as KeptExample),
      message: kept.map(({ message }) => message).reduce(firstExample),
    })),
    operations: groups(
      all((fold) => fold.operations),
      operationId,
    ).map(mergeOperations),
    pauses: groups(
      all((fold) => fold.pauses),
      targetOf,
    ).map(mergePauses),
    ...(connectionPauses.length === 0 ? {} : { connectionPauses }),
    ...(checks.length === 0 ? {} : { checks }),
    ...(deviations.length === 0 ? {} : { deviations }),
    vus: Uint32Array.from(new Set(folds.flatMap(({ vus }) => [...vus]))).sort(),
    iterations: groups(
      all((fold) => fold.iterations),
      iterationCellId,
    ).map(mergeIterations),
    sessions: groups(
      all((fold) => fold.sessions),
      targetOf,
    ).map(mergeSessions),
    abortedRequests: sum((fold) => fold.abortedRequests),
    limitedRequests: sum((fold) => fold.limitedRequests),
    limitedExample: folds.map((fold) => fold.limitedExample).reduce(firstExample, ''),
    samples: sum((fold) => fold.samples),
    lastEndMs: folds.reduce((last, fold) => Math.max(last, fold.lastEndMs), 0),
    slices: groups(
      all((fold) => fold.slices),
      ({ sliceId }) => sliceId,
    ).flat(),
  };
}

/** The sessions of several folds together; the target is that of the first. */
export function mergeSessions(folds: readonly SessionFold[]): SessionFold {
  const [{ target }] = folds as [SessionFold];
  return {
    target,
    opened: sorted(folds.map(({ opened }) => opened)),
    closed: sorted(folds.map(({ closed }) => closed)),
    lifetimes: sorted(folds.map(({ lifetimes }) => lifetimes)),
    losses: mergeCounts(folds.map(({ losses }) => losses)),
  };
}

function mergeCells(cells: readonly Cell[]): Cell {
  const [first] = cells as [Cell];
  if (cells.length === 1) return first;
  return {
    ...first,
    useful: sorted(cells.map((cell) => cell.useful)),
    failed: sorted(cells.map((cell) => cell.failed)),
    silent: sorted(cells.map((cell) => cell.silent)),
    censored: sorted(cells.map((cell) => cell.censored)),
    failures: mergeCounts(cells.map((cell) => cell.failures)),
    ...mergeBlocked(cells.flatMap(({ blocked }) => blocked ?? [])),
  };
}

function mergeBlocked(all: readonly BlockedCalls[]): Pick<Cell, 'blocked'> {
  if (all.length === 0) return {};
  const count = all.reduce((total, blocked) => total + blocked.count, 0);
  return { blocked: { count, silent: sorted(all.map(({ silent }) => silent)) } };
}

function mergeIterations(cells: readonly IterationCell[]): IterationCell {
  const [first] = cells as [IterationCell];
  if (cells.length === 1) return first;
  const lags = cells.flatMap((cell) => cell.lags ?? []);
  return {
    ...first,
    durations: sorted(cells.map((cell) => cell.durations)),
    ...(lags.length === 0 ? {} : { lags: sorted(lags) }),
    aborted: cells.reduce((total, { aborted }) => total + aborted, 0),
    iterationsWithoutFeedRow: cells.reduce((total, cell) => total + cell.iterationsWithoutFeedRow, 0),
    dropped: cells.reduce((total, { dropped }) => total + dropped, 0),
  };
}

/** Merges the counts of one outcome of an operation. */
export function mergeOutcomes(counts: readonly OutcomeCount[]): OutcomeCount {
  const [first] = counts as [OutcomeCount];
  return {
    ...first,
    count: counts.reduce((total, { count }) => total + count, 0),
    firstMs: counts.reduce((least, { firstMs }) => Math.min(least, firstMs), Number.POSITIVE_INFINITY),
    lastMs: counts.reduce((most, { lastMs }) => Math.max(most, lastMs), 0),
  };
}

function mergeOperations(all: readonly OperationFold[]): OperationFold {
  const [{ target, operation, kind }] = all as [OperationFold];
  const sum = (count: 'held' | 'resumed' | 'retries' | 'queued' | 'resent') =>
    all.reduce((total, each) => total + (each[count] ?? 0), 0);
  const [queued, resent] = [sum('queued'), sum('resent')];
  return {
    target,
    operation,
    ...(kind === undefined ? {} : { kind }),
    ...mapClocks((clock) => sorted(all.map((each) => each[clock]))),
    firstOfSession: sorted(all.map((each) => each.firstOfSession)),
    afterIdle: sorted(all.map((each) => each.afterIdle)),
    held: sum('held'),
    resumed: sum('resumed'),
    retries: sum('retries'),
    ...(queued === 0 ? {} : { queued }),
    ...(resent === 0 ? {} : { resent }),
  };
}

/** The counts of each check added up, in the order of the plan within each scenario. */
export function mergeChecks(counts: readonly CheckCount[]): CheckCount[] {
  return groups(counts, checkId).map((group) => ({
    ...(group[0] as CheckCount),
    passes: group.reduce((total, { passes }) => total + passes, 0),
    failures: group.reduce((total, { failures }) => total + failures, 0),
  }));
}

function mergePauses(pauses: readonly PauseFold[]): PauseFold {
  const [{ target }] = pauses as [PauseFold];
  return {
    target,
    count: pauses.reduce((total, { count }) => total + count, 0),
    totalUs: pauses.reduce((total, { totalUs }) => total + totalUs, 0),
    maxUs: pauses.reduce((most, { maxUs }) => Math.max(most, maxUs), 0),
  };
}

/** The sum of all counts, by outcome. */
function mergeCounts(all: readonly FailureCounts[]): FailureCounts {
  const total: Record<string, number> = {};
  for (const counts of all) {
    for (const [code, count = 0] of Object.entries(counts)) total[code] = (total[code] ?? 0) + count;
  }
  return total;
}

/** Items with the same key together, in the order of the keys. */
function groups<Item>(items: readonly Item[], keyOf: (item: Item) => string): Item[][] {
  return [...Map.groupBy(items, keyOf)].toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)).map(([, group]) => group);
}

function cellId(cell: Cell): string {
  return `${operationId(cell)}\n${placeId(cell)}`;
}

function iterationCellId(cell: IterationCell): string {
  return `${operationId({ target: cell.target, operation: cell.scenario })}\n${placeId(cell)}`;
}

/** Sorts by interval, then by phase. */
function placeId({ interval, phase }: CellPlace): string {
  return `${padded(interval)} ${padded(phase)}`;
}

function padded(index: number): string {
  return String(index).padStart(9, '0');
}
