import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { problemsOf } from '../support/a-plan.ts';

describe('the limits of a plan', () => {
  const refusals: Record<string, Parameters<typeof problemsOf>[0]> = {
    'targets.web.headers.Host': { target: { headers: { Host: 'x' } } },
    'targets.web.headers.Mcp-Session-Id': { target: { headers: { 'Mcp-Session-Id': 'x' } } },
    'targets.web.headers.a b': { target: { headers: { 'a b': 'x' } } },
    'targets.web.timeouts.total': { target: { timeouts: { total: '31m' } } },
    'targets.web.softErrors[0].pattern': { target: { softErrors: [{ pattern: '(' }] } },
    'scenarios.calls.gracefulStop': { scenario: { gracefulStop: '11m' } },
    'scenarios.calls.duration': { scenario: { duration: '999ms' } },
    'scenarios.calls.executor': { scenario: { executor: 'externally-controlled' } },
    'scenarios.calls.thinkTime.type': { scenario: { thinkTime: { type: 'nap' } } },
    'scenarios.calls.thinkTime.range.min': {
      scenario: { thinkTime: { type: 'uniform', range: { min: '2s', max: '1s' } } },
    },
    'scenarios.calls.steps[0].weight': { scenario: { steps: [{ tool: 'look', weight: 0 }] } },
    'scenarios.calls.steps[0].checks[0]': {
      scenario: { steps: [{ tool: 'look', checks: [{ contains: 'a', notEmpty: true }] }] },
    },
    'scenarios.calls.vus': { scenario: { vus: 1.5 } },
    schedule: { plan: { schedule: '*/5 * * * *' } },
    seed: { plan: { seed: -1 } },
    name: { plan: { name: 'x'.repeat(51) } },
    'feeds.a-b': { plan: { feeds: { 'a-b': { values: ['x'] } } } },
    'feeds.empty.values': { plan: { feeds: { empty: { values: [] } } } },
    'thresholds.mcp_requests': { plan: { thresholds: { mcp_requests: [] } } },
    'generator.maxLostSlices': { plan: { generator: { maxLostSlices: 2 } } },
  };
  for (const [path, parts] of Object.entries(refusals)) {
    it(`refuse ${path}`, () => {
      const said = problemsOf(parts);
      assert.equal(said.length, 1, said.join('\n'));
      assert.ok(said[0]?.startsWith(`${path}: `), said[0]);
    });
  }
});
