import type { Percentiles } from '../summary/percentiles.ts';
import type { CallKinds, CallLatency, OperationSummary, SessionSummary } from '../summary/summary.ts';
import type { Report } from './report.ts';

/** What belongs to one target, in the order of the report. */
export type OfTarget<Item> = { readonly target: string; readonly operations: readonly Item[] };

export function byTarget<Item extends { readonly target: string }>(
  operations: readonly Item[],
): readonly OfTarget<Item>[] {
  return [...Map.groupBy(operations, (operation) => operation.target)].map(([target, each]) => ({
    target,
    operations: each,
  }));
}

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

/** The sessions with each target, and after them those of all together when there is more than one target. */
export function sessionsToShow(sessions: readonly SessionSummary[]): readonly SessionSummary[] {
  const targets = sessions.filter(({ target }) => target !== '*');
  return targets.length > 1 ? [...targets, ...sessions.filter(({ target }) => target === '*')] : targets;
}

/** What a person reads of one scenario. */
export type ScenarioRow = {
  readonly scenario: string;
  /** Starts that have an instant, and those of them that came late, warm-up included; null when virtual users set the pace. */
  readonly planned: number | null;
  readonly late: number | null;
  readonly iterations: number;
  readonly dropped: number;
  readonly perSecond: number;
  readonly iterationMs: Percentiles | null;
};

/** The scenarios, unless there is one whose virtual users set the pace: the totals say all of that. */
export function scenarioRows({ scenarios, generator }: Report): readonly ScenarioRow[] {
  const rows = scenarios.map(({ scenario, iterations, droppedIterations, iterationsPerSecond, iterationMs }) => {
    const starts = generator.starts.scenarios.find((each) => each.scenario === scenario);
    const planned = starts?.planned ?? null;
    return {
      scenario,
      planned,
      late: planned === null ? null : (starts?.late ?? 0),
      iterations,
      dropped: droppedIterations,
      perSecond: iterationsPerSecond,
      iterationMs,
    };
  });
  return rows.length === 1 && rows[0]?.planned === null ? [] : rows;
}
