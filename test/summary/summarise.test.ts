import assert from 'node:assert/strict';
import { it } from 'node:test';
import { SAMPLE_FLAG } from '../../src/sample/block.ts';
import type { Outcome } from '../../src/sample/outcome.ts';
import type { SliceFold } from '../../src/summary/fold.ts';
import type { SliceHealth } from '../../src/summary/generator-health.ts';
import { mergeFolds } from '../../src/summary/merge-folds.ts';
import { planSpan, summarise } from '../../src/summary/summarise.ts';
import type { CallLatency, Clocks, OperationSummary, RunSpan } from '../../src/summary/summary.ts';
import { aPlan } from '../support/a-plan.ts';
import { foldOf, INTERVAL_MS, RUN_START_MS, type Told } from '../support/blocks-of.ts';

const SPAN: RunSpan = {
  runStartMs: RUN_START_MS,
  plannedDurationMs: 10_000,
  plannedSlices: 1,
  plannedVus: 2,
  warmUpMs: 0,
  warmUpPhases: 0,
  plannedStarts: [],
  stopped: false,
};

function summaryOf(samples: readonly Told[], span: Partial<RunSpan> = {}, slices: readonly SliceFold[] = []) {
  return summarise(mergeFolds([foldOf([samples], slices)], INTERVAL_MS), { ...SPAN, ...span });
}

function spoken(sliceId: string, health: Partial<SliceHealth>, state: SliceFold['state'] = 'committed'): SliceFold {
  const quiet: SliceHealth = {
    startDelayMs: 0,
    eventLoopDelayMs: { p99: 0, max: 0 },
    cpuSeconds: 0,
    cpuFromSeconds: 0,
    wallSeconds: 10,
    starts: [],
    tokens: [],
    stoppedTargets: [],
    store: { errors: 0, blocks: 0, samples: 0 },
    instance: 'one',
  };
  return { sliceId, state, duplicates: 0, health: { ...quiet, ...health } };
}

it('divides by the planned time, by more when requests lingered, by less when the run was stopped', () => {
  const early = [{ atMs: 500, durationMs: 500 }];
  assert.equal(summaryOf(early).durationSeconds, 10);
  assert.equal(summaryOf(early).totals.requestsPerSecond, 0.1);
  assert.equal(summaryOf(early, { stopped: true }).durationSeconds, 1);
  assert.equal(summaryOf([], { stopped: true }).durationSeconds, 10);
  assert.equal(summaryOf([{ atMs: 9000, durationMs: 5000 }]).durationSeconds, 14);
});

it('adds up operations, failures and warnings', () => {
  const summary = summaryOf([
    { durationMs: 10 },
    { durationMs: 20 },
    { durationMs: 300, outcome: 'TOOL_ERROR', message: 'no', atMs: 2000 },
    { operation: 'initialize', outcome: 'SESS_DUP' },
    { outcome: 'CLIENT_ABORT' },
    { outcome: 'CLIENT_LIMIT', message: 'EMFILE' },
    { outcome: 'CLIENT_LIMIT', message: 'EMFILE' },
    { kind: 'iteration', durationMs: 25 },
  ]);
  assert.deepEqual(summary.totals, {
    requests: 4,
    useful: 3,
    failures: 1,
    failureRate: 0.25,
    requestsPerSecond: 0.4,
    iterations: 1,
    droppedIterations: 0,
  });
  const look = summary.operations.find(({ operation }) => operation === 'tools/call:look');
  assert.equal(look?.count, 3);
  assert.equal(look?.latencyMs?.max, 20);
  assert.equal(look?.failedLatencyMs?.p50, 300);
  assert.deepEqual(
    summary.failures.map(({ outcome, count, example, firstAt }) => [outcome, count, example, firstAt]),
    [['TOOL_ERROR', 1, 'no', new Date(RUN_START_MS + 2000).toISOString()]],
  );
  assert.deepEqual(
    summary.warnings.map(({ outcome }) => outcome),
    ['SESS_DUP'],
  );
  const { abortedRequests, limitedRequests, limitedExample } = summary.generator;
  assert.deepEqual([abortedRequests, limitedRequests, limitedExample], [1, 2, 'EMFILE']);
});

it('keeps series over all intervals, also over those after the planned end', () => {
  const { series } = summaryOf([
    { atMs: 200, durationMs: 10 },
    { atMs: 12_300, operation: 'DELETE', outcome: 'HTTP_500' },
  ]);
  assert.deepEqual(
    series.map(({ operation, points }) => [operation, points.length]),
    [
      ['*', 13],
      ['DELETE', 13],
      ['tools/call:look', 13],
    ],
  );
  const all = series[0]?.points ?? [];
  const alike = { requestsPerSecond: 1, activeSessions: 0 };
  const nothing = { p50Ms: null, p95Ms: null, p99Ms: null };
  assert.deepEqual(all[0], { atSeconds: 0, requests: 1, failures: 0, p50Ms: 10, p95Ms: 10, p99Ms: 10, ...alike });
  assert.deepEqual(all[5], { atSeconds: 5, requests: 0, failures: 0, ...nothing, ...alike, requestsPerSecond: 0 });
  assert.deepEqual(all[12], { atSeconds: 12, requests: 1, failures: 1, ...nothing, ...alike });
});

it('names operations as they are, line breaks included', () => {
  const summary = summaryOf([{ operation: 'tools/call:a\nb' }]);
  assert.equal(summary.operations[0]?.operation, 'tools/call:a\nb');
  assert.equal(summary.series[1]?.operation, 'tools/call:a\nb');
});

it('counts the virtual users that sent something, over all windows', () => {
  // Two scenarios one after the other: no window has all virtual users.
  const slices = [spoken('w0000-l0000', {}), spoken('w0001-l0000', {})];
  const samples = [{ vu: 0 }, { vu: 0, atMs: 6000 }, { vu: 1, atMs: 6000, outcome: 'CLIENT_ABORT' as const }];
  assert.deepEqual(summaryOf(samples, { plannedSlices: 2 }, slices).generator.vus, { planned: 2, started: 2 });
});

it('counts the CPU seconds that two slices of a process saw once, whatever their windows, and finds the busiest', () => {
  const slice = (sliceId: string, cpuFromSeconds: number, cpuSeconds: number, instance = 'one', wallSeconds = 10) =>
    spoken(sliceId, { cpuFromSeconds, cpuSeconds, instance, wallSeconds });
  const { generator } = summaryOf([{}, {}], { plannedSlices: 6 }, [
    slice('w0001-l0000', 4, 4),
    slice('w0000-l0000', 1, 3.5),
    slice('w0000-l0001', 1.5, 2),
    slice('w0000-l0002', 9, 5, 'two', 5.5),
    slice('w0001-l0002', 20, 1, 'two', 0.01),
    { sliceId: 'w0001-l0001', state: 'lost', duplicates: 0, health: undefined },
  ]);
  assert.equal(generator.cpu.seconds, 7 + 5 + 1);
  assert.equal(generator.cpu.microsecondsPerRequest, 6.5e6);
  assert.equal(Number(generator.cpu.maxShare.toFixed(3)), 0.909);
  assert.equal(generator.instances, 2);
});

it('adds up starts by scenario, and over all scenarios those that have an instant', () => {
  const counts = (scenario: string, planned: number | undefined, started: number, late = 0, maxLagMs = 0) => {
    return { scenario, planned, started, dropped: 2, late, maxLagMs };
  };
  const { starts } = summaryOf([], { plannedSlices: 3 }, [
    spoken('w0000-l0000', { starts: [counts('open', 100, 90, 3, 70), counts('closed', undefined, 7)] }),
    spoken('w0000-l0001', { starts: [counts('open', 50, 48, 1, 90)] }),
    spoken('w0001-l0000', { starts: [counts('late', 10, 8, 0, 5)] }),
  ]).generator;
  const { scenarios, ...all } = starts;
  assert.deepEqual(all, { planned: 160, started: 146, dropped: 6, late: 4, maxLagMs: 90 });
  assert.deepEqual(scenarios, [
    { scenario: 'closed', planned: null, started: 7, dropped: 2, late: 0, maxLagMs: 0 },
    { scenario: 'late', planned: 10, started: 8, dropped: 2, late: 0, maxLagMs: 5 },
    { scenario: 'open', planned: 150, started: 138, dropped: 4, late: 4, maxLagMs: 90 },
  ]);
  assert.equal(summaryOf([]).generator.starts.planned, null);
});

it('leaves the warm-up out of every figure but the series, counts it apart, and divides by the time without it', () => {
  const samples: Told[] = [
    { atMs: 500, durationMs: 900, outcome: 'HTTP_503' },
    { atMs: 1500, durationMs: 700 },
    // It was to start in the warm-up, however late it did.
    { atMs: 2500, lagMs: 600, durationMs: 800 },
    { atMs: 3000, durationMs: 10 },
    { kind: 'iteration', operation: 'calls', atMs: 1000, durationMs: 50 },
    { kind: 'iteration', operation: 'calls', atMs: 4000, durationMs: 70 },
    { kind: 'droppedIteration', operation: 'calls', atMs: 1000 },
  ];
  const frame = { phaseBoundariesMs: [2000], warmUpPhases: 1 };
  const fold = mergeFolds([foldOf([samples], [], frame)], INTERVAL_MS);
  const summary = summarise(fold, { ...SPAN, warmUpMs: 2000, warmUpPhases: 1 });
  assert.deepEqual(summary.warmUp, { seconds: 2, requests: 3, failures: 1 });
  assert.equal(summary.durationSeconds, 10);
  assert.equal(summary.measuredSeconds, 8);
  const { requests, failures, requestsPerSecond, iterations, droppedIterations } = summary.totals;
  assert.deepEqual([requests, failures, requestsPerSecond, iterations, droppedIterations], [1, 0, 0.125, 1, 0]);
  assert.equal(summary.operations[0]?.latencyMs?.max, 10);
  assert.equal(summary.iterationMs?.max, 70);
  assert.deepEqual(summary.failures, []);
  assert.deepEqual(
    summary.series[0]?.points.map((point) => point.requests),
    [1, 1, 1, 1, 0],
  );
  assert.equal(summaryOf([{}]).warmUp, null);
});

it('tells first calls, calls after a silence and warm calls apart, each with its exact percentiles', () => {
  const { firstOfSession, afterIdle } = SAMPLE_FLAG;
  const { operations } = summaryOf([
    { operation: 'tools/call:look', durationMs: 90, flags: firstOfSession },
    { operation: 'tools/call:look', durationMs: 50, flags: afterIdle },
    { operation: 'tools/call:look', durationMs: 50 },
    { operation: 'tools/call:look', durationMs: 90 },
    { operation: 'tools/call:look', durationMs: 10 },
    { operation: 'tools/call:look', durationMs: 99, outcome: 'HTTP_500', flags: firstOfSession },
    { operation: 'initialize' },
  ]);
  const [initialize, look] = operations;
  assert.equal(initialize?.calls, null);
  const range = ({ count, latencyMs }: CallLatency) => [count, latencyMs?.min, latencyMs?.p50, latencyMs?.max];
  assert.deepEqual(
    Object.entries(look?.calls ?? {}).map(([kind, calls]) => [kind, ...range(calls)]),
    [
      ['firstOfSession', 1, 90, 90, 90],
      ['afterIdle', 1, 50, 50, 50],
      ['warm', 3, 10, 50, 90],
    ],
  );
});

it('counts open sessions in each interval, over all targets and for each', () => {
  const session = (target: string, atMs: number, durationMs: number, outcome: Outcome = 'OK'): Told => {
    return { kind: 'session', target, operation: 'session', atMs, durationMs, outcome };
  };
  const summary = summaryOf([
    { atMs: 0 },
    { atMs: 3500, target: 'other' },
    session('web', 100, 1500),
    session('web', 200, 5000, 'CLIENT_ABORT'),
    session('web', 300, 400, 'SESS_LOST'),
    // It makes room at the instant at which another opens.
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

it('shows in each interval how many starts were planned, made and dropped', () => {
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
  const started: Told = { kind: 'iteration', operation: 'calls', atMs: 700 };
  const samples: Told[] = [
    started,
    { ...started, outcome: 'CLIENT_ABORT', atMs: 2400, lagMs: 900 },
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
      [2, 0, 1],
      [3, 1, 0],
      [2, 0, 0],
    ],
  );
  assert.equal(points(true).length, 3, 'what a run that was stopped did not come to is not missing');
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

it('tells how requests came to their connections, and how long streams stayed open after the answer', () => {
  const { operations } = summaryOf([
    { connectMs: 20, tlsMs: 30, socketMs: 51, durationMs: 100, closeMs: 100 },
    { connectMs: 40, tlsMs: undefined, socketMs: 41, durationMs: 100, closeMs: 350, flags: SAMPLE_FLAG.held },
    { socketMs: 1, durationMs: 100, closeMs: 104, flags: SAMPLE_FLAG.retry | SAMPLE_FLAG.resumed },
    // A failed request got its connection as any other did; how its stream ended says nothing about answers.
    { connectMs: 60, tlsMs: 70, socketMs: 131, closeMs: 900, outcome: 'HTTP_503', flags: SAMPLE_FLAG.retry },
    { connectMs: 99, tlsMs: 99, outcome: 'CLIENT_ABORT', flags: SAMPLE_FLAG.held },
    { socketMs: undefined, outcome: 'NET_REFUSED' },
  ]);
  const [look] = operations;
  const { newConnections, heldStreams, resumedAnswers, retries } = look as OperationSummary;
  assert.deepEqual(
    { newConnections, heldStreams, resumedAnswers, retries },
    { newConnections: 3, heldStreams: 1, resumedAnswers: 1, retries: 2 },
  );
  const range = (clock: keyof Clocks) => [
    look?.clocksMs[clock]?.min,
    look?.clocksMs[clock]?.p50,
    look?.clocksMs[clock]?.max,
  ];
  assert.deepEqual(range('socket'), [1, 41, 131]);
  assert.deepEqual(range('connect'), [20, 40, 60]);
  assert.deepEqual(range('tls'), [30, 30, 70]);
  assert.deepEqual(range('hold'), [0, 4, 250]);
  assert.equal(look?.clocksMs.close?.max, 350);
});

it('adds up pauses by target and counts them as nothing else', () => {
  const pause = (target: string, durationMs: number, outcome: Outcome, atMs = 0): Told => {
    return { kind: 'pause', target, durationMs, outcome, atMs, vu: 7 };
  };
  const request: Told = { target: 'web', outcome: 'HTTP_429', durationMs: 5 };
  const { pauses, ...rest } = summaryOf([
    request,
    pause('web', 2000, 'HTTP_429'),
    pause('other', 60_000, 'SESS_REFUSED', 9000),
    pause('web', 3000.5, 'HTTP_503'),
  ]);
  assert.deepEqual(pauses, [
    { target: 'other', count: 1, totalMs: 60_000, maxMs: 60_000 },
    { target: 'web', count: 2, totalMs: 5000.5, maxMs: 3000.5 },
  ]);
  const { pauses: none, ...alone } = summaryOf([request]);
  assert.deepEqual(none, []);
  const store = { ...rest.generator.store, samples: 1 };
  assert.deepEqual({ ...rest, generator: { ...rest.generator, store } }, alone);
});

it('tells of a target that was given up once, as the first slice to do so saw it', () => {
  const stop = (target: string, reason: string, afterMs: number) => ({ target, reason, atMs: RUN_START_MS + afterMs });
  const { generator } = summaryOf([{}], { plannedSlices: 3 }, [
    spoken('w0000-l0000', { stoppedTargets: [stop('web', 'late', 4000), stop('other', 'early', -20)] }),
    spoken('w0000-l0001', { stoppedTargets: [stop('web', 'refused b', 1250)] }),
    spoken('w0000-l0002', { stoppedTargets: [stop('web', 'refused a', 1250)] }, 'partial'),
  ]);
  assert.deepEqual(generator.stoppedTargets, [
    { target: 'other', reason: 'early', atSeconds: 0 },
    { target: 'web', reason: 'refused a', atSeconds: 1.25 },
  ]);
});

it('takes the worst of what slices say, the sum of what they count, and silence for loss', () => {
  const token = (maxMs: number, failed: number) => ({ target: 'web', fetched: 2, failed, maxMs });
  const { generator } = summaryOf([], { plannedSlices: 4 }, [
    spoken('w0000-l0000', {
      startDelayMs: 7,
      eventLoopDelayMs: { p99: 1, max: 90 },
      tokens: [token(5, 0)],
      store: { errors: 1, blocks: 2, samples: 9 },
    }),
    spoken(
      'w0000-l0001',
      {
        startDelayMs: 3,
        eventLoopDelayMs: { p99: 4, max: 5 },
        tokens: [token(9, 1)],
        store: { errors: 2, blocks: 3, samples: 9 },
      },
      'partial',
    ),
    { sliceId: 'w0000-l0002', state: 'lost', duplicates: 2, health: undefined },
  ]);
  assert.deepEqual(generator.slices, { planned: 4, committed: 1, partial: 1, lost: 2, duplicates: 2 });
  assert.equal(generator.maxStartDelayMs, 7);
  assert.deepEqual(generator.eventLoopDelayMs, { p99: 4, max: 90 });
  assert.deepEqual(generator.tokens, [{ target: 'web', fetched: 4, failed: 1, maxMs: 9 }]);
  assert.deepEqual(generator.store, { errors: 3, blocks: 5, samples: 0 });
});
