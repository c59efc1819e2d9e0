import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Outcome } from '../../src/sample/outcome.ts';
import type { SampleParts } from '../support/blocks-of.ts';
import { judgedRun } from '../support/judged-run.ts';

/** Requests of the same latency or wait. */
function times(count: number, durationMs: number, outcome: Outcome = 'OK', parts: SampleParts = {}): SampleParts[] {
  return Array.from({ length: count }, () => ({ durationMs, outcome, ...parts }));
}

/** How one threshold came out. */
function judged(samples: readonly SampleParts[], metric: string, expression: string, more: object = {}) {
  const { thresholds, verdict } = judgedRun({ samples, plan: { thresholds: { [metric]: [expression] } }, ...more });
  const [result] = thresholds;
  assert.ok(result);
  return { ...result, reasons: verdict.reasons };
}

const latency = (samples: readonly SampleParts[], expression: string) =>
  judged(samples, 'mcp_request_duration', expression);

describe('a threshold over latency', () => {
  it('is not met while more than 5 % of the requests failed by silence, however short they waited', () => {
    const silent = (count: number) => [...times(100 - count, 10), ...times(count, 500, 'TMO_TOTAL')];
    const { ok, observed, atLeast, withoutAnswer, reasons } = latency(silent(6), 'p(95)<1000');
    assert.deepEqual([ok, observed, atLeast, withoutAnswer], [false, 500, true, 0.06]);
    assert.equal(
      reasons[0],
      'mcp_request_duration p(95)<1000: observed at least 500 ms, as 6 % of the requests had no answer.',
    );
    const five = latency(silent(5), 'p(95)<1000');
    assert.deepEqual([five.ok, five.observed, five.atLeast], [true, 10, undefined]);
  });

  it('is not met while more than 5 % of the requests were ended by a stop after the limit', () => {
    const cut = (count: number, waitMs: number) => [...times(100 - count, 10), ...times(count, waitMs, 'CLIENT_ABORT')];
    assert.deepEqual(
      [cut(6, 1500), cut(5, 1500), cut(6, 900)].map((samples) => latency(samples, 'p(95)<1000').ok),
      [false, true, true],
    );
    assert.equal(latency(cut(6, 900), 'p(95)<1000').atLeast, true);
  });

  it('counts half of the calls as waiting when they wait until the graceful stop', () => {
    const samples = [...times(20, 1), ...times(20, 34_000, 'TMO_GRACEFUL_STOP')];
    const { ok, observed, atLeast } = latency(samples, 'p(95)<1000');
    assert.deepEqual([ok, observed, atLeast], [false, 34_000, true]);
  });

  it('is exact where the answers that never came cannot change it', () => {
    const samples = [...times(60, 10), ...times(20, 20), ...times(20, 9000, 'TMO_TOTAL')];
    assert.deepEqual([latency(samples, 'med<=10').ok, latency(samples, 'med<=10').atLeast], [true, undefined]);
    assert.deepEqual([latency(samples, 'p(80)==20').ok, latency(samples, 'min==10').ok], [true, true]);
    assert.equal(latency(samples, 'max<100000').ok, false);
    assert.equal(latency(samples, 'p(99)>1000').ok, true, 'a lower bound above the limit proves it');
    assert.equal(latency(samples, 'p(99)>10000').ok, false);
  });

  it('takes the mean over all waits, as a lower bound', () => {
    const { ok, observed, atLeast } = latency([...times(3, 100), ...times(1, 1000, 'TMO_TOTAL')], 'avg<300');
    assert.deepEqual([ok, observed, atLeast], [false, 325, true]);
  });

  it('leaves out failures that were answered, which say nothing about the time until an answer', () => {
    const { observed, atLeast } = latency([...times(3, 100), ...times(9, 1, 'HTTP_500')], 'p(95)<300');
    assert.deepEqual([observed, atLeast], [100, undefined]);
  });

  it('has samples when nothing was useful, and fails', () => {
    const { ok, observed, atLeast } = latency(times(5, 7000, 'TMO_GRACEFUL_STOP'), 'p(95)<60000');
    assert.deepEqual([ok, observed, atLeast], [false, 7000, true]);
  });

  it('is evaluated in the same way over every sliding window and in each stage', () => {
    const samples = [
      ...times(20, 10),
      ...times(20, 400, 'TMO_TOTAL', { atMs: 6500 }),
      ...times(5, 10, 'OK', { atMs: 6500 }),
    ];
    const over = (value: string) => ({
      thresholds: { mcp_request_duration: [{ threshold: 'p(95)<1000', over: value }] },
    });
    const windows = judgedRun({ samples, plan: over('2s') }).thresholds[0];
    assert.deepEqual(
      [windows?.ok, windows?.observed, windows?.atLeast, windows?.withoutAnswer],
      [false, 400, true, 0.8],
    );
    const stages = [
      { duration: '5s', target: 1 },
      { duration: '5s', target: 1 },
    ];
    const scenario = { executor: 'ramping-vus', vus: undefined, duration: undefined, startVUs: 1, stages };
    const { thresholds, ceiling } = judgedRun({ samples, scenario, plan: over('stage') });
    assert.deepEqual([thresholds[0]?.observed, thresholds[0]?.atLeast, thresholds[0]?.at?.stage], [400, true, 1]);
    assert.deepEqual(
      ceiling?.stages.map(({ held }) => held),
      [true, false],
    );
    assert.equal(ceiling?.stages[1]?.broken[0]?.atLeast, true);
  });
});

describe('rates and counts', () => {
  const samples = [...times(6, 10), ...times(2, 900, 'TMO_GRACEFUL_STOP'), ...times(4, 900, 'CLIENT_ABORT')];

  it('count every request that was sent, and judge those that ended by themselves or by the graceful stop', () => {
    assert.equal(judged(samples, 'mcp_requests', 'count==12').ok, true);
    assert.equal(judged(samples, 'useful_rate', 'rate==0.75').ok, true);
    assert.equal(judged(samples, 'mcp_failures', 'rate==0.25').ok, true);
    assert.equal(judged(samples, 'mcp_failures{outcome:TMO_GRACEFUL_STOP}', 'count==2').ok, true);
    assert.deepEqual(judged(times(3, 10, 'CLIENT_ABORT'), 'useful_rate', 'rate>0').observed, null);
  });
});

describe('a threshold without the tag `kind`', () => {
  const opening: SampleParts = { operation: 'initialize', operationKind: 'protocol', durationMs: 900 };
  const list: SampleParts = { operation: 'tools/list', operationKind: 'protocol', durationMs: 300 };
  const samples = [...times(4, 10, 'TOOL_ERROR'), ...times(1, 50), opening, opening, opening, list, list];
  const scenario = { steps: [{ tool: 'look' }] };
  const CASES: [metric: string, expression: string, observed: number][] = [
    ['useful_rate', 'rate<1', 0.2],
    ['mcp_failures', 'rate<1', 0.8],
    ['mcp_requests', 'count>0', 5],
    ['mcp_request_duration', 'p(95)<1000', 50],
    ['mcp_requests{kind:protocol}', 'count>0', 5],
    ['useful_rate{kind:all}', 'rate<1', 0.6],
    ['mcp_request_duration{kind:protocol,operation:tools/list}', 'max<1000', 300],
    ['mcp_request_duration{operation:initialize}', 'max<1000', 900],
    ['mcp_request_duration{operation:tools/list}', 'max<1000', 300],
  ];
  for (const [metric, expression, observed] of CASES) {
    it(`observes ${observed} as ${metric} ${expression}`, () => {
      assert.equal(judged(samples, metric, expression, { scenario }).observed, observed);
    });
  }

  it('means the step of a name that the protocol uses too', () => {
    const more = [...samples, ...times(2, 20, 'OK', { operation: 'tools/list' })];
    const both = { scenario: { steps: [{ tool: 'look' }, { list: 'tools' }] } };
    assert.equal(judged(more, 'mcp_request_duration{operation:tools/list}', 'max<1000', both).observed, 20);
    assert.equal(judged(more, 'mcp_request_duration{operation:tools/list,kind:all}', 'max<1000', both).observed, 300);
  });
});
