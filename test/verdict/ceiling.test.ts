import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Abort } from '../../src/verdict/verdict.ts';
import type { SampleParts } from '../support/blocks-of.ts';
import { type JudgedRun, judgedRun } from '../support/judged-run.ts';

/** 60, 120 and 180 starts a minute for three seconds each, then down to 0 in one second. */
const STAIRS = {
  executor: 'ramping-arrival-rate',
  vus: undefined,
  duration: undefined,
  startRate: 60,
  timeUnit: '1m',
  preAllocatedVUs: 1,
  stages: [
    { duration: '3s', target: 60 },
    { duration: '0s', target: 120 },
    { duration: '3s', target: 120 },
    { duration: '0s', target: 180 },
    { duration: '3s', target: 180 },
    { duration: '1s', target: 0 },
  ],
};
const USEFUL = { threshold: 'rate>0.9', over: 'stage', abortOnFail: true };
const ABORT: Abort = { metric: 'useful_rate', expression: 'rate>0.9', over: 'stage', observed: 0.5, atSeconds: 4.5 };

/** A request every 100 ms until `endMs`; those between the other two instants fail. */
function requests(endMs: number, fromMs: number, toMs: number): SampleParts[] {
  return Array.from({ length: endMs / 100 }, (_, index) => {
    const atMs = index * 100;
    return { atMs, durationMs: 10, ...(atMs >= fromMs && atMs < toMs ? { outcome: 'HTTP_500' as const } : {}) };
  });
}

function ceilingOf({ plan, ...run }: JudgedRun) {
  const scenario = { ...STAIRS, ...run.scenario };
  const judged = judgedRun({ ...run, scenario, plan: { thresholds: { useful_rate: [USEFUL] }, ...plan } });
  const { ceiling } = judged;
  return { ...judged, ceiling, held: ceiling?.stages.map(({ held }) => held) };
}

describe('a condition over stages', () => {
  it('fails, without a value or a place, when no stage was judged', () => {
    const { held, thresholds, verdict } = ceilingOf({
      samples: requests(2000, 0, 0),
      span: { plannedDurationMs: 2000 },
    });
    assert.deepEqual(held, [null, null, null, null]);
    assert.deepEqual(thresholds, [
      { metric: 'useful_rate', expression: 'rate>0.9', over: 'stage', ok: false, observed: null },
    ]);
    assert.deepEqual(verdict, {
      status: 'fail',
      reasons: [
        'useful_rate rate>0.9 over each stage: no stage was completed, so it could not be evaluated.',
        'Scenario calls completed none of its stages.',
      ],
    });
  });

  it('shows the first stage that broke, or the worst stage when all held', () => {
    // Half of the second stage fails, and all of the third.
    const shown = (threshold: string, failuresEndMs = 9000) => {
      const samples = requests(10_000, 4500, failuresEndMs);
      const thresholds = { useful_rate: [{ threshold, over: 'stage' }] };
      const [result] = ceilingOf({ samples, plan: { thresholds } }).thresholds;
      return [result?.ok, result?.observed, result?.at?.stage];
    };
    assert.deepEqual(shown('rate>0.9'), [true, 0.5, 2]);
    assert.deepEqual(shown('rate>0.2'), [true, 0, 4]);
    assert.deepEqual(shown('rate>0', 8400), [true, 0.2, 4]);
  });
});

describe('the ceiling', () => {
  it('is the last stage that held before the first that broke, and the run passes', () => {
    const { ceiling, held, verdict, thresholds } = ceilingOf({ samples: requests(10_000, 6000, 9000) });
    assert.deepEqual(held, [true, true, false, true]);
    assert.deepEqual(ceiling?.stages[2], {
      index: 4,
      level: 3,
      fromSeconds: 6,
      toSeconds: 9,
      held: false,
      broken: [{ metric: 'useful_rate', expression: 'rate>0.9', observed: 0 }],
    });
    assert.deepEqual([ceiling?.scenario, ceiling?.unit, ceiling?.held, ceiling?.broke], ['calls', 'starts/s', 2, 3]);
    assert.deepEqual(verdict, { status: 'pass', reasons: ['Scenario calls held at 2 starts/s and broke at 3.'] });
    const at = { fromSeconds: 6, toSeconds: 9, stage: 4 };
    assert.deepEqual(thresholds, [
      { metric: 'useful_rate', expression: 'rate>0.9', over: 'stage', ok: true, observed: 0, at },
    ]);
  });

  it('fails the run when the first stage broke, and ignores stages that held after it', () => {
    const { ceiling, verdict } = ceilingOf({ samples: requests(10_000, 0, 2000) });
    assert.deepEqual([ceiling?.held, ceiling?.broke], [null, 1]);
    assert.equal(verdict.status, 'fail');
    assert.match(verdict.reasons.join(' '), /observed 0\.333333 in stage 1, from 0 s to 3 s.*broke at 1 starts\/s/);
  });

  it('is the highest level when every stage held', () => {
    const { ceiling, verdict } = ceilingOf({ samples: requests(10_000, 0, 0) });
    assert.deepEqual([ceiling?.held, ceiling?.broke], [3, null]);
    assert.deepEqual(verdict.reasons, ['Scenario calls held in every stage, up to 3 starts/s.']);
  });

  it('counts a stage without samples as broken', () => {
    const { ceiling, held } = ceilingOf({ samples: requests(3000, 0, 0) });
    assert.deepEqual(held, [true, false, false, false]);
    assert.equal(ceiling?.stages[1]?.broken[0]?.observed, null);
  });

  it('counts the stage before the one that aborted the run; later stages were not run', () => {
    const { ceiling, held, verdict } = ceilingOf({ samples: requests(4500, 3500, 4500), abort: ABORT });
    assert.deepEqual(held, [true, false, null, null]);
    assert.deepEqual([ceiling?.held, ceiling?.broke], [1, 2]);
    assert.equal(Number(ceiling?.stages[1]?.broken[0]?.observed?.toFixed(3)), 0.333);
    assert.deepEqual(verdict, { status: 'pass', reasons: ['Scenario calls held at 1 starts/s and broke at 2.'] });
  });

  it('counts the aborted stage as broken even if its exact figures are just within the limit', () => {
    const abort = { ...ABORT, observed: 0.899 };
    const { held, ceiling } = ceilingOf({ samples: requests(4500, 3500, 3600), abort });
    assert.deepEqual(held, [true, false, null, null]);
    assert.deepEqual(ceiling?.stages[1]?.broken, [{ metric: 'useful_rate', expression: 'rate>0.9', observed: 0.899 }]);
  });

  it('does not judge a stage that was cut short for another reason', () => {
    const thresholds = { useful_rate: [USEFUL], mcp_requests: ['rate>1'] };
    const abort: Abort = { ...ABORT, metric: 'mcp_requests', expression: 'rate>1', over: 'run' };
    const { held, verdict } = ceilingOf({ samples: requests(4500, 3500, 4500), abort, plan: { thresholds } });
    assert.deepEqual(held, [true, null, null, null]);
    assert.equal(verdict.status, 'fail');
    assert.equal(ceilingOf({ samples: requests(4500, 0, 0), stopped: true }).verdict.status, 'stopped');
  });

  it('has the highest level of each stage, in virtual users where stages are made of them', () => {
    const scenario = {
      executor: 'ramping-vus',
      startRate: undefined,
      timeUnit: undefined,
      preAllocatedVUs: undefined,
      startVUs: 5,
      stages: [
        { duration: '5s', target: 20 },
        { duration: '5s', target: 0 },
      ],
    };
    const { ceiling } = ceilingOf({ samples: requests(10_000, 0, 0), scenario });
    assert.equal(ceiling?.unit, 'vus');
    assert.deepEqual(
      ceiling?.stages.map(({ level }) => level),
      [20, 20],
    );
  });

  it('leaves the warm-up out of its first stage', () => {
    const { ceiling, held } = ceilingOf({
      samples: requests(10_000, 0, 2000),
      plan: {
        warmUp: '2s',
        thresholds: { useful_rate: [USEFUL], mcp_requests: [{ threshold: 'rate>=10', over: 'stage' }] },
      },
    });
    assert.deepEqual(held, [true, true, true, true]);
    assert.equal(ceiling?.stages[0]?.fromSeconds, 2);
    assert.equal(ceilingOf({ samples: requests(10_000, 0, 3000), plan: { warmUp: '3s' } }).ceiling?.stages.length, 3);
  });

  it('is absent when the plan has no conditions over stages', () => {
    const { ceiling } = ceilingOf({
      samples: requests(10_000, 0, 0),
      plan: { thresholds: { useful_rate: ['rate>0'] } },
    });
    assert.equal(ceiling, undefined);
  });
});

describe('an aborted run', () => {
  const abort: Abort = { metric: 'mcp_failures', expression: 'rate<0.5', over: 2000, observed: 0.75, atSeconds: 4.2 };
  const thresholds = {
    mcp_failures: [{ threshold: 'rate<0.5', over: '2s', abortOnFail: true }],
    mcp_requests: ['count>5'],
  };
  const samples = requests(4000, 1000, 4000);

  it('has failed, names the condition and the time, and has rates over its own duration', () => {
    const { verdict, thresholds: results } = judgedRun({ samples, abort, plan: { thresholds } });
    const reason = 'Aborted 4.2 s after the start: mcp_failures rate<0.5 over 2 s, observed 0.75.';
    assert.deepEqual(verdict, { status: 'fail', reasons: [reason] });
    assert.deepEqual(
      results.map(({ ok }) => ok),
      [false, true],
    );
    const rate = judgedRun({ samples, abort, plan: { thresholds: { mcp_requests: ['rate>1'] } } }).thresholds[0];
    // The last of the 40 requests was answered after 3.91 s.
    assert.equal(rate?.observed, 40 / 3.91);
  });

  it('lists other conditions that do not hold after the one that aborted it', () => {
    const more = { ...thresholds, useful_rate: ['rate>0.99'] };
    const { verdict } = judgedRun({ samples, abort, plan: { thresholds: more } });
    assert.match(verdict.reasons[0] ?? '', /^Aborted/);
    assert.match(verdict.reasons[1] ?? '', /^useful_rate rate>0.99: observed/);
    assert.equal(verdict.reasons.length, 2);
  });

  it('is invalid when the generator broke a rule', () => {
    const { verdict } = judgedRun({ samples, abort, plan: { thresholds }, health: { startDelayMs: 60_000 } });
    assert.equal(verdict.status, 'invalid');
    assert.match(verdict.reasons.join('\n'), /started in time.*\nAborted 4\.2 s/s);
  });
});
