import type { CallKinds, CallLatency, OperationSummary } from '../summary/summary.ts';

export type OperationCalls = Pick<OperationSummary, 'target' | 'operation'> & { readonly calls: CallKinds };

/** The kinds of calls in the order in which they are shown, as their columns are called. */
export const CALL_KINDS: readonly (readonly [kind: keyof CallKinds, title: string])[] = [
  ['firstOfSession', 'first of session'],
  ['afterIdle', 'after idle'],
  ['warm', 'warm'],
];

/** The operations whose calls are of more than one kind, so that there is something to compare. */
export function operationsWithColdCalls(operations: readonly OperationSummary[]): readonly OperationCalls[] {
  return operations.flatMap(({ target, operation, calls }) => {
    if (calls === null) return [];
    const kinds: readonly CallLatency[] = Object.values(calls);
    return kinds.filter(({ count }) => count > 0).length < 2 ? [] : [{ target, operation, calls }];
  });
}
