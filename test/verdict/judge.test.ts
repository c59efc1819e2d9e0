import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { SliceHealth } from '../../src/summary/generator-health.ts';
import { mergeFolds } from '../../src/summary/merge-folds.ts';
import { summarise } from '../../src/summary/summarise.ts';
import { judge } from '../../src/verdict/judge.ts';
import { aPlan } from '../support/a-plan.ts';
import { foldOf, INTERVAL_MS, RUN_START_MS, type Told } from '../support/blocks-of.ts';
import { HEALTHY_SLICE } from '../support/healthy-slice.ts';

const MIXED: readonly Told[] = [
  { durationMs: 100 },
  { durationMs: 200 },
  { durationMs: 300, operation: 'initialize' },
  { durationMs: 900, outcome: 'HTTP_429' },
  { durationMs: 5, outcome: 'TOOL_EMPTY', target: 'other' },
  { kind: 'iteration', durationMs: 400, operation: 'calls' },
  { kind: 'iteration', durationMs: 600, operation: 'calls' },
  { kind: 'droppedIteration', operation: 'calls' },
  { kind: 'pause', durationMs: 7000, outcome: 'HTTP_429' },
];

const GIVEN_UP = {
  target: 'web',
  reason: 'it refused fresh credentials twice (AUTH_REJECTED).',
  atMs: RUN_START_MS + 1500,
};

type Case = {
  readonly samples?: readonly Told[];
  readonly thresholds?: Record<string, string[]>;
  readonly generator?: Record<string, unknown>;
  readonly health?: Partial<SliceHealth>;
  readonly lost?: number;
  readonly partial?: boolean;
  readonly vus?: number;
  readonly stopped?: boolean;
};

function judged({ samples = MIXED, thresholds, generator, health, lost = 0, partial, vus = 1, stopped = false }: Case) {
  const targets = { web: { url: 'http://127.0.0.1/' }, other: { url: 'http://127.0.0.1/' } };
  const plan = aPlan({ plan: { targets, thresholds, generator } });
  const spoken = { sliceId: 'w0000-l0000', state: partial ? 'partial' : 'committed', duplicates: 0 } as const;
  const fold = mergeFolds([foldOf([samples], [{ ...spoken, health: { ...HEALTHY_SLICE, ...health } }])], INTERVAL_MS);
  const span = {
    runStartMs: RUN_START_MS,
    plannedDurationMs: 10_000,
    plannedSlices: 1 + lost,
    plannedVus: vus,
    warmUpMs: 0,
    warmUpPhases: 0,
    plannedStarts: [],
    stopped,
  };
  return judge(plan, fold, summarise(fold, span), stopped);
}

describe('a threshold', () => {
  const OBSERVED: [metric: string, aggregate: string, observed: number][] = [
    ['mcp_request_duration', 'p(50)', 100],
    ['mcp_request_duration', 'p(100)', 300],
    ['mcp_request_duration', 'min', 5],
    ['mcp_request_duration', 'med', 100],
    ['mcp_request_duration', 'max', 300],
    ['mcp_request_duration', 'avg', 151.25],
    ['mcp_request_duration{target:web}', 'min', 100],
    ['mcp_request_duration{operation:initialize}', 'avg', 300],
    ['mcp_request_duration{target:web,operation:tools/call:look}', 'max', 200],
    ['mcp_requests', 'count', 5],
    ['mcp_requests', 'rate', 0.5],
    ['mcp_requests{target:other}', 'count', 1],
    ['mcp_failures', 'count', 1],
    ['mcp_failures', 'rate', 0.2],
    ['mcp_failures{target:other}', 'rate', 0],
    ['mcp_failures{outcome:HTTP_429}', 'count', 1],
    ['mcp_failures{outcome:HTTP_429,target:web}', 'rate', 0.25],
    ['mcp_failures{outcome:HTTP_429,operation:initialize}', 'count', 0],
    ['mcp_failures{outcome:TOOL_ERROR}', 'count', 0],
    ['useful_rate', 'rate', 0.8],
    ['useful_rate{target:other}', 'rate', 1],
    ['iteration_duration', 'avg', 500],
    ['iteration_duration', 'p(95)', 600],
    ['iterations', 'count', 2],
    ['iterations', 'rate', 0.2],
    ['dropped_iterations', 'count', 1],
    ['dropped_iterations', 'rate', 1 / 3],
    ['dropped_iterations{scenario:calls}', 'count', 1],
    ['iterations{scenario:calls}', 'count', 2],
    ['iteration_duration{scenario:calls}', 'max', 600],
  ];
  for (const [metric, aggregate, value] of OBSERVED) {
    it(`on ${aggregate} of ${metric} sees ${value}`, () => {
      const { thresholds, verdict } = judged({
        thresholds: { [metric]: [`${aggregate}==${value}`, `${aggregate}!=${value}`] },
      });
      assert.deepEqual(
        thresholds.map(({ ok, observed }) => ({ ok, observed })),
        [
          { ok: true, observed: value },
          { ok: false, observed: value },
        ],
      );
      assert.equal(verdict.status, 'fail');
    });
  }

  it('compares as it says', () => {
    const expressions = ['count<5', 'count<=5', 'count>5', 'count>=5', 'count==5', 'count!=5', 'count<6', 'count>4'];
    const { thresholds } = judged({ thresholds: { mcp_requests: expressions } });
    assert.deepEqual(
      thresholds.filter(({ ok }) => ok).map(({ expression }) => expression),
      ['count<=5', 'count>=5', 'count==5', 'count<6', 'count>4'],
    );
  });

  it('fails without samples, because nothing was shown', () => {
    const thresholds = {
      'mcp_request_duration{operation:initialize}': ['p(95)<1000'],
      'mcp_requests{operation:initialize}': ['count<1'],
      'mcp_failures{operation:initialize}': ['count<1', 'rate<1'],
      'useful_rate{operation:initialize}': ['rate>0'],
      iteration_duration: ['avg<1000'],
      iterations: ['count<1'],
      dropped_iterations: ['count<1'],
    };
    const { thresholds: results, verdict } = judged({ samples: [{}], thresholds });
    assert.equal(results.length, 8);
    for (const { ok, observed } of results) assert.deepEqual({ ok, observed }, { ok: false, observed: null });
    assert.equal(verdict.status, 'fail');
    assert.match(verdict.reasons[0] ?? '', /: no samples, so it could not be evaluated\.$/);
  });
});

describe('the verdict', () => {
  it('is a pass when all thresholds hold, and says how many', () => {
    const verdict = (...expressions: string[]) => judged({ thresholds: { mcp_requests: expressions } }).verdict;
    assert.deepEqual(verdict('count>1'), { status: 'pass', reasons: ['The one threshold was met.'] });
    assert.deepEqual(verdict('count>1', 'count>2'), { status: 'pass', reasons: ['All 2 thresholds met.'] });
    assert.deepEqual(judged({}).verdict, { status: 'pass', reasons: ['The plan has no thresholds.'] });
  });

  it('is a fail with a reason for each threshold that does not hold', () => {
    const { verdict } = judged({ thresholds: { useful_rate: ['rate>0.9', 'rate>0.1'] } });
    assert.deepEqual(verdict, { status: 'fail', reasons: ['useful_rate rate>0.9: observed 0.8.'] });
  });

  it('is invalid when the generator broke a rule, even with thresholds that fail', () => {
    const thresholds = { useful_rate: ['rate>0.9'] };
    const broken: [Case, string][] = [
      [{ health: { startDelayMs: 2001 } }, 'slices started in time'],
      [{ health: { eventLoopDelayMs: { p99: 101, max: 200 } } }, 'event loop free'],
      [{ health: { stoppedTargets: [GIVEN_UP] } }, 'load not stopped early'],
      [{ health: { store: { errors: 1, blocks: 1, samples: 1 } } }, 'samples stored'],
      [{ samples: [...MIXED, { outcome: 'CLIENT_LIMIT', message: 'EMFILE' }] }, 'connections available'],
      [{ lost: 1 }, 'slices completed'],
      [{ partial: true }, 'slices completed'],
      [{ vus: 2 }, 'virtual users started'],
    ];
    for (const [change, rule] of broken) {
      const { verdict, rules } = judged({ thresholds, ...change });
      assert.equal(verdict.status, 'invalid', rule);
      assert.equal(verdict.reasons.length, 1);
      assert.ok(verdict.reasons[0]?.startsWith(`The generator broke its rule "${rule}": `), verdict.reasons[0]);
      assert.deepEqual(
        rules.filter(({ ok }) => !ok).map((result) => result.rule),
        [rule],
      );
    }
  });

  it('names the targets that were given up, when and why', () => {
    const stoppedTargets = [GIVEN_UP, { target: 'other', reason: 'AUTH_REJECTED', atMs: RUN_START_MS + 61_000 }];
    const { verdict } = judged({ health: { stoppedTargets } });
    assert.deepEqual(verdict, {
      status: 'invalid',
      reasons: [
        'The generator broke its rule "load not stopped early": web was given up 1.5 s after the start: it refused fresh credentials twice (AUTH_REJECTED); other was given up 61.0 s after the start: AUTH_REJECTED.',
      ],
    });
  });

  it('says how many requests found nothing left on the machine, and what to do, whatever the others showed', () => {
    const limited: Told = { outcome: 'CLIENT_LIMIT', message: 'EMFILE: connect; raise its limit.' };
    const had =
      'The generator broke its rule "connections available": the machine had no file descriptor, port or memory left for';
    for (const [samples, reason] of [
      [[...MIXED, limited], `${had} 1 request: EMFILE: connect; raise its limit.`],
      [[limited, limited], `${had} 2 requests: EMFILE: connect; raise its limit.`],
      [[...MIXED, { ...limited, message: '' }], `${had} 1 request.`],
    ] as const) {
      const { verdict } = judged({ samples });
      assert.deepEqual(verdict, { status: 'invalid', reasons: [reason] });
    }
    const rule = judged({}).rules.find((each) => each.rule === 'connections available');
    assert.deepEqual(rule, { rule: 'connections available', ok: true, detail: 'every request had one' });
  });

  it('lets as many slices vanish as the plan allows, with their virtual users', () => {
    const half = { generator: { maxLostSlices: 0.5 }, lost: 1, vus: 2 };
    assert.equal(judged(half).verdict.status, 'pass');
    assert.equal(judged({ ...half, lost: 2 }).verdict.status, 'invalid');
    assert.equal(judged({ ...half, vus: 4 }).verdict.status, 'invalid');
    const { rules } = judged({ ...half, generator: { maxLostSlices: 0.07 } });
    assert.match(rules[0]?.detail ?? '', /at most 7 % may be lost/);
  });

  it('is invalid without a single request', () => {
    const { verdict } = judged({ samples: [{ outcome: 'CLIENT_ABORT' }] });
    assert.deepEqual(verdict, { status: 'invalid', reasons: ['No requests were measured.'] });
  });

  it('is stopped when the run was stopped, whatever it showed', () => {
    const { verdict } = judged({ stopped: true, lost: 3, thresholds: { useful_rate: ['rate>0.9'] } });
    assert.equal(verdict.status, 'stopped');
  });
});
