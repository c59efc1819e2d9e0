import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  isFailureCode,
  parseMetric,
  parseThreshold,
  type Threshold,
  thresholdsSchema,
} from '../../src/plan/threshold.ts';
import { outcomeClass } from '../../src/sample/outcome.ts';
import { conditionsOf } from '../../src/verdict/condition.ts';
import { aPlan } from '../support/a-plan.ts';
import { namedOutcomes } from '../support/named-outcomes.ts';

const LONG = { threshold: 'rate<5', abortOnFail: false, delayAbortEval: 0, over: 'run' } as const;
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
    assert.match(problem('nothing') ?? '', /^expected a metric, one of mcp_request_duration, .*, got "nothing"$/);
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

describe('a condition of a plan', () => {
  const problem = (metric: string, condition: string) => thresholdsSchema.safeParse({ [metric]: [condition] });
  const message = (metric: string, condition: string) => problem(metric, condition).error?.issues[0]?.message;

  const asInK6: readonly (readonly [string, string, Partial<Threshold>])[] = [
    ['mcp_failures', 'rate<.01', { operator: '<', limit: 0.01 }],
    ['mcp_requests', 'count===5', { operator: '==', limit: 5 }],
    ['mcp_request_duration', 'avg<200.', { aggregate: { kind: 'avg' }, limit: 200 }],
    ['mcp_request_duration', 'med<=1e3', { aggregate: { kind: 'med' }, limit: 1000 }],
    ['mcp_request_duration', 'p(99.99) < +5', { aggregate: { kind: 'p', percent: 99.99 }, limit: 5 }],
  ];
  for (const [metric, condition, expected] of asInK6) {
    it(`reads ${condition} as k6 does`, () => {
      const parsed = parseThreshold(metric, condition);
      assert.ok('metric' in parsed, JSON.stringify(parsed));
      assert.deepEqual({ ...parsed, ...expected }, parsed);
      assert.equal(message(metric, condition), undefined);
    });
  }

  const REFUSED: readonly (readonly [metric: string, condition: string, ending: string])[] = [
    ['mcp_failures', 'rate<5', 'a share from 0 to 1 as the limit, got "rate<5": for 5 %, write "rate<0.05"'],
    ['useful_rate', 'rate>99.9', 'got "rate>99.9": for 99.9 %, write "rate>0.999"'],
    ['dropped_iterations', 'rate<=7', 'got "rate<=7": for 7 %, write "rate<=0.07"'],
    ['useful_rate', 'rate>500', 'expected a share from 0 to 1 as the limit, got "rate>500"'],
    ['mcp_failures', 'rate<-0.1', 'expected a limit of at least 0, got "rate<-0.1"'],
    ['mcp_request_duration', 'p(95)<-1', 'expected a limit of at least 0, got "p(95)<-1"'],
    ['useful_rate', 'rate>1', 'expected a condition that can hold, got "rate>1": a share is never above 1'],
    ['mcp_failures', 'rate<=1', 'expected a condition that can fail, got "rate<=1": a share is never above 1'],
    ['mcp_failures', 'count<0', 'expected a condition that can hold, got "count<0": this value is never below 0'],
    ['mcp_requests', 'count>=0', 'expected a condition that can fail, got "count>=0": this value is never below 0'],
    ['mcp_request_duration', 'p(0.95)<500', 'got "p(0.95)<500": did you mean "p(95)<500"?'],
    ['mcp_request_duration', 'p95<500', 'got "p95<500": did you mean "p(95)<500"?'],
    ['mcp_request_duration', 'P(95) =< 500', 'got "P(95) =< 500": did you mean "p(95)<=500"?'],
    ['mcp_request_duration', 'p(95)<500ms', 'got "p(95)<500ms": limits have no unit; write "p(95)<500"'],
    ['iteration_duration', 'p(95)<1.5s', 'got "p(95)<1.5s": limits have no unit; write "p(95)<1500"'],
    ['mcp_failures', 'rate<5%', 'got "rate<5%": limits have no unit; write "rate<0.05"'],
    ['mcp_requests', 'rate<5%', 'expected a condition on count, rate such as "count>100", got "rate<5%"'],
    ['mcp_request_duration', 'median<5', 'got "median<5": did you mean "med<5"?'],
    ['mcp_requests', 'count=5', 'got "count=5": did you mean "count==5"?'],
    ['useful_rate', 'p(95)<5', 'expected a condition on rate such as "rate>0.99", got "p(95)<5"'],
    ['mcp_failures', 'avg<1', 'expected a condition on count, rate such as "rate<0.01", got "avg<1"'],
    ['mcp_request_duration', 'p(95)<1e999', 'such as "p(95)<500", got "p(95)<1e999"'],
    ['http_req_failed', 'rate<0.1', 'got "http_req_failed": did you mean "mcp_failures"?'],
    ['mcp_request_durations', 'p(95)<1', 'got "mcp_request_durations": did you mean "mcp_request_duration"?'],
    ['iteration{scenario:a}', 'count>1', 'got "iteration{scenario:a}": did you mean "iterations"?'],
  ];
  for (const [metric, condition, ending] of REFUSED) {
    it(`refuses ${metric} ${condition}, and says what is meant`, () => {
      const said = message(metric, condition) ?? 'accepted';
      assert.ok(said.endsWith(ending), said);
    });
  }

  it('is still evaluated where an earlier version stored it, although it says nothing', () => {
    const [condition] = conditionsOf({ ...aPlan(), thresholds: { mcp_failures: [LONG] } });
    assert.equal(condition?.threshold.limit, 5);
  });

  it('reads every number that JavaScript writes', () => {
    const number = fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), fc.nat()).map(String);
    fc.assert(
      fc.property(number, (text) => {
        const parsed = parseThreshold('mcp_requests', `count<${text}`);
        assert.ok('limit' in parsed && parsed.limit === Number(text), text);
      }),
    );
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
