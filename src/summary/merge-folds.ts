import { firstExample } from './first-example.ts';
import {
  type Cell,
  emptyFold,
  type Fold,
  mapClocks,
  type OperationFold,
  type OutcomeCount,
  type PauseFold,
} from './fold.ts';

/** Merges folds of the same run and the same interval; neither their order nor their grouping matters. */
export function mergeFolds(folds: readonly Fold[], intervalMs: number): Fold {
  const empty = emptyFold(intervalMs);
  const sum = (field: (fold: Fold) => number) => folds.reduce((total, fold) => total + field(fold), 0);
  return {
    ...empty,
    cells: groups(
      folds.flatMap((fold) => fold.cells),
      cellName,
    ).map(mergeCells),
    outcomes: groups(
      folds.flatMap((fold) => fold.outcomes),
      outcomeName,
    ).map(mergeOutcomes),
    operations: groups(
      folds.flatMap((fold) => fold.operations),
      operationName,
    ).map(mergeOperations),
    pauses: groups(
      folds.flatMap((fold) => fold.pauses),
      ({ target }) => target,
    ).map(mergePauses),
    vus: Uint32Array.from(new Set(folds.flatMap(({ vus }) => [...vus]))).sort(),
    iterations: sorted(folds.map((fold) => fold.iterations)),
    droppedIterations: sum((fold) => fold.droppedIterations),
    abortedRequests: sum((fold) => fold.abortedRequests),
    samples: sum((fold) => fold.samples),
    lastEndMs: folds.reduce((last, fold) => Math.max(last, fold.lastEndMs), 0),
    slices: folds.flatMap((fold) => fold.slices).toSorted((a, b) => compare(a.sliceId, b.sliceId)),
  };
}

/** All values in ascending order. */
export function sorted(arrays: readonly Uint32Array[]): Uint32Array {
  const all = new Uint32Array(arrays.reduce((length, array) => length + array.length, 0));
  let at = 0;
  for (const array of arrays) {
    all.set(array, at);
    at += array.length;
  }
  return all.sort();
}

function mergeCells(cells: readonly Cell[]): Cell {
  const [first] = cells as [Cell];
  if (cells.length === 1) return first;
  return {
    ...first,
    useful: sorted(cells.map((cell) => cell.useful)),
    failed: sorted(cells.map((cell) => cell.failed)),
  };
}

function mergeOutcomes(counts: readonly OutcomeCount[]): OutcomeCount {
  const [first] = counts as [OutcomeCount];
  return {
    ...first,
    count: counts.reduce((total, { count }) => total + count, 0),
    firstMs: Math.min(...counts.map(({ firstMs }) => firstMs)),
    lastMs: Math.max(...counts.map(({ lastMs }) => lastMs)),
    example: counts.map(({ example }) => example).reduce(firstExample),
  };
}

function mergeOperations(all: readonly OperationFold[]): OperationFold {
  const [{ target, operation }] = all as [OperationFold];
  const sum = (count: 'held' | 'resumed' | 'retries') => all.reduce((total, each) => total + each[count], 0);
  return {
    target,
    operation,
    ...mapClocks((clock) => sorted(all.map((each) => each[clock]))),
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

/** Items with the same name together, in order of the names. */
function groups<Item>(items: readonly Item[], nameOf: (item: Item) => string): Item[][] {
  return [...Map.groupBy(items, nameOf)].toSorted(([a], [b]) => compare(a, b)).map(([, group]) => group);
}

const operationName = ({ target, operation }: { target: string; operation: string }) => `${target}\n${operation}`;
const cellName = (cell: Cell) => `${operationName(cell)}\n${String(cell.interval).padStart(9, '0')}`;
const outcomeName = (count: OutcomeCount) => `${operationName(count)}\n${count.outcome}`;

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
