import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { RUN_START_MS, type SampleParts } from '../support/blocks-of.ts';
import { type JudgedRun, judgedRun } from '../support/judged-run.ts';

/** Requests with different outcomes, targets and operations, and everything else that a block can hold. */
const MIXED: readonly SampleParts[] = [
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

type Case = Partial<Omit<JudgedRun, 'plan'>> & {
  readonly thresholds?: Record<string, unknown[]>;
  readonly generator?: Record<string, unknown>;
  /** Planned slices that never reported. */
  readonly lost?: number;
};

function judged({ samples = MIXED, thresholds, generator, lost = 0, span, ...run }: Case) {
  const targets = { web: { url: 'http://127.0.0.1/' }, other: { url: 'http://127.0.0.1/' } };
  const plan = { targets, thresholds, generator };
  return judgedRun({ ...run, samples, plan, idle: ['other'], span: { plannedSlices: 1 + lost, ...span } });
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
    it(`observes ${value} as ${aggregate} of ${metric}`, () => {
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

  it('observes each percentile of a thousand latencies', () => {
    const samples = Array.from({ length: 1000 }, (_, index): SampleParts => ({ durationMs: index + 1 }));
    const values = { min: 1, avg: 500.5, med: 500, 'p(75)': 750, 'p(90)': 900, 'p(95)': 950, 'p(99)': 990 };
    const all: Record<string, number> = { ...values, 'p(99.9)': 999, max: 1000 };
    const { thresholds } = judged({
      samples,
      thresholds: { mcp_request_duration: Object.entries(all).map(([aggregate, value]) => `${aggregate}==${value}`) },
    });
    assert.deepEqual(
      thresholds.map(({ ok, observed }) => [ok, observed]),
      Object.values(all).map((value) => [true, value]),
    );
  });

  it('counts aborted iterations and those without a feed row in the rate of dropped ones, because they started', () => {
    const iteration: SampleParts = { kind: 'iteration', operation: 'calls' };
    const samples: SampleParts[] = [
      {},
      iteration,
      { ...iteration, outcome: 'CLIENT_ABORT' },
      { ...iteration, outcome: 'PLAN_FEED_END' },
      { kind: 'droppedIteration', operation: 'calls' },
    ];
    const { thresholds } = judged({
      samples,
      thresholds: { dropped_iterations: ['rate==0.25', 'count==1'], iterations: ['count==1'] },
    });
    assert.deepEqual(
      thresholds.map(({ ok, observed }) => [ok, observed]),
      [
        [true, 0.25],
        [true, 1],
        [true, 1],
      ],
    );
  });

  it('compares with its operator', () => {
    const expressions = ['count<5', 'count<=5', 'count>5', 'count>=5', 'count==5', 'count!=5', 'count<6', 'count>4'];
    const { thresholds } = judged({ thresholds: { mcp_requests: expressions } });
    assert.deepEqual(
      thresholds.filter(({ ok }) => ok).map(({ expression }) => expression),
      ['count<=5', 'count>=5', 'count==5', 'count<6', 'count>4'],
    );
  });

  it('fails without samples', () => {
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
  it('is pass when all thresholds are met, and gives their number', () => {
    const verdict = (...expressions: string[]) => judged({ thresholds: { mcp_requests: expressions } }).verdict;
    assert.deepEqual(verdict('count>1'), { status: 'pass', reasons: ['The one threshold was met.'] });
    assert.deepEqual(verdict('count>1', 'count>2'), { status: 'pass', reasons: ['All 2 thresholds met.'] });
  });

  it('is unjudged without thresholds, and says which share was useful and which operation was the worst', () => {
    assert.deepEqual(judged({}).verdict, {
      status: 'unjudged',
      reasons: [
        'The plan has no thresholds: 80 % of 5 requests were useful; the worst operation was tools/call:look of web with 66.66 %.',
      ],
    });
    const almost = [...Array.from({ length: 11_000 }, () => ({})), { outcome: 'HTTP_500' as const }];
    assert.match(judged({ samples: almost }).verdict.reasons[0] ?? '', /: 99\.99 % of 11001 requests/);
  });

  it('is fail with a reason for each threshold that is not met', () => {
    const { verdict } = judged({ thresholds: { useful_rate: ['rate>0.9', 'rate>0.1'] } });
    assert.deepEqual(verdict, { status: 'fail', reasons: ['useful_rate rate>0.9: observed 0.8.'] });
  });

  it('is invalid when the generator broke a rule, even if thresholds fail', () => {
    const thresholds = { useful_rate: ['rate>0.9'] };
    const broken: [Case, string][] = [
      [{ health: { startDelayMs: 2001 } }, 'slices started in time'],
      [{ health: { eventLoopDelayMs: { p99: 101, max: 200 } } }, 'event loop free'],
      [{ health: { stoppedTargets: [GIVEN_UP] } }, 'load not stopped early'],
      [{ health: { store: { errors: 0, blocks: 1, samples: 1, unkept: 1 } } }, 'samples stored'],
      [{ samples: [...MIXED, { outcome: 'CLIENT_LIMIT', message: 'EMFILE' }] }, 'connections available'],
      [{ lost: 1 }, 'slices completed'],
      [{ slice: { state: 'partial' } }, 'slices completed'],
      [{ span: { plannedVus: 2 } }, 'virtual users started'],
    ];
    for (const [change, rule] of broken) {
      const { verdict, rules } = judged({ thresholds, ...change });
      assert.equal(verdict.status, 'invalid', rule);
      assert.equal(verdict.reasons.length, 1);
      assert.ok(verdict.reasons[0]?.startsWith(`Rule "${rule}" is broken: `), verdict.reasons[0]);
      assert.deepEqual(
        rules.filter(({ ok }) => !ok).map((result) => result.rule),
        [rule],
      );
    }
  });

  it('is not affected by errors of the store after which everything was stored', () => {
    const { verdict, rules } = judged({ health: { store: { errors: 20, blocks: 1, samples: 1 } } });
    assert.equal(verdict.status, 'unjudged');
    const stored = rules.find(({ rule }) => rule === 'samples stored');
    assert.match(stored?.detail ?? '', /20 store errors; none missing$/);
  });

  it('says how many samples could not be stored, and why slices ended early', () => {
    const endedEarly = {
      reason: 'the store could not be reached for 25 s',
      atMs: RUN_START_MS + 40_000,
      mayContinue: true,
    };
    const store = { errors: 9, blocks: 1, samples: 1, unkept: 1234, unkeptRequests: 600 };
    const { verdict } = judged({ health: { store, endedEarly }, slice: { state: 'partial' } });
    assert.equal(verdict.status, 'invalid');
    assert.match(
      verdict.reasons.join('\n'),
      /1 partial.*; 1 slice ended early, 40\.0 s after the start: the store could not be reached for 25 s\./,
    );
    assert.match(
      verdict.reasons.join('\n'),
      /1234 samples could not be stored, among them 600 requests that were sent; no figure includes them\./,
    );
  });

  it('names the targets that were given up, with time and reason', () => {
    const stoppedTargets = [GIVEN_UP, { target: 'other', reason: 'AUTH_REJECTED', atMs: RUN_START_MS + 61_000 }];
    const { verdict } = judged({ health: { stoppedTargets } });
    assert.deepEqual(verdict, {
      status: 'invalid',
      reasons: [
        'Rule "load not stopped early" is broken: web was given up 1.5 s after the start: it refused fresh credentials twice (AUTH_REJECTED); other was given up 61.0 s after the start: AUTH_REJECTED.',
      ],
    });
  });

  it('gives the number of requests that could not be sent and how to fix it, whatever the others showed', () => {
    const limited: SampleParts = { outcome: 'CLIENT_LIMIT', message: 'EMFILE: connect; raise its limit.' };
    const broken =
      'Rule "connections available" is broken: the machine had no file descriptor, port or memory left for';
    for (const [samples, reason] of [
      [[...MIXED, limited], `${broken} 1 request: EMFILE: connect; raise its limit.`],
      [[limited, limited], `${broken} 2 requests: EMFILE: connect; raise its limit.`],
      [[...MIXED, { ...limited, message: '' }], `${broken} 1 request.`],
    ] as const) {
      const { verdict } = judged({ samples });
      assert.deepEqual(verdict, { status: 'invalid', reasons: [reason] });
    }
    const rule = judged({}).rules.find((each) => each.rule === 'connections available');
    assert.deepEqual(rule, { rule: 'connections available', ok: true, detail: 'every request had one' });
  });

  it('accepts as many lost slices as the plan allows, with their virtual users', () => {
    const thresholds = { mcp_requests: ['count>1'] };
    const half = { thresholds, generator: { maxLostSlices: 0.5 }, lost: 1, span: { plannedVus: 2 } };
    assert.equal(judged(half).verdict.status, 'pass');
    assert.equal(judged({ ...half, lost: 2 }).verdict.status, 'invalid');
    assert.equal(judged({ ...half, span: { plannedVus: 4 } }).verdict.status, 'invalid');
    const { rules } = judged({ ...half, generator: { maxLostSlices: 0.07 } });
    assert.match(rules[0]?.detail ?? '', /at most 7 % may be lost/);
  });

  it('is invalid without requests', () => {
    const { verdict } = judged({ samples: [{ outcome: 'CLIENT_ABORT', socketMs: undefined }] });
    const uncalled = 'tools/call:look of web was never called, so the run shows nothing about it.';
    assert.deepEqual(verdict, { status: 'invalid', reasons: ['No requests were measured.', uncalled] });
  });

  it('is stopped when the run was stopped, whatever else it showed', () => {
    const { verdict } = judged({ stopped: true, lost: 3, thresholds: { useful_rate: ['rate>0.9'] } });
    assert.equal(verdict.status, 'stopped');
  });
});
