import {
  type Cell,
  type FailureCounts,
  type Fold,
  firstExample,
  groups,
  type IterationCell,
  type KeptExample,
  mapClocks,
  type OperationFold,
  type OutcomeCount,
  type PauseFold,
  type SessionFold,
} from './fold.ts';
import { sorted } from './percentiles.ts';

/** What each code counts in all of them together. */
export function mergeCounts(all: readonly FailureCounts[]): FailureCounts {
  const total: Record<string, number> = {};
  for (const counts of all) {
    for (const [code, count = 0] of Object.entries(counts)) total[code] = (total[code] ?? 0) + count;
  }
  return total;
}

/** Sessions of several folds as those of one; the target is that of the first. */
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

/** Merges folds of the same run and the same interval; neither their order nor their grouping matters. */
export function mergeFolds(folds: readonly Fold[], intervalMs: number): Fold {
  const sum = (field: (fold: Fold) => number) => folds.reduce((total, fold) => total + field(fold), 0);
  const all = <Item>(of: (fold: Fold) => readonly Item[]) => folds.flatMap(of);
  const targetOf = ({ target }: { readonly target: string }) => target;
  return {
    intervalMs,
    cells: groups(
      all((fold) => fold.cells),
      cellName,
    ).map(mergeCells),
    outcomes: groups(
      all((fold) => fold.outcomes),
      outcomeName,
    ).map(mergeOutcomes),
    examples: groups(
      all((fold) => fold.examples),
      outcomeName,
    ).map((kept) => ({
      ...(kept[0] as KeptExample),
      message: kept.map(({ message }) => message).reduce(firstExample),
    })),
    operations: groups(
      all((fold) => fold.operations),
      operationName,
    ).map(mergeOperations),
    pauses: groups(
      all((fold) => fold.pauses),
      targetOf,
    ).map(mergePauses),
    vus: Uint32Array.from(new Set(folds.flatMap(({ vus }) => [...vus]))).sort(),
    iterations: groups(
      all((fold) => fold.iterations),
      iterationName,
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

function mergeCells(cells: readonly Cell[]): Cell {
  const [first] = cells as [Cell];
  if (cells.length === 1) return first;
  return {
    ...first,
    useful: sorted(cells.map((cell) => cell.useful)),
    failed: sorted(cells.map((cell) => cell.failed)),
    failures: mergeCounts(cells.map((cell) => cell.failures)),
  };
}

function mergeIterations(cells: readonly IterationCell[]): IterationCell {
  const [first] = cells as [IterationCell];
  if (cells.length === 1) return first;
  return {
    ...first,
    durations: sorted(cells.map((cell) => cell.durations)),
    aborted: cells.reduce((total, { aborted }) => total + aborted, 0),
    unfed: cells.reduce((total, { unfed }) => total + unfed, 0),
    dropped: cells.reduce((total, { dropped }) => total + dropped, 0),
  };
}

function mergeOutcomes(counts: readonly OutcomeCount[]): OutcomeCount {
  const [first] = counts as [OutcomeCount];
  return {
    ...first,
    count: counts.reduce((total, { count }) => total + count, 0),
    firstMs: Math.min(...counts.map(({ firstMs }) => firstMs)),
    lastMs: Math.max(...counts.map(({ lastMs }) => lastMs)),
  };
}

function mergeOperations(all: readonly OperationFold[]): OperationFold {
  const [{ target, operation }] = all as [OperationFold];
  const sum = (count: 'held' | 'resumed' | 'retries') => all.reduce((total, each) => total + each[count], 0);
  return {
    target,
    operation,
    ...mapClocks((clock) => sorted(all.map((each) => each[clock]))),
    firstOfSession: sorted(all.map((each) => each.firstOfSession)),
    afterIdle: sorted(all.map((each) => each.afterIdle)),
    held: sum('held'),
    resumed: sum('resumed'),
    retries: sum('retries'),
  };
}

function mergePauses(pauses: readonly PauseFold[]): PauseFold {
  const [{ target }] = pauses as [PauseFold];
  return {
    target,
    count: pauses.reduce((total, { count }) => total + count, 0),
    totalUs: pauses.reduce((total, { totalUs }) => total + totalUs, 0),
    maxUs: Math.max(...pauses.map(({ maxUs }) => maxUs)),
  };
}

type Placed = { readonly interval: number; readonly part: number };

const operationName = ({ target, operation }: { target: string; operation: string }) => `${target}\n${operation}`;
const placeName = ({ interval, part }: Placed) => `${padded(interval)} ${padded(part)}`;
const cellName = (cell: Cell) => `${operationName(cell)}\n${placeName(cell)}`;
const iterationName = (cell: IterationCell) => `${cell.target}\n${cell.scenario}\n${placeName(cell)}`;
const outcomeName = (each: OutcomeCount | KeptExample) => `${operationName(each)}\n${each.outcome}`;

function padded(index: number): string {
  return String(index).padStart(9, '0');
}
