import type { Plan } from '../plan/plan-schema.ts';
import { operationOf } from '../plan/step-schema.ts';
import type { Fold } from '../summary/fold.ts';
import { quantile, sorted } from '../summary/percentiles.ts';

/** What the generator's delays in one scenario are compared with. */
export type ScenarioDelays = {
  readonly scenario: string;
  /** Median latency of its steps' useful requests, milliseconds; null when there were none. */
  readonly medianMs: number | null;
  /** How late its starts were, of those that were at least a millisecond late: microseconds, ascending. */
  readonly lagsUs: Uint32Array;
};

/** The delays and the median latency of each scenario, warm-up included, because the rules cover the whole run. */
export function scenarioDelays({ scenarios }: Plan, { cells, iterations }: Fold): ScenarioDelays[] {
  return Object.entries(scenarios).map(([scenario, { target, steps }]) => {
    const operations = new Set(steps.map(operationOf));
    const own = cells.filter((cell) => {
      if (cell.target !== target) return false;
      // A scenario without steps only opens sessions, so that the protocol's requests are all it has.
      return operations.size === 0
        ? cell.kind === 'protocol'
        : cell.kind !== 'protocol' && operations.has(cell.operation);
    });
    const useful = sorted(own.map((cell) => cell.useful));
    const of = iterations.filter((cell) => cell.scenario === scenario);
    return {
      scenario,
      medianMs: useful.length === 0 ? null : quantile(useful, 0.5) / 1000,
      lagsUs: sorted(of.flatMap(({ lags }) => lags ?? [])),
    };
  });
}

/** A limit for a delay of the generator, and the scenario whose latency sets it; null where the plan's own limit does. */
export type DelayLimit = { readonly ms: number; readonly scenario: string | null };

/**
 * The longest delay that says nothing against the generator: the plan's limit, or a share of the median latency beside
 * which the delay stands if that is longer. The figures hardly show a shorter delay.
 * @param share the plan's `delayShare`
 */
export function delayLimit(ms: number, share: number, { scenario, medianMs }: ScenarioDelays): DelayLimit {
  const latencyMs = share * (medianMs ?? 0);
  return latencyMs > ms ? { ms: latencyMs, scenario } : { ms, scenario: null };
}
