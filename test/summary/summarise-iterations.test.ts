import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Outcome } from '../../src/sample/outcome.ts';
import { planSpan } from '../../src/summary/summarise.ts';
import { aPlan } from '../support/a-plan.ts';
import { INTERVAL_MS, type SampleParts } from '../support/blocks-of.ts';
import { summaryOf } from '../support/summary-of.ts';

describe('scenarios', () => {
  it('have each percentile of their iterations, without aborted ones, in its own field', () => {
    const samples = Array.from({ length: 1000 }, (_, index): SampleParts => {
      return { kind: 'iteration', operation: 'calls', durationMs: index + 1 };
    });
    const aborted: SampleParts = { kind: 'iteration', operation: 'calls', durationMs: 9000, outcome: 'CLIENT_ABORT' };
    const summary = summaryOf([...samples, aborted]);
    const percentiles = { min: 1, mean: 500.5, p50: 500, p75: 750, p90: 900, p95: 950, p99: 990, p999: 999, max: 1000 };
    assert.deepEqual(summary.iterationMs, percentiles);
    assert.deepEqual(summary.scenarios[0]?.iterationMs, percentiles);
    assert.equal(summary.totals.iterations, 1000);
  });

  it('mark percentiles as lower bounds where iterations took longer than a column of a block holds', () => {
    const durations = [...Array.from({ length: 9 }, () => 1000), 5_400_000];
    const samples = durations.map((durationMs): SampleParts => ({ kind: 'iteration', operation: 'calls', durationMs }));
    const [calls] = summaryOf(samples).scenarios;
    assert.deepEqual(calls?.iterationMs?.atLeast, ['mean', 'p95', 'p99', 'p999', 'max']);
    assert.deepEqual([calls?.iterationMs?.p90, Math.floor((calls?.iterationMs?.max ?? 0) / 60_000)], [1000, 71]);
  });

  it('have planned, made and dropped starts in each interval', () => {
    const plan = aPlan({
      plan: {
        scenarios: {
          calls: {
            target: 'web',
            executor: 'ramping-arrival-rate',
            startTime: '500ms',
            startRate: 0,
            stages: [
              { duration: '2s', target: 4 },
              { duration: '1s', target: 4 },
            ],
            preAllocatedVUs: 2,
            steps: [{ tool: 'look' }],
          },
          other: { target: 'web', executor: 'constant-vus', vus: 1, duration: '3s', steps: [{ tool: 'look' }] },
        },
      },
    });
    const started: SampleParts = { kind: 'iteration', operation: 'calls', atMs: 700 };
    const samples: SampleParts[] = [
      started,
      { ...started, outcome: 'CLIENT_ABORT', atMs: 2400, lagMs: 900 },
      { ...started, outcome: 'PLAN_FEED_END', atMs: 1200 },
      { kind: 'droppedIteration', operation: 'calls', atMs: 1800 },
      { kind: 'iteration', operation: 'other', atMs: 100 },
    ];
    const span = planSpan(plan, INTERVAL_MS);
    // The rate's integral is t² for two seconds and grows by 4 in the third: starts at 0, 1, √2, √3, 2, 2.25, 2.5 and 2.75 s.
    const points = (stopped: boolean) => summaryOf(samples, { ...span, stopped }).starts[0]?.points ?? [];
    assert.deepEqual(
      points(false).map(({ planned, started, dropped }) => [planned, started, dropped]),
      [
        [1, 1, 0],
        [2, 1, 1],
        [3, 1, 0],
        [2, 0, 0],
      ],
    );
    assert.equal(points(true).length, 3, 'a stopped run is not missing the starts after its end');
    assert.deepEqual(
      summaryOf(samples).scenarios.map(({ scenario, iterations, droppedIterations }) => [
        scenario,
        iterations,
        droppedIterations,
      ]),
      [
        ['calls', 1, 1],
        ['other', 1, 0],
      ],
    );
  });
});

describe('sessions', () => {
  it('are counted in each interval, with all targets together and with each', () => {
    const session = (target: string, atMs: number, durationMs: number, outcome: Outcome = 'OK'): SampleParts => {
      return { kind: 'session', target, operation: 'session', atMs, durationMs, outcome };
    };
    const summary = summaryOf([
      { atMs: 0 },
      { atMs: 3500, target: 'other' },
      session('web', 100, 1500),
      session('web', 200, 5000, 'CLIENT_ABORT'),
      session('web', 300, 400, 'SESS_LOST'),
      // It ends in the millisecond in which the next one opens.
      session('other', 1000, 1000),
      session('other', 2000, 900),
    ]);
    assert.deepEqual(
      summary.sessions.map(({ target, opened, closed, lost, most, points }) => [
        [target, opened, closed, lost, most],
        points.map(({ active, most }) => [active, most]),
      ]),
      [
        [
          ['*', 5, 4, 1, 3],
          [
            [2, 3],
            [2, 3],
            [1, 2],
            [1, 1],
          ],
        ],
        [
          ['other', 2, 2, 0, 1],
          [
            [0, 0],
            [1, 1],
            [0, 1],
            [0, 0],
          ],
        ],
        [
          ['web', 3, 2, 1, 3],
          [
            [2, 3],
            [1, 2],
            [1, 1],
            [1, 1],
          ],
        ],
      ],
    );
    assert.deepEqual(summary.sessions[2]?.losses, [{ outcome: 'SESS_LOST', count: 1 }]);
    assert.equal(summary.sessions[2]?.lifetimeMs?.p50, 1500);
    const active = summary.series.map(({ target, points }) => [target, ...points.map((point) => point.activeSessions)]);
    assert.deepEqual(active, [
      ['*', 3, 3, 2, 1],
      ['other', 0, 1, 1, 0],
      ['web', 3, 2, 1, 1],
    ]);
    assert.deepEqual(summaryOf([{}]).sessions, []);
  });
});
