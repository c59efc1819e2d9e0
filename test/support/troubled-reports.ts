import type { Report } from '../../src/report/report.ts';
import type { OperationSummary } from '../../src/summary/summary.ts';

/** What makes a row about an operation's connections worth reading; the rest stays as it was. */
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

/** A run whose connections were cut, resumed and scarce, and two of whose targets asked for pauses. */
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

/** A run whose load on one target ended early, because the target refused the credentials. */
export function rejected(base: Report): Report {
  const stopped = { target: 'ado', reason: 'it refused fresh credentials twice (AUTH_REJECTED).', atSeconds: 12.34 };
  const rule = {
    rule: 'load not stopped early',
    ok: false,
    detail: 'ado was given up 12.3 s after the start: it refused fresh credentials twice (AUTH_REJECTED)',
  };
  return {
    ...base,
    verdict: { status: 'invalid', reasons: [`The generator broke its rule "${rule.rule}": ${rule.detail}.`] },
    generator: { ...base.generator, stoppedTargets: [stopped], rules: [rule, ...base.generator.rules] },
  };
}

function rising(p50: number, p95: number) {
  return { min: p50 / 2, mean: p50, p50, p75: p50, p90: p95, p95, p99: p95, p999: p95, max: p95 * 1.2 };
}
