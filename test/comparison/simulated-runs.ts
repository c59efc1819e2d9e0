import type { ComparedOperation, ComparedRun } from '../../src/comparison/comparison.ts';
import { batchesOf, batchGrid } from '../../src/summary/batches.ts';
import type { Cell } from '../../src/summary/fold.ts';
import { boundedPercentilesOf, sorted } from '../../src/summary/percentiles.ts';
import { type Random, randomFor } from '../../src/traffic/random.ts';

/** How the latencies of a simulated operation are drawn: lognormal around 50 ms. */
export type Simulation = {
  readonly requests?: number;
  readonly intervals?: number;
  /** Multiplies every latency. */
  readonly factor?: number;
  /** How much of its state a request passes to the next, 0 to 1: stands for queues and caches that requests share. */
  readonly memory?: number;
  /** Over the run, latency grows by the factor e to the power of this. */
  readonly ramp?: number;
  readonly failureRate?: number;
  /** Share of the requests that are not answered; each is given up after `waitMs`. */
  readonly silentRate?: number;
  readonly waitMs?: number;
  readonly operation?: string;
};

/** One operation of a run with intervals of 1 s. The same seed gives the same latencies. */
export function simulatedOperation(seed: number, simulation: Simulation = {}): ComparedOperation {
  const { requests = 600, intervals = 20, factor = 1, memory = 0, ramp = 0, failureRate = 0 } = simulation;
  const { silentRate = 0, waitMs = 30_000 } = simulation;
  const random = randomFor(seed);
  const normal = () => standardNormal(random);
  let state = normal();
  const drawn = Array.from({ length: intervals }, () => ({
    useful: [] as number[],
    failed: [] as number[],
    silent: [] as number[],
  }));
  for (let request = 0; request < requests; request++) {
    state = memory * state + Math.sqrt(1 - memory ** 2) * normal();
    const noise = memory === 0 ? state : Math.SQRT1_2 * (state + normal());
    const us = Math.round(factor * 50_000 * Math.exp(0.6 * noise + (ramp * request) / requests));
    const interval = drawn[Math.floor((request / requests) * intervals)];
    if (silentRate > 0 && random() < silentRate) interval?.silent.push(waitMs * 1000);
    else (failureRate > 0 && random() < failureRate ? interval?.failed : interval?.useful)?.push(us);
  }
  const cells = drawn.map(({ useful, failed, silent }, interval): Cell => {
    const of = (values: readonly number[]) => Uint32Array.from(values).sort();
    const place = { target: 'learn', operation: simulation.operation ?? 'tools/call:search', interval, phase: 0 };
    return {
      ...place,
      useful: of(useful),
      failed: of([...failed, ...silent]),
      silent: of(silent),
      censored: of([]),
      failures: { TOOL_ERROR: failed.length, TMO_TOTAL: silent.length },
    };
  });
  const useful = sorted(cells.map((cell) => cell.useful));
  const waits = sorted(cells.map((cell) => cell.silent));
  return {
    target: 'learn',
    operation: simulation.operation ?? 'tools/call:search',
    kind: 'step',
    count: requests,
    useful: useful.length,
    failures: requests - useful.length,
    latencyMs: boundedPercentilesOf(useful, waits),
    batches: batchesOf(cells, batchGrid(cells, 1000, intervals * 1000)),
  };
}

/** A run with these operations. */
export function simulatedRun(
  operations: readonly ComparedOperation[],
  changes: Partial<ComparedRun> = {},
): ComparedRun {
  return {
    runId: '20260509-140000-aaaaaa',
    plan: { name: 'simulated', hash: 'abc' },
    startedAt: '2026-05-09T14:00:00.000Z',
    durationSeconds: 20,
    verdict: { status: 'pass' },
    operations,
    ...changes,
  };
}

/** The Box-Muller transform. */
function standardNormal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
