import type { ComparedCounts, Comparison, OperationComparison } from '../../src/comparison/comparison.ts';
import { comparisonSchema } from '../../src/plan/plan-schema.ts';
import type { Report } from '../../src/report/report.ts';
import { softErrorFor } from '../../src/sample/error-text.ts';
import { percentilesOf } from '../../src/summary/percentiles.ts';
import type {
  CallLatency,
  OperationSummary,
  OutcomeGroup,
  SessionSummary,
  StartSeries,
} from '../../src/summary/summary.ts';
import type { Ceiling } from '../../src/verdict/verdict.ts';

const TARGETS = ['learn', 'github'] as const;
const SEARCH = 'tools/call:microsoft_docs_search';

/**
 * A run with an arrival rate that rises in stages, a warm-up, lost sessions, cold calls, and thresholds over windows and
 * stages.
 */
export function modelled(base: Report): Report {
  const scenarios = TARGETS.map((target, index) => ({
    scenario: `${target}-agents`,
    target,
    iterations: 500 + index,
    iterationsPerSecond: (500 + index) / 861,
    droppedIterations: index * 9,
    unfinishedIterations: 0,
    unfedIterations: 0,
    iterationMs: latency(400, 900),
  }));
  const sessions = [...TARGETS, '*'].map((target, index) => sessionsOf(base, target, 12 + 3 * index));
  return {
    ...base,
    measuredSeconds: 861,
    warmUp: { seconds: 60, requests: 151, failures: 2 },
    scenarios: [...scenarios, { ...(scenarios[0] as (typeof scenarios)[0]), scenario: 'idle-sessions' }],
    operations: base.operations.map((each) => {
      if (each.operation !== SEARCH) return each;
      const calls = {
        firstOfSession: calling(5, 910, 1480),
        afterIdle: calling(0, 0, 0),
        warm: calling(290, 310, 720),
      };
      return { ...each, calls };
    }),
    series: base.series.map((each) => {
      const open = sessions.find(({ target }) => target === each.target);
      const points = each.points.map((point, at) => ({ ...point, activeSessions: open?.points[at]?.most ?? 0 }));
      return { ...each, points };
    }),
    starts: [starts(base, 'learn-agents', 0), starts(base, 'github-agents', 9)],
    sessions: [sessions[2] as SessionSummary, ...sessions.slice(0, 2)],
    checks: ['notEmpty', 'contains "Azure"'].map((check, position) => {
      const step = { target: 'learn', scenario: 'learn-agents', operation: SEARCH, step: 0 };
      return { ...step, position, check, passes: 300 - 13 * position, failures: 13 * position };
    }),
    moments: [
      { atSeconds: 60, what: 'warm-up ends' },
      { atSeconds: 300, what: 'stage ends', scenario: 'learn-agents' },
      { atSeconds: 600, what: 'stage ends', scenario: 'learn-agents' },
    ],
    thresholds: [
      ...base.thresholds,
      {
        metric: 'mcp_failures',
        expression: 'rate<0.1',
        ok: true,
        observed: 0.05,
        over: 30_000,
        at: { fromSeconds: 120, toSeconds: 150 },
      },
      {
        metric: 'mcp_request_duration',
        expression: 'p(95)<2500',
        ok: false,
        observed: 2650.5,
        over: 'stage',
        at: { fromSeconds: 300, toSeconds: 600, stage: 1 },
      },
    ],
    generator: {
      ...base.generator,
      starts: {
        planned: 1012,
        started: 1001,
        dropped: 9,
        late: 3,
        maxLagMs: 71.25,
        scenarios: [
          { scenario: 'github-agents', planned: 512, started: 501, dropped: 9, late: 3, maxLagMs: 71.25 },
          { scenario: 'idle-sessions', planned: null, started: 4, dropped: 0, late: 0, maxLagMs: 0 },
          { scenario: 'learn-agents', planned: 500, started: 500, dropped: 0, late: 0, maxLagMs: 8 },
        ],
      },
    },
  };
}

function calling(count: number, p50: number, p95: number): CallLatency {
  return { count, latencyMs: count === 0 ? null : latency(p50, p95) };
}

function latency(p50: number, p95: number) {
  return percentilesOf(Uint32Array.of(p50 * 1000, p95 * 1000));
}

function times(base: Report): { atSeconds: number }[] {
  return (base.series[0]?.points ?? []).map(({ atSeconds }) => ({ atSeconds }));
}

/** Sessions that open in the first minute and close in the last. */
function sessionsOf(base: Report, target: string, most: number): SessionSummary {
  const points = times(base).map(({ atSeconds }) => {
    const active = Math.round(Math.max(0, Math.min(most, atSeconds / 4, (base.durationSeconds - atSeconds) / 4)));
    return { atSeconds, active, most: active };
  });
  return {
    target,
    opened: most + 2,
    closed: most,
    lost: 2,
    losses: [{ outcome: 'SESS_LOST', count: 2 }],
    most,
    lifetimeMs: percentilesOf(Uint32Array.of(740_000, 901_000), 1),
    intervalSeconds: 10,
    points,
  };
}

/** A rate that rises in three stages; starts are dropped in the last one. */
function starts(base: Report, scenario: string, dropped: number): StartSeries {
  const points = times(base).map(({ atSeconds }) => {
    const planned = 4 + 2 * Math.floor(atSeconds / 300);
    const missing = atSeconds >= 600 && atSeconds < 600 + dropped * 10 ? 1 : 0;
    return { atSeconds, planned, started: planned - missing, dropped: missing };
  });
  return { scenario, intervalSeconds: 10, points };
}

/** Changes by operation that give the table of connections something to report. */
const TROUBLES: Readonly<Record<string, (each: OperationSummary) => Partial<OperationSummary>>> = {
  'learn tools/call:microsoft_docs_search': (each) => ({
    heldStreams: 17,
    newConnections: 12,
    clocksMs: { ...each.clocksMs, connect: rising(17, 26), tls: rising(21, 33), hold: rising(0.2, 251) },
  }),
  'learn tools/call:microsoft_code_sample_search': (each) => ({
    retries: 3,
    newConnections: 5,
    clocksMs: { ...each.clocksMs, connect: rising(18, 21), tls: rising(22, 27) },
  }),
  'context7 tools/call:query-docs': () => ({ resumedAnswers: 2 }),
  'ado tools/call:wit_work_item': (each) => ({ clocksMs: { ...each.clocksMs, socket: rising(38, 194) } }),
};

/** A run with cut, resumed and scarce connections, and two targets that asked for pauses. */
export function troubled(base: Report): Report {
  return {
    ...base,
    operations: base.operations.map((each) => ({
      ...each,
      ...TROUBLES[`${each.target} ${each.operation}`]?.(each),
    })),
    pauses: [
      { target: 'context7', count: 1, totalMs: 2000, maxMs: 2000 },
      { target: 'github', count: 12, totalMs: 48_000, maxMs: 10_000 },
    ],
  };
}

/** A run with answers that are marked as successful and read like errors. */
export function lying(base: Report): Report {
  const text = (operation: string, count: number, example: string): OutcomeGroup => {
    const softError = softErrorFor(example);
    const times = { firstAt: base.startedAt, lastAt: base.endedAt };
    const group = {
      outcome: 'TOOL_READS_LIKE_ERROR',
      target: 'context7',
      operation,
      count,
      ...times,
      example,
    } as const;
    return softError === undefined ? group : { ...group, softError };
  };
  return {
    ...base,
    warnings: [
      text('tools/call:resolve-library-id', 202, 'Error searching libraries: fetch failed'),
      text('tools/call:query-docs', 31, 'Monthly quota exceeded. Create a free API key to continue.'),
      ...base.warnings,
    ],
  };
}

/** A run in which the load on one target stopped early, because the target rejected the credentials. */
export function rejected(base: Report): Report {
  const stopped = { target: 'ado', reason: 'it refused fresh credentials twice (AUTH_REJECTED).', atSeconds: 12.34 };
  const rule = {
    rule: 'load not stopped early',
    ok: false,
    detail: 'ado was given up 12.3 s after the start: it refused fresh credentials twice (AUTH_REJECTED)',
  };
  return {
    ...base,
    verdict: { status: 'invalid', reasons: [`Rule "${rule.rule}" is broken: ${rule.detail}.`] },
    generator: { ...base.generator, stoppedTargets: [stopped], rules: [rule, ...base.generator.rules] },
  };
}

function rising(p50: number, p95: number) {
  return { min: p50 / 2, mean: p50, p50, p75: p50, p90: p95, p95, p99: p95, p999: p95, max: p95 * 1.2 };
}

/** A run with a baseline and with conditions over the stages of a scenario. */
export function compared(base: Report): Report & Required<Pick<Report, 'comparison' | 'ceiling'>> {
  return { ...base, comparison: comparisonOf(base), ceiling: CEILING };
}

const CEILING: Ceiling = {
  scenario: 'climb',
  unit: 'vus',
  stages: [
    { index: 0, level: 10, fromSeconds: 0, toSeconds: 300, held: true, broken: [] },
    {
      index: 1,
      level: 20,
      fromSeconds: 300,
      toSeconds: 600,
      held: false,
      broken: [
        { metric: 'mcp_request_duration{target:github}', expression: 'p(95)<1000', observed: 1650.25 },
        { metric: 'useful_rate', expression: 'rate>0.9', observed: null },
      ],
    },
    { index: 2, level: 40, fromSeconds: 600, toSeconds: 921, held: null, broken: [] },
  ],
  held: 10,
  broke: 20,
};

function comparisonOf({ runId, plan, startedAt, durationSeconds, verdict, operations }: Report): Comparison {
  const current = { runId, plan: { name: plan.name, hash: plan.hash }, startedAt, durationSeconds, verdict };
  const verdicts = ['slower', 'faster', 'same', 'too-little-data', 'not-comparable'] as const;
  const compared = operations.map((each, at) => comparedOperation(each, verdicts[at % verdicts.length] ?? 'same'));
  return {
    baseline: { ...current, runId: '20260508-140000-b4s3ln' },
    current,
    rules: comparisonSchema.parse({}),
    totals: {
      baseline: totalOf(compared.map(({ baseline }) => baseline)),
      current: totalOf(compared.map((each) => each.current)),
      usefulVerdict: 'same',
      usefulRateChange: { estimate: -0.004, low: -0.009, high: 0.001 },
    },
    operations: compared,
    onlyInBaseline: [{ target: 'learn', operation: 'tools/call:gone' }],
    onlyInCurrent: [{ target: 'github', operation: 'tools/call:new' }],
    notes: ['The runs had different lengths: 600.0 s for the baseline, 921.0 s for this run.'],
  };
}

function totalOf(all: readonly ComparedCounts[]): ComparedCounts {
  const sum = (of: 'requests' | 'useful' | 'failures') => all.reduce((total, each) => total + each[of], 0);
  return {
    requests: sum('requests'),
    useful: sum('useful'),
    failures: sum('failures'),
    usefulRate: sum('useful') / sum('requests'),
  };
}

const USEFUL_VERDICTS = {
  slower: 'fails-less',
  faster: 'same',
  same: 'same',
  'too-little-data': 'too-little-data',
  'not-comparable': 'fails-more',
} as const;

function comparedOperation(each: OperationSummary, verdict: OperationComparison['verdict']): OperationComparison {
  const { target, operation, count: requests, useful, failures, latencyMs } = each;
  const after = latencyMs?.p95 ?? 0;
  const share = { slower: 0.4, faster: -0.3, same: 0.02, 'too-little-data': 0, 'not-comparable': -0.5 }[verdict];
  const change = { estimate: share, low: share - 0.08, high: share + 0.08 };
  const known = verdict !== 'too-little-data';
  const reasons = {
    'too-little-data': 'p95 needs 100 useful requests in each run',
    'not-comparable': 'a smaller share of the requests was useful',
  };
  return {
    target,
    operation,
    kind: operation === 'initialize' ? 'protocol' : 'step',
    usefulVerdict: USEFUL_VERDICTS[verdict],
    usefulRateChange: known ? { estimate: -0.03, low: -0.05, high: -0.01 } : null,
    verdict,
    reason: verdict === 'too-little-data' || verdict === 'not-comparable' ? reasons[verdict] : '',
    baseline: { requests, useful: requests, failures: 0, usefulRate: 1, latencyMs: after / (1 + share) },
    current: { requests, useful, failures, usefulRate: useful / requests, latencyMs: after },
    change: known ? change : null,
    changeMs: known ? { estimate: share * after, low: 0, high: after } : null,
  };
}
