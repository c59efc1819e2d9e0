import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Block } from '../../src/sample/block.ts';
import { LiveTally } from '../../src/summary/live-progress.ts';
import { readHistogram } from '../../src/summary/percentiles.ts';
import { LiveThresholds, runningTotalsOf } from '../../src/verdict/live-thresholds.ts';
import type { Abort } from '../../src/verdict/verdict.ts';
import { aPlan, type PlanParts } from '../support/a-plan.ts';
import { blockOf, RUN_START_MS, type SampleParts } from '../support/blocks-of.ts';

type Watched = PlanParts & {
  /** What each of two lanes measures in one second of the run. */
  readonly second: (second: number) => readonly SampleParts[];
  readonly seconds?: number;
  /** The second in which the second lane's first attempt is lost. Another one then reports totals of its own, from 0. */
  readonly lostAt?: number;
  /** When the evaluation begins. */
  readonly fromSecond?: number;
};

/** Evaluates a run of two lanes, which report every other second, until a condition aborts it. */
function watched({ second, seconds = 30, lostAt, fromSecond = 0, ...parts }: Watched): Abort | undefined {
  const plan = aPlan(parts);
  const measuredFromMs = RUN_START_MS + plan.warmUp;
  const live = new LiveThresholds(plan, RUN_START_MS);
  const tallies = [new LiveTally(measuredFromMs), new LiveTally(measuredFromMs)];
  for (let now = 1; now <= seconds; now++) {
    if (now === lostAt) tallies.push(new LiveTally(measuredFromMs));
    const samples = second(now - 1).map((parts) => ({ atMs: (now - 1) * 1000, ...parts }));
    for (const tally of active(tallies)) if (samples.length > 0) tally.add(blockOf(samples) as Block);
    if (now % 2 === 1 || now < fromSecond) continue;
    const progress = tallies.map((tally, at) => {
      const about = { sliceId: `w0000-l000${at % 2}`, attemptId: `attempt ${at}`, activeVus: 1 };
      return tally.progress({ ...about, atMs: RUN_START_MS + now * 1000 });
    });
    const abort = live.evaluate(runningTotalsOf(progress, RUN_START_MS + now * 1000, readHistogram));
    if (abort !== undefined) return abort;
  }
  return undefined;
}

/** The first lane's tally, and that of the second lane's latest attempt. */
const active = (tallies: readonly LiveTally[]) => [tallies[0], tallies.at(-1)] as readonly LiveTally[];

const DROPPED: SampleParts = { kind: 'droppedIteration', operation: 'calls' };

const failing = (from: number, to: number) => (second: number) => {
  const outcome = second >= from && second < to ? 'HTTP_500' : 'OK';
  return [{ outcome }, { outcome }] as const;
};
const thresholds = (metric: string, threshold: string, more: object = {}) => ({
  plan: { thresholds: { [metric]: [{ threshold, abortOnFail: true, ...more }] } },
});

describe('a live condition over latency', () => {
  const silent = (second: number): SampleParts[] => [
    ...Array.from({ length: 9 }, () => ({ durationMs: 10 })),
    second < 10 ? { durationMs: 10 } : { durationMs: 200, outcome: 'TMO_TOTAL' },
  ];

  it('does not hold once too many requests have failed by silence, and gives a lower bound', () => {
    const abort = watched({ second: silent, ...thresholds('mcp_request_duration', 'p(95)<1000', { over: '4s' }) });
    assert.deepEqual([abort?.atSeconds, abort?.atLeast, abort?.withoutAnswer], [14, true, 0.1]);
    assert.ok(Math.abs((abort?.observed ?? 0) - 200) <= 2, `${abort?.observed}`);
  });

  it('holds while the requests without an answer cannot change the percentile', () => {
    assert.equal(watched({ second: silent, ...thresholds('mcp_request_duration', 'p(80)<1000') }), undefined);
  });

  it('is about the steps of the plan', () => {
    const second = (): SampleParts[] => [
      { durationMs: 10 },
      { durationMs: 900, operation: 'initialize', operationKind: 'protocol', outcome: 'HTTP_500' },
    ];
    assert.equal(watched({ second, ...thresholds('mcp_failures', 'rate<0.1') }), undefined);
    assert.equal(watched({ second, ...thresholds('mcp_failures{kind:all}', 'rate<0.1') })?.observed, 0.5);
  });

  it('counts requests that a stop ended as sent, and as neither useful nor failed', () => {
    const second = (): SampleParts[] => [{ outcome: 'CLIENT_ABORT', durationMs: 50 }, { durationMs: 10 }];
    assert.equal(watched({ second, ...thresholds('mcp_requests', 'count<8') })?.observed, 8);
    assert.equal(watched({ second, ...thresholds('useful_rate', 'rate>0.9') }), undefined);
  });
});

describe('a live condition over the run', () => {
  it('adds up all attempts at a slice, each of which counts from 0', () => {
    const total = (lostAt?: number) =>
      watched({ second: failing(0, 30), ...(lostAt && { lostAt }), ...thresholds('mcp_failures', 'count<60') });
    assert.deepEqual([total(15)?.atSeconds, total(15)?.observed], [16, 64]);
    assert.deepEqual(total(15), total());
  });

  it('adds up all lanes since the start', () => {
    assert.deepEqual(watched({ second: failing(0, 30), ...thresholds('mcp_failures', 'count<8') }), {
      metric: 'mcp_failures',
      expression: 'count<8',
      over: 'run',
      observed: 8,
      atSeconds: 2,
    });
    assert.equal(watched({ second: failing(9, 30), ...thresholds('mcp_failures', 'rate<0.5') })?.atSeconds, 18);
  });

  it('is ignored without abortOnFail', () => {
    assert.equal(watched({ second: failing(0, 30), plan: { thresholds: { mcp_failures: ['rate<0.5'] } } }), undefined);
    assert.equal(new LiveThresholds(aPlan(), RUN_START_MS).isNeeded, false);
  });

  it('waits for delayAbortEval and for samples', () => {
    const late = thresholds('mcp_failures', 'rate<0.5', { delayAbortEval: '11s' });
    assert.equal(watched({ second: failing(0, 30), ...late })?.atSeconds, 12);
    assert.equal(watched({ second: () => [], ...thresholds('mcp_requests', 'count>5') }), undefined);
    const silent = (second: number) => (second < 6 ? [] : failing(0, 30)(second));
    assert.equal(watched({ second: silent, ...thresholds('mcp_failures', 'rate<0.5') })?.atSeconds, 8);
  });

  it('can be about one outcome or one operation', () => {
    const second = () => [{ outcome: 'HTTP_429' }, { outcome: 'HTTP_500' }, { operation: 'initialize' }] as const;
    const { observed } = watched({ second, ...thresholds('mcp_failures{outcome:HTTP_429}', 'rate<0.1') }) ?? {};
    assert.equal(observed, 1 / 3);
    assert.equal(watched({ second, ...thresholds('mcp_failures{operation:initialize}', 'rate<0.1') }), undefined);
  });

  it('measures latency from the intended start and iterations within 1 %, and dropped iterations exactly', () => {
    const second = () =>
      [
        { durationMs: 100, lagMs: 300 },
        { kind: 'iteration', operation: 'calls', durationMs: 50 },
        { kind: 'droppedIteration', operation: 'calls' },
      ] as const;
    const p95 = watched({ second, ...thresholds('mcp_request_duration', 'p(95)<390') });
    assert.ok(Math.abs((p95?.observed ?? 0) - 400) <= 4, `${p95?.observed}`);
    assert.equal(watched({ second, ...thresholds('mcp_request_duration', 'p(95)<410') }), undefined);
    assert.equal(watched({ second, ...thresholds('dropped_iterations{scenario:calls}', 'rate<0.2') })?.observed, 0.5);
    const least = watched({ second, ...thresholds('iteration_duration', 'min>60') });
    assert.ok(Math.abs((least?.observed ?? 0) - 50) <= 0.5, `${least?.observed}`);
  });

  it('has each percentile of the latencies', () => {
    const second = () => Array.from({ length: 100 }, (_, index): SampleParts => ({ durationMs: 10 * (index + 1) }));
    const expected = { min: 10, avg: 505, med: 500, 'p(75)': 750, 'p(90)': 900, 'p(95)': 950, 'p(99)': 990, max: 1000 };
    for (const [aggregate, ms] of Object.entries(expected)) {
      const { observed = 0 } = watched({ second, ...thresholds('mcp_request_duration', `${aggregate}<1`) }) ?? {};
      assert.ok(Math.abs(observed - ms) <= ms * 0.01, `${aggregate}: ${observed}, not ${ms}`);
    }
  });

  it('counts aborted iterations in the rate of dropped ones, because they started', () => {
    const iteration: SampleParts = { kind: 'iteration', operation: 'calls' };
    const second = () =>
      [iteration, { ...iteration, outcome: 'CLIENT_ABORT' }, { ...DROPPED }, { ...DROPPED }] as const;
    assert.equal(watched({ second, ...thresholds('dropped_iterations', 'rate<0.1') })?.observed, 0.5);
  });

  it('leaves out the warm-up, in counts and in rates', () => {
    const { plan } = thresholds('mcp_failures', 'count<1');
    assert.equal(watched({ second: failing(0, 5), plan: { ...plan, warmUp: '5s' } }), undefined);
    const rate = thresholds('mcp_requests', 'rate<3.9');
    assert.equal(watched({ second: failing(0, 0), plan: { ...rate.plan, warmUp: '6s' } })?.observed, 4);
  });
});

describe('a live condition over a sliding window', () => {
  const autostop = thresholds('mcp_failures', 'rate<0.5', { over: '6s' });

  it('covers only the time of the window', () => {
    const abort = watched({ second: failing(20, 30), ...autostop });
    assert.deepEqual([abort?.atSeconds, abort?.observed, abort?.over], [24, 4 / 6, 6000]);
  });

  it('is not evaluated before a whole window has passed', () => {
    assert.equal(watched({ second: failing(0, 30), ...autostop })?.atSeconds, 6);
  });

  it('forgets what is older than the window', () => {
    const short = thresholds('mcp_failures', 'count<13', { over: '6s' });
    assert.equal(watched({ second: (at) => failing(at - (at % 6), at - (at % 6) + 2)(at), ...short }), undefined);
  });

  it('waits for a whole window when it begins in the middle of a run', () => {
    const condition = thresholds('mcp_requests', 'count<25', { over: '6s' });
    assert.equal(watched({ second: failing(0, 0), fromSecond: 20, ...condition }), undefined);
    assert.equal(watched({ second: failing(0, 0), fromSecond: 20, ...autostop }), undefined);
    assert.equal(watched({ second: failing(0, 30), fromSecond: 20, ...autostop })?.atSeconds, 26);
  });

  it('goes on over the loss of an attempt at a slice, whose totals still count', () => {
    for (const bound of ['count>23', 'count<25']) {
      const condition = thresholds('mcp_requests', bound, { over: '6s' });
      assert.equal(watched({ second: failing(0, 0), lostAt: 15, ...condition }), undefined);
    }
    assert.equal(watched({ second: failing(10, 30), lostAt: 13, ...autostop })?.atSeconds, 14);
  });

  it('keeps few totals, however long the window is', () => {
    const long = thresholds('mcp_failures', 'rate<0.5', { over: '10m' });
    const abort = watched({ second: failing(900, 3000), seconds: 3000, ...long });
    // At 1,200 s, half of ten minutes have failed. Totals are kept every half minute, so it may be noticed half a minute later.
    assert.ok((abort?.atSeconds ?? 0) >= 1200 && (abort?.atSeconds ?? 0) <= 1232, `${abort?.atSeconds}`);
  });
});

describe('a live condition over stages', () => {
  const scenario = {
    executor: 'ramping-vus',
    vus: undefined,
    duration: undefined,
    startVUs: 10,
    stages: [
      { duration: '10s', target: 10 },
      { duration: '0s', target: 20 },
      { duration: '10s', target: 20 },
      { duration: '10s', target: 20 },
    ],
  };
  const stage = (more: object = {}) => ({
    scenario,
    ...thresholds('useful_rate', 'rate>0.6', { over: 'stage', ...more }),
  });

  it('covers the current stage, not those before', () => {
    // In the first stage, four of ten seconds fail, which the condition allows.
    const second = (at: number) => failing(at < 10 ? 6 : 14, 30)(at);
    const abort = watched({ second, ...stage() });
    assert.deepEqual([abort?.atSeconds, abort?.over], [18, 'stage']);
    assert.equal(abort?.observed, 0.5);
  });

  it('waits for delayAbortEval in each stage', () => {
    assert.equal(watched({ second: failing(10, 30), ...stage() })?.atSeconds, 12);
    assert.equal(watched({ second: failing(10, 30), ...stage({ delayAbortEval: '7s' }) })?.atSeconds, 18);
  });

  it('aborts within the stage that breaks it', () => {
    const abort = watched({ second: failing(0, 30), ...stage({ delayAbortEval: '8s' }) });
    assert.equal(abort?.atSeconds, 8);
    assert.equal(watched({ second: failing(29, 30), ...stage() }), undefined);
  });
});
