import type { OperationSummary } from '../summary/summary.ts';

/** The operations of a target, in the order of the report. */
export type TargetOperations = { readonly target: string; readonly operations: readonly OperationSummary[] };

export function byTarget(operations: readonly OperationSummary[]): readonly TargetOperations[] {
  return [...Map.groupBy(operations, (operation) => operation.target)].map(([target, each]) => ({
    target,
    operations: each,
  }));
}
