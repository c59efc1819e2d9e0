import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { SampleParts } from '../support/blocks-of.ts';
import { type JudgedRun, judgedRun } from '../support/judged-run.ts';

/** A request every 100 ms for ten seconds; those between the two instants are changed. */
function requests(fromMs: number, toMs: number, changes: Partial<SampleParts>): SampleParts[] {
  return Array.from({ length: 100 }, (_, index) => {
    const atMs = index * 100;
    return { atMs, durationMs: 10, ...(atMs >= fromMs && atMs < toMs ? changes : {}) };
  });
}

function resultOf(metric: string, threshold: object, samples: readonly SampleParts[], more: Partial<JudgedRun> = {}) {
  const { plan, ...rest } = more;
  const judged = judgedRun({ ...rest, samples, plan: { ...plan, thresholds: { [metric]: [threshold] } } });
  return { ...judged.thresholds[0], verdict: judged.verdict };
}

describe('a condition over a sliding window', () => {
  it('is decided by the worst window, and says when that was', () => {
    const samples = requests(4000, 5000, { outcome: 'HTTP_500' });
    const seen = resultOf('mcp_failures', { threshold: 'rate<0.5', over: '2s' }, samples);
    const at = { fromSeconds: 3, toSeconds: 5 };
    assert.deepEqual([seen.over, seen.ok, seen.observed, seen.at], [2000, false, 0.5, at]);
    assert.equal(seen.expression, 'rate<0.5');
    assert.deepEqual(seen.verdict, {
      status: 'fail',
      reasons: ['mcp_failures rate<0.5 over 2 s: observed 0.5 from 3 s to 5 s.'],
    });
    const run = resultOf('mcp_failures', { threshold: 'rate<0.5' }, samples);
    assert.deepEqual([run.over, run.ok, run.observed, run.at], [undefined, true, 0.1, undefined]);
  });

  it('looks for the lowest value when the condition is a minimum', () => {
    const seen = resultOf(
      'useful_rate',
      { threshold: 'rate>0.4', over: '1s' },
      requests(500, 1000, { outcome: 'HTTP_500' }),
    );
    assert.deepEqual([seen.ok, seen.observed, seen.at], [true, 0.5, { fromSeconds: 0, toSeconds: 1 }]);
  });

  it('has rates per second and percentiles of the window, with latency from the intended start', () => {
    const slow = requests(7000, 8000, { durationMs: 100, lagMs: 200 });
    const p95 = resultOf('mcp_request_duration', { threshold: 'p(95)<250', over: '1s' }, slow);
    assert.deepEqual([p95.ok, p95.observed, p95.at], [false, 300, { fromSeconds: 7, toSeconds: 8 }]);
    const rate = resultOf('mcp_requests', { threshold: 'rate>=10', over: '3s' }, slow);
    assert.deepEqual([rate.ok, rate.observed], [true, 10]);
  });

  it('skips windows without samples, but fails when none has samples', () => {
    const early = requests(0, 0, {}).slice(0, 20);
    const condition = { threshold: 'p(99)<100', over: '1s' };
    const seen = resultOf('mcp_request_duration', condition, early);
    assert.deepEqual([seen.ok, seen.observed], [true, 10]);
    const none = resultOf('mcp_request_duration{operation:initialize}', condition, early);
    assert.deepEqual([none.ok, none.observed, none.verdict.status], [false, null, 'fail']);
  });

  it('counts iterations and dropped ones in the second of their start', () => {
    const iterations = Array.from({ length: 10 }, (_, index): SampleParts[] => [
      { kind: 'iteration', operation: 'calls', atMs: index * 1000, durationMs: 5 },
      ...(index === 6 ? ([{ kind: 'droppedIteration', operation: 'calls', atMs: 6500 }] as const) : []),
    ]).flat();
    const samples = [...requests(0, 0, {}), ...iterations];
    const seen = resultOf('dropped_iterations{scenario:calls}', { threshold: 'rate<0.1', over: '1s' }, samples);
    assert.deepEqual([seen.ok, seen.observed, seen.at], [false, 0.5, { fromSeconds: 6, toSeconds: 7 }]);
    assert.equal(resultOf('dropped_iterations', { threshold: 'count<2' }, samples).observed, 1);
  });
});

describe('the warm-up', () => {
  const plan = { warmUp: '2s' };
  // Failures in the first two seconds only.
  const cold = requests(0, 2000, { outcome: 'HTTP_500', durationMs: 900 });

  it('is in no condition, whatever the condition is over', () => {
    for (const over of ['run', '1s', '5s'] as const) {
      const failures = resultOf('mcp_failures', { threshold: 'count<1', over }, cold, { plan });
      assert.deepEqual([failures.ok, failures.observed], [true, 0], over);
    }
    assert.equal(resultOf('mcp_failures', { threshold: 'count<1' }, cold).observed, 20);
  });

  it('is not part of the time that rates are divided by', () => {
    for (const over of ['run', '3s'] as const) {
      assert.equal(resultOf('mcp_requests', { threshold: 'rate>5', over }, cold, { plan }).observed, 10, over);
    }
  });

  it('includes requests with an intended start in it, even if they started later', () => {
    const late: SampleParts = { atMs: 2100, lagMs: 200, durationMs: 900 };
    const max = { threshold: 'max<100' };
    assert.equal(resultOf('mcp_request_duration', max, [...cold, late], { plan }).observed, 10);
    assert.equal(resultOf('mcp_request_duration', max, [...cold, { ...late, lagMs: 50 }], { plan }).observed, 950);
  });
});
