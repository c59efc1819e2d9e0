import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isFailureCode, parseMetric, parseThreshold } from '../../src/plan/threshold.ts';
import { outcomeClass } from '../../src/sample/outcome.ts';
import { namedOutcomes } from '../support/named-outcomes.ts';

const ALL = {
  mcp_request_duration: ['p(95)', 'p(99.9)', 'p(0)', 'p(100)', 'avg', 'min', 'med', 'max'],
  mcp_requests: ['count', 'rate'],
  mcp_failures: ['count', 'rate'],
  useful_rate: ['rate'],
  iteration_duration: ['p(50)', 'avg', 'min', 'med', 'max'],
  iterations: ['count', 'rate'],
  dropped_iterations: ['count', 'rate'],
};

describe('parseThreshold', () => {
  it('parses every aggregate of every metric with every operator', () => {
    for (const [metric, aggregates] of Object.entries(ALL)) {
      for (const aggregate of aggregates) {
        for (const operator of ['<', '<=', '>', '>=', '==', '!='] as const) {
          const threshold = parseThreshold(metric, ` ${aggregate} ${operator} 12.5 `);
          assert.ok('metric' in threshold, `${metric} ${aggregate} ${operator}`);
          assert.equal(threshold.metric, metric);
          assert.equal(threshold.operator, operator);
          assert.equal(threshold.limit, 12.5);
          const { kind } = threshold.aggregate;
          assert.equal(threshold.aggregate.kind === 'p' ? `p(${threshold.aggregate.percent})` : kind, aggregate);
        }
      }
    }
  });

  it('refuses aggregates that a metric does not have', () => {
    const every = [...new Set(Object.values(ALL).flat())];
    for (const [metric, aggregates] of Object.entries(ALL)) {
      const kinds = aggregates.map((aggregate) => aggregate.replace(/\(.*/, ''));
      for (const aggregate of every.filter((one) => !kinds.includes(one.replace(/\(.*/, '')))) {
        const refused = parseThreshold(metric, `${aggregate}<1`);
        assert.ok('problem' in refused, `${metric} ${aggregate}`);
        assert.match(refused.problem, /^expected a condition on /);
      }
    }
  });

  it('refuses invalid conditions', () => {
    for (const text of [
      '',
      'p95<1',
      'p(95)',
      'p(95)<',
      'p(101)<1',
      'p(-1)<1',
      'avg<1s',
      'avg=1',
      'avg<1,max<2',
      'p()<1',
    ]) {
      assert.ok('problem' in parseThreshold('mcp_request_duration', text), text);
    }
  });

  it('parses tags whose values contain colons', () => {
    const threshold = parseThreshold(
      'mcp_failures{ target:web , operation:tools/call:a:b, outcome:HTTP_429}',
      'count==0',
    );
    assert.ok('tags' in threshold);
    assert.deepEqual(threshold.tags, { target: 'web', operation: 'tools/call:a:b', outcome: 'HTTP_429' });
  });

  it('parses quoted values with commas', () => {
    const parsed = parseMetric('mcp_requests{operation:"tools/call:a,b" , target:web}');
    assert.ok('tags' in parsed, JSON.stringify(parsed));
    assert.deepEqual(parsed.tags, { operation: 'tools/call:a,b', target: 'web' });
    const inner = parseMetric('mcp_requests{operation:tools/call:say "hi"}');
    assert.ok('tags' in inner);
    assert.equal(inner.tags.operation, 'tools/call:say "hi"');
    assert.ok('problem' in parseMetric('mcp_requests{operation:""}'));
  });

  it('refuses unknown metrics and tags', () => {
    const problem = (metric: string) => {
      const refused = parseThreshold(metric, 'count<1');
      return 'problem' in refused ? refused.problem : undefined;
    };
    assert.match(problem('http_reqs') ?? '', /^expected a metric, one of mcp_request_duration, .*, got "http_reqs"$/);
    assert.match(problem('constructor') ?? '', /^expected a metric/);
    assert.match(
      problem('mcp_requests{outcome:OK}') ?? '',
      /^expected tags such as \{target:value\} of target, operation/,
    );
    assert.match(
      problem('iterations{target:web}') ?? '',
      /^expected tags such as \{scenario:value\} of scenario for iterations/,
    );
    assert.match(problem('mcp_requests{target:a,target:b}') ?? '', /^expected each tag once/);
    assert.match(problem('mcp_requests{}') ?? '', /^expected tags/);
    assert.match(problem('mcp_failures{outcome:TOOL_EROR}') ?? '', /^expected the code of a failure/);
    // A warning is not a failure: such a threshold would always see 0.
    assert.match(problem('mcp_failures{outcome:TOOL_EMPTY}') ?? '', /^expected the code of a failure/);
    assert.match(
      problem('mcp_requests{kind:steps}') ?? '',
      /^expected a kind, one of step, protocol, all, got "steps"$/,
    );
    for (const kind of ['step', 'protocol', 'all']) assert.equal(problem(`mcp_requests{kind:${kind}}`), undefined);
    assert.match(problem('iterations{kind:all}') ?? '', /^expected tags such as \{scenario:value\}/);
  });
});

describe('the outcome tag of a metric', () => {
  it('accepts exactly the outcomes that count as failures', () => {
    for (const outcome of namedOutcomes) {
      assert.equal(isFailureCode(outcome), outcomeClass(outcome) === 'failed', outcome);
    }
    for (const outcome of ['HTTP_429', 'HTTP_503', 'RPC_-32602', 'RPC_1'] as const) assert.ok(isFailureCode(outcome));
  });

  it('refuses words that only look like codes of failures', () => {
    for (const word of [
      'TOOL_EROR',
      'HTTP_4XX',
      'HTTP_42',
      'HTTP_700',
      'RPC_',
      'RPC_--1',
      'tool_error',
      'TOOL_ERROR ',
    ]) {
      assert.equal(isFailureCode(word), false, word);
    }
  });
});
