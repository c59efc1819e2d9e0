import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type LimitedRun, limitProblems, loadOf, type RunLimits } from '../../src/run/run-limits.ts';
import { aPlan } from '../support/a-plan.ts';

const LIMITS: RunLimits = {
  maxActiveRuns: 3,
  maxTotalVus: 100,
  maxTotalRate: 50,
  allowSharedTargets: false,
  howToAllow: {
    'too-many-runs': 'raise RUNS',
    'too-many-vus': 'raise VUS',
    'rate-too-high': 'raise RATE',
    'shared-target': 'set SHARED',
  },
};

const planAt = (url: string, vus = 10) => aPlan({ target: { url, permission: true }, scenario: { vus } });
const PLAN = planAt('https://mcp.example.com/mcp');

function other(load: Partial<NonNullable<LimitedRun['load']>> = {}, runId = 'r-1'): LimitedRun {
  return { runId, planName: 'soak', load: { vus: 10, rate: 0, origins: ['https://other.example'], ...load } };
}

describe('the limits of all runs together', () => {
  it('let a run start that stays within them, up to each limit', () => {
    assert.deepEqual(limitProblems(PLAN, [], LIMITS), []);
    assert.deepEqual(limitProblems(PLAN, [other({ vus: 80, rate: 50 }), other({}, 'r-2')], LIMITS), []);
  });

  it('name the runs that are active and the setting', () => {
    const others = [other(), other({}, 'r-2'), other({}, 'r-3')];
    assert.deepEqual(limitProblems(PLAN, others, LIMITS), [
      {
        path: '',
        message:
          '3 runs may be active at the same time, and run r-1 (soak), run r-2 (soak), run r-3 (soak) are active. ' +
          'Wait until one has ended; to allow more, raise RUNS.',
      },
    ]);
  });

  it('count the virtual users of all runs', () => {
    assert.deepEqual(limitProblems(PLAN, [other({ vus: 91 })], LIMITS), [
      {
        path: 'scenarios',
        message:
          'the scenarios have 101 virtual users together with run r-1 (soak); 100 are allowed in all runs together. ' +
          'Wait until it has ended; to allow more, raise VUS.',
      },
    ]);
    assert.deepEqual(limitProblems(planAt('https://mcp.example.com/mcp', 101), [], LIMITS), [
      {
        path: 'scenarios',
        message:
          'the scenarios have 101 virtual users; 100 are allowed in all runs together. To allow more, raise VUS.',
      },
    ]);
  });

  it('add up the rates of all runs, without the noise of fractions', () => {
    const rate = { executor: 'constant-arrival-rate', vus: undefined, rate: 0.2, preAllocatedVUs: 1 };
    const plan = aPlan({ scenario: rate });
    const limits = { ...LIMITS, maxTotalRate: 0.3 };
    assert.deepEqual(limitProblems(plan, [other({ rate: 0.1 })], limits), []);
    const [problem, ...more] = limitProblems(plan, [other({ rate: 0.11 })], limits);
    assert.deepEqual(more, []);
    assert.match(problem?.message ?? '', /^the scenarios start 0\.31 iterations a second .*; 0\.3 are allowed/);
  });

  it('refuse a target that another run loads, by its origin', () => {
    const loaded = other({ origins: ['https://mcp.example.com', 'https://x.example'] });
    assert.deepEqual(limitProblems(planAt('https://mcp.example.com/other/path'), [loaded], LIMITS), [
      {
        path: 'targets.web.url',
        message:
          'run r-1 (soak) already loads https://mcp.example.com. Wait until it has ended; to allow more, set SHARED.',
      },
    ]);
    assert.deepEqual(limitProblems(planAt('https://mcp.example.com:8443/mcp'), [loaded], LIMITS), []);
    assert.deepEqual(limitProblems(PLAN, [loaded], { ...LIMITS, allowSharedTargets: true }), []);
  });

  it('take all names of this machine for the same target', () => {
    const { load } = { load: loadOf(aPlan({ target: { url: 'http://localhost:4801/mcp' } })) };
    for (const host of ['127.0.0.1', '127.0.0.9', '[::1]', 'LOCALHOST']) {
      const problems = limitProblems(aPlan({ target: { url: `http://${host}:4801/mcp` } }), [other(load)], LIMITS);
      assert.equal(problems.length, 1, host);
    }
    assert.deepEqual(limitProblems(aPlan({ target: { url: 'http://localhost:4802/mcp' } }), [other(load)], LIMITS), []);
  });

  it('count runs of earlier versions, whose load is not known, as runs only', () => {
    const { load: _, ...old } = other();
    assert.deepEqual(limitProblems(PLAN, [old, { ...old, runId: 'r-2' }], LIMITS), []);
    assert.equal(limitProblems(PLAN, [old, old, old], LIMITS).length, 1);
  });

  it('name the first of many runs only', () => {
    const many = Array.from({ length: 40 }, (_, index) => other({}, `r-${index}`));
    const [problem] = limitProblems(PLAN, many, { ...LIMITS, maxTotalVus: 1e6 });
    assert.match(problem?.message ?? '', /run r-4 \(soak\) and 35 more are active/);
  });
});
