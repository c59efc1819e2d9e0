import type { Report } from '../../src/report/report.ts';
import type { OperationSummary, OutcomeGroup, Series } from '../../src/summary/summary.ts';
import { compared, lying, modelled, rejected, troubled } from './report-cases.ts';
import { instant, reportFixture } from './report-fixture.ts';
import { HOSTILE, reportFullOf } from './report-full-of.ts';
import { unanswered, unjudged } from './report-unanswered.ts';

/** The cells of a scenario of the modelled report, as tables show them. */
export const GITHUB_AGENTS_ROW = ['github-agents', '512', '501', '9', '3', '0.58', '400', '900', '900', '900'];

/** Reports of every kind that a rendering must handle, by name. */
export function reportVariants() {
  const base = reportFixture();
  return {
    failed: base,
    passed: passed(base),
    allFailed: allFailed(base),
    invalid: invalid(base),
    stopped: { ...base, verdict: { status: 'stopped', reasons: ['The run was stopped before its end.'] } },
    empty: empty(base),
    single: single(base),
    longNames: longNames(base),
    many: many(base),
    troubled: troubled(base),
    lying: lying(base),
    modelled: modelled(base),
    rejected: rejected(base),
    compared: compared(base),
    unanswered: unanswered(base),
    unjudged: unjudged(base),
    hostile: reportFullOf(HOSTILE),
  } satisfies Record<string, Report>;
}

function passed(base: Report): Report {
  return {
    ...base,
    verdict: { status: 'pass', reasons: ['All 3 thresholds met.'] },
    totals: { ...base.totals, useful: base.totals.requests, failures: 0, failureRate: 0 },
    failures: [],
    warnings: [],
    operations: base.operations.map((each) => ({ ...each, useful: each.count, failures: 0, failedLatencyMs: null })),
    series: base.series.map((each) => ({
      ...each,
      points: each.points.map((point) => ({ ...point, failures: 0 })),
    })),
    thresholds: base.thresholds.filter((threshold) => threshold.ok),
  };
}

function allFailed(base: Report): Report {
  return {
    ...base,
    verdict: {
      status: 'fail',
      reasons: ['mcp_failures rate<0.25: observed 1', 'mcp_request_duration avg<8000: no samples'],
    },
    totals: { ...base.totals, useful: 0, failures: base.totals.requests, failureRate: 1 },
    operations: base.operations.map((each) => ({
      ...each,
      useful: 0,
      failures: each.count,
      latencyMs: null,
      failedLatencyMs: each.latencyMs,
      clocksMs: { ...each.clocksMs, headers: null, firstEvent: null, close: null, hold: null },
      distribution: [],
    })),
    failures: base.operations.map((each, index) => failureOf(each, index)),
    warnings: [],
    series: base.series.map((each) => ({
      ...each,
      points: each.points.map((point) => ({
        ...point,
        failures: point.requests,
        p50Ms: null,
        p95Ms: null,
        p99Ms: null,
      })),
    })),
    iterationMs: null,
    thresholds: base.thresholds.map((threshold) =>
      threshold.expression.startsWith('rate')
        ? { ...threshold, ok: false, observed: 1 }
        : { ...threshold, ok: false, observed: null },
    ),
  };
}

const FAILURES = ['NET_REFUSED', 'HTTP_503', 'AUTH_REJECTED', 'TMO_TOTAL', 'RPC_-32603', 'HTTP_429'] as const;

function failureOf(operation: OperationSummary, index: number): OutcomeGroup {
  return {
    outcome: FAILURES[index % FAILURES.length] ?? 'NET_OTHER',
    target: operation.target,
    operation: operation.operation,
    count: operation.count,
    firstAt: instant(1),
    lastAt: instant(900),
    example: index % 3 === 0 ? '' : 'upstream connect error or disconnect/reset before headers. reset reason: overflow',
  };
}

function invalid(base: Report): Report {
  const broken = [
    { rule: 'slices committed', ok: false, detail: '13 of 16 slices committed; all are required' },
    { rule: 'event loop kept up', ok: false, detail: 'delay p99 412 ms; 50 ms allowed' },
  ];
  return {
    ...base,
    verdict: {
      status: 'invalid',
      reasons: broken.map(({ rule, detail }) => `Rule "${rule}" is broken: ${detail}.`),
    },
    generator: {
      ...base.generator,
      slices: { planned: 16, committed: 13, partial: 1, lost: 2, duplicates: 1 },
      eventLoopDelayMs: { p99: 412, max: 2380 },
      rules: [...broken, ...base.generator.rules.filter((each) => broken.every(({ rule }) => rule !== each.rule))],
    },
  };
}

function empty(base: Report): Report {
  return {
    ...base,
    verdict: { status: 'invalid', reasons: ['No requests were measured.'] },
    durationSeconds: 0,
    endedAt: base.startedAt,
    totals: {
      requests: 0,
      useful: 0,
      failures: 0,
      censored: 0,
      failureRate: 0,
      requestsPerSecond: 0,
      iterations: 0,
      droppedIterations: 0,
    },
    operations: [],
    failures: [],
    warnings: [],
    pauses: [],
    connectionPauses: [],
    series: [],
    sessions: [],
    iterationMs: null,
    thresholds: base.thresholds.map((threshold) => ({ ...threshold, ok: false, observed: null })),
    notes: [],
  };
}

const NO_CLOCKS = { socket: null, connect: null, tls: null, firstEvent: null, hold: null };

function single(base: Report): Report {
  const latencyMs = { min: 8.4, mean: 8.4, p50: 8.4, p75: 8.4, p90: 8.4, p95: 8.4, p99: 8.4, p999: 8.4, max: 8.4 };
  const figures = { requests: 1, requestsPerSecond: 1, failures: 0, p50Ms: 8.4, p95Ms: 8.4, p99Ms: 8.4 };
  const points = [{ atSeconds: 0, ...figures, activeSessions: 1 }];
  const of = (target: string, operation: string): Series => ({
    target,
    operation,
    kind: 'step',
    intervalSeconds: 1,
    points,
  });
  return {
    ...passed(base),
    durationSeconds: 0.0084,
    totals: {
      requests: 1,
      useful: 1,
      failures: 0,
      censored: 0,
      failureRate: 0,
      requestsPerSecond: 119.05,
      iterations: 1,
      droppedIterations: 0,
    },
    operations: [
      {
        target: 'learn',
        operation: 'initialize',
        kind: 'step',
        count: 1,
        useful: 1,
        failures: 0,
        censored: 0,
        withoutAnswer: 0,
        longestWaitMs: null,
        requestsPerSecond: 119.05,
        latencyMs,
        failedLatencyMs: null,
        clocksMs: { ...NO_CLOCKS, lag: latencyMs, headers: latencyMs, close: latencyMs },
        newConnections: 0,
        heldStreams: 0,
        resumedAnswers: 0,
        retries: 0,
        resent: 0,
        queued: 0,
        calls: null,
        batches: [],
        distribution: [{ fromMs: 8, toMs: 9, count: 1 }],
      },
    ],
    series: [of('*', '*'), of('learn', 'initialize')],
    targets: base.targets.slice(0, 1),
    verdict: {
      status: 'unjudged',
      reasons: ['The plan has no thresholds: 100 % of 1 requests were useful.'],
    },
    thresholds: [],
  };
}

function longNames(base: Report): Report {
  const long = (name: string) => `${name}_${'with_a_name_that_goes_on'.repeat(4)}_${name}`;
  const rename = <T extends { readonly target: string; readonly operation: string }>(each: T): T =>
    each.target === '*' ? each : { ...each, target: long(each.target), operation: long(each.operation) };
  return {
    ...base,
    runId: long('run'),
    plan: { name: long('plan'), description: 'word '.repeat(200), hash: 'f'.repeat(64) },
    targets: base.targets.map((target) => ({
      ...target,
      name: long(target.name),
      url: `${target.url}?q=${'x'.repeat(300)}`,
    })),
    operations: base.operations.map(rename),
    failures: base.failures.map((each) => ({ ...rename(each), example: 'unbroken'.repeat(60) })),
    series: base.series.map(rename),
    thresholds: base.thresholds.map((each) => ({ ...each, metric: long(each.metric) })),
    notes: ['n'.repeat(400)],
  };
}

function many(base: Report): Report {
  const copies = ['a', 'b', 'c'];
  const copied = <T extends { readonly target: string; readonly operation: string }>(each: T): readonly T[] =>
    copies.map((copy) => ({ ...each, operation: `${each.operation}_${copy}` }));
  return {
    ...base,
    operations: base.operations.flatMap(copied),
    series: base.series.flatMap((each) => (each.target === '*' ? [each] : copied(each))),
  };
}
