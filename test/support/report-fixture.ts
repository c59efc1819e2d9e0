import type { Report, ReportTarget } from '../../src/report/report.ts';
import { type Percentiles, percentilesOf } from '../../src/summary/percentiles.ts';
import { distributionOf } from '../../src/summary/summarise-operations.ts';
import type { OperationSummary, OutcomeGroup, Series, SeriesPoint } from '../../src/summary/summary.ts';
import measured from '../fixtures/report/hosted-operations.json' with { type: 'json' };

const DURATION_SECONDS = 921;
const INTERVAL_SECONDS = 10;
const STARTED_AT = Date.parse('2026-05-09T14:00:00.000Z');

type Measured = (typeof measured)[number];
/** One invented request: its start, its latency, and whether it failed. */
type Request = { readonly atSeconds: number; readonly latencyMs: number; readonly failed: boolean };

/**
 * A report of 15 minutes against four hosted servers, based on published figures of such a run: counts and percentiles
 * are the published ones; the requests behind series and distributions are drawn to fit them.
 */
export function reportFixture(changes: Partial<Report> = {}): Report {
  const drawn = measured.map((operation, index) => ({ operation, requests: drawRequests(operation, index + 1) }));
  const everyRequest = drawn.flatMap(({ requests }) => requests);
  const failures = everyRequest.filter((request) => request.failed).length;
  return {
    schemaVersion: 4,
    runId: '20260509-140000-k3v9qd',
    plan: {
      name: 'hosted-mcp-baseline',
      description: 'Seventeen agents in conversation with Microsoft Learn, GitHub, Context7 and Azure DevOps.',
      hash: '9f2c41d07be6a38f5512c0d4',
    },
    startedAt: new Date(STARTED_AT).toISOString(),
    endedAt: new Date(STARTED_AT + DURATION_SECONDS * 1000).toISOString(),
    durationSeconds: DURATION_SECONDS,
    measuredSeconds: DURATION_SECONDS,
    warmUp: null,
    targets: TARGETS,
    verdict: {
      status: 'fail',
      reasons: ['mcp_request_duration{target:github,operation:tools/call:search_code} p(95)<2000: observed 3070.'],
    },
    totals: {
      requests: everyRequest.length,
      useful: everyRequest.length - failures,
      failures,
      failureRate: failures / everyRequest.length,
      censored: 0,
      requestsPerSecond: everyRequest.length / DURATION_SECONDS,
      iterations: 1104,
      droppedIterations: 0,
    },
    protocol: { requests: 0, useful: 0, failures: 0, censored: 0, failureRate: 0, requestsPerSecond: 0 },
    scenarios: [],
    operations: drawn.map(({ operation, requests }) => summarize(operation, requests)),
    failures: [searchCodeFailure(drawn.find(({ operation }) => operation.operation === 'tools/call:search_code'))],
    warnings: [
      {
        outcome: 'PROTO_NOTIF_ACK',
        target: 'learn',
        operation: 'notifications/initialized',
        count: 5,
        firstAt: instant(0.4),
        lastAt: instant(6.1),
        example: '',
      },
    ],
    exampleAnswers: [
      {
        target: 'learn',
        operation: 'tools/call:microsoft_docs_search',
        answer:
          '{"results":[{"title":"Deploy a function app with Bicep","content":"A function app needs a plan, a storage …',
      },
      { target: 'github', operation: 'tools/call:search_code', answer: '{"total_count":12,"items":[{"name":"pool.js"' },
    ],
    pauses: [],
    connectionPauses: [],
    checks: [],
    series: [
      series('*', '*', everyRequest),
      ...drawn.map(({ operation, requests }) => series(operation.target, operation.operation, requests)),
    ],
    starts: [],
    sessions: [],
    moments: [],
    iterationMs: percentilesOf(Uint32Array.from(everyRequest, ({ latencyMs }) => latencyMs * 2100).sort()),
    thresholds: [
      { metric: 'mcp_failures', expression: 'rate<0.25', ok: true, observed: failures / everyRequest.length },
      { metric: 'mcp_request_duration', expression: 'avg<8000', ok: true, observed: 831.214 },
      {
        metric: 'mcp_request_duration{target:github,operation:tools/call:search_code}',
        expression: 'p(95)<2000',
        ok: false,
        observed: 3070,
      },
      { metric: 'mcp_request_duration{target:learn}', expression: 'p(95)<1500', ok: true, observed: 1030 },
    ],
    generator: {
      slices: { planned: 16, committed: 16, partial: 0, lost: 0, duplicates: 0 },
      maxStartDelayMs: 38.2,
      eventLoopDelayMs: { p99: 2.1, max: 14.6 },
      cpu: { seconds: 4.812, microsecondsPerRequest: 2098.6, maxShare: 0.041 },
      starts: { planned: null, started: 0, dropped: 0, late: 0, maxLagMs: 0, scenarios: [] },
      vus: { planned: 17, started: 17 },
      abortedRequests: 6,
      limitedRequests: 0,
      limitedExample: '',
      tokens: [{ target: 'ado', fetched: 1, failed: 0, maxMs: 412.7 }],
      stoppedTargets: [],
      store: { errors: 0, blocks: 72, samples: 2299 },
      instances: 4,
      rules: [
        { rule: 'slices committed', ok: true, detail: '16 of 16 slices committed; all are required' },
        { rule: 'slices started on time', ok: true, detail: 'latest start 38 ms late; 1,000 ms allowed' },
        { rule: 'event loop kept up', ok: true, detail: 'delay p99 2.1 ms; 50 ms allowed' },
        { rule: 'virtual users started', ok: true, detail: '17 of 17 started; all are required' },
      ],
    },
    notes: [
      'Latency runs from dispatch to the matching JSON-RPC response and covers useful requests only.',
      'Percentiles are nearest-rank over every measured request; nothing was sampled.',
      'The load was closed: 17 virtual users with think time between their turns.',
    ],
    ...changes,
  };
}

/** The ISO 8601 instant of a moment of the run. */
export function instant(atSeconds: number): string {
  return new Date(STARTED_AT + Math.round(atSeconds * 1000)).toISOString();
}

/** Latencies spread evenly over the measured quantiles, in random order; starts follow a rhythm of think times. */
function drawRequests(operation: Measured, seed: number): readonly Request[] {
  const random = randomFrom(seed);
  const knots = [operation.minMs, operation.p50Ms, operation.p75Ms, operation.p90Ms, operation.p95Ms, operation.p99Ms];
  const at = [0, 0.5, 0.75, 0.9, 0.95, 0.99, 1];
  const quantile = (q: number) => {
    const upper = at.findIndex((level) => level >= q && level > 0);
    const [from = 0, to = 0] = [at[upper - 1], at[upper]];
    const [low = 0, high = 0] = [knots[upper - 1], knots[upper] ?? operation.maxMs];
    return low * (high / low) ** ((q - from) / (to - from));
  };
  const setUpOrTearDown = operation.count < 10;
  const teardown = operation.operation === 'DELETE';
  return Array.from({ length: operation.count }, (_, index) => {
    const spread = (index + random()) / operation.count;
    const start = teardown ? DURATION_SECONDS - 4 * random() - 1 : setUpOrTearDown ? 8 * random() : 8 + 900 * spread;
    return { atSeconds: start, latencyMs: quantile(random()), failed: false };
  }).map((request, index) => ({ ...request, failed: operation.failures > 0 && [11, 40, 71].includes(index) }));
}

function summarize(operation: Measured, requests: readonly Request[]): OperationSummary {
  const useful = requests.filter((request) => !request.failed).map((request) => request.latencyMs);
  const published: Percentiles = {
    min: operation.minMs,
    mean: operation.meanMs,
    p50: operation.p50Ms,
    p75: operation.p75Ms,
    p90: operation.p90Ms,
    p95: operation.p95Ms,
    p99: operation.p99Ms,
    p999: operation.maxMs,
    max: operation.maxMs,
  };
  const streamed = operation.target === 'context7' || operation.target === 'learn';
  const headers = streamed ? scaled(published, 0.06) : scaled(published, 0.985);
  // A session starts on a new connection; its later requests reuse it.
  const opens = operation.operation === 'initialize';
  const flat = (ms: number) => scaled(published, ms / published.p50);
  return {
    target: operation.target,
    operation: operation.operation,
    kind: 'step',
    count: operation.count,
    useful: useful.length,
    failures: operation.failures,
    censored: 0,
    withoutAnswer: 0,
    longestWaitMs: null,
    requestsPerSecond: operation.count / DURATION_SECONDS,
    latencyMs: published,
    failedLatencyMs: operation.failures > 0 ? percentilesOf(Uint32Array.from([61_000, 64_200, 70_900])) : null,
    clocksMs: {
      lag: scaled(published, 0.001),
      socket: flat(opens ? 41 : 0.1),
      connect: opens ? flat(18) : null,
      tls: opens ? flat(22) : null,
      headers,
      firstEvent: streamed ? scaled(published, 0.065) : null,
      close: scaled(published, 1.004),
      hold: scaled(published, 0.004),
    },
    newConnections: opens ? operation.count : 0,
    heldStreams: 0,
    resumedAnswers: 0,
    retries: 0,
    resent: 0,
    queued: 0,
    calls: null,
    batches: [],
    distribution: distributionOf(Uint32Array.from(useful, (ms) => ms * 1000).sort()),
  };
}

function scaled(percentiles: Percentiles, factor: number): Percentiles {
  const figures = Object.entries(percentiles as Readonly<Record<string, number>>);
  return Object.fromEntries(figures.map(([key, value]) => [key, value * factor])) as unknown as Percentiles;
}

function series(target: string, operation: string, requests: readonly Request[]): Series {
  const points = Array.from({ length: Math.ceil(DURATION_SECONDS / INTERVAL_SECONDS) }, (_, index): SeriesPoint => {
    const atSeconds = index * INTERVAL_SECONDS;
    const inside = requests.filter((each) => Math.floor(each.atSeconds / INTERVAL_SECONDS) === index);
    const useful = inside.filter((each) => !each.failed);
    const percentiles = percentilesOf(Uint32Array.from(useful, (each) => each.latencyMs * 1000).sort());
    return {
      atSeconds,
      requests: inside.length,
      requestsPerSecond: inside.length / INTERVAL_SECONDS,
      activeSessions: 0,
      failures: inside.length - useful.length,
      p50Ms: percentiles?.p50 ?? null,
      p95Ms: percentiles?.p95 ?? null,
      p99Ms: percentiles?.p99 ?? null,
    };
  });
  return { target, operation, kind: 'step', intervalSeconds: INTERVAL_SECONDS, points };
}

function searchCodeFailure(drawn: { readonly requests: readonly Request[] } | undefined): OutcomeGroup {
  const failed = (drawn?.requests ?? []).filter((request) => request.failed).map((request) => request.atSeconds);
  return {
    outcome: 'TOOL_ERROR',
    target: 'github',
    operation: 'tools/call:search_code',
    count: failed.length,
    firstAt: instant(Math.min(...failed)),
    lastAt: instant(Math.max(...failed)),
    example:
      'failed to search code with query "language:bicep azd": GET https://api.github.com/search/code: 403 API rate limit exceeded for user ID 4127. [rate reset in 41s]',
  };
}

/** A small seeded generator (mulberry32) of numbers in [0, 1). */
function randomFrom(seed: number): () => number {
  let state = seed * 0x9e3779b9;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** The hosted servers of the report fixture, as preflight finds them. */
const TARGETS: readonly ReportTarget[] = [
  {
    name: 'learn',
    url: 'https://learn.microsoft.com/api/mcp',
    protocolVersion: '2025-06-18',
    server: 'Microsoft Learn MCP Server 1.0.0',
    session: 'stateful',
    capabilities: ['tools'],
    notes: [],
  },
  {
    name: 'github',
    url: 'https://api.githubcopilot.com/mcp/',
    protocolVersion: '2025-11-25',
    server: 'github-mcp-server 0.31.0',
    session: 'stateful',
    capabilities: ['tools'],
    notes: [],
  },
  {
    name: 'context7',
    url: 'https://mcp.context7.com/mcp',
    protocolVersion: '2025-11-25',
    server: 'Context7 2.1.1',
    session: 'stateless',
    capabilities: ['tools'],
    notes: [],
  },
  {
    name: 'ado',
    url: 'https://mcp.dev.azure.com/contoso',
    protocolVersion: '2025-06-18',
    server: '',
    session: 'stateless',
    capabilities: ['tools'],
    notes: [],
  },
];
