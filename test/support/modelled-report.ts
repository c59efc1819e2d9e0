import type { Report } from '../../src/report/report.ts';
import { percentilesOf } from '../../src/summary/percentiles.ts';
import type { CallLatency, SessionSummary, StartSeries } from '../../src/summary/summary.ts';

const TARGETS = ['learn', 'github'] as const;
const SEARCH = 'tools/call:microsoft_docs_search';

/**
 * A run whose starts came at a rate that rose in stages, with a warm-up, sessions that were lost, cold calls, and
 * thresholds that had to hold over less than the run.
 */
export function modelled(base: Report): Report {
  const scenarios = TARGETS.map((target, index) => ({
    scenario: `${target}-agents`,
    target,
    iterations: 500 + index,
    iterationsPerSecond: (500 + index) / 861,
    droppedIterations: index * 9,
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

/** Sessions that are opened in the first minute and closed in the last. */
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

/** A rate that rises in three stages; the last one is too much when something was dropped. */
function starts(base: Report, scenario: string, dropped: number): StartSeries {
  const points = times(base).map(({ atSeconds }) => {
    const planned = 4 + 2 * Math.floor(atSeconds / 300);
    const missing = atSeconds >= 600 && atSeconds < 600 + dropped * 10 ? 1 : 0;
    return { atSeconds, planned, started: planned - missing, dropped: missing };
  });
  return { scenario, intervalSeconds: 10, points };
}
