import type { Report } from '../../src/report/report.ts';
import type { PercentileName, Percentiles } from '../../src/summary/percentiles.ts';
import type { OperationSummary, OutcomeGroup, RequestTotals, Series } from '../../src/summary/summary.ts';
import { instant } from './report-fixture.ts';

const WAIT_MS = 30_000;
const BOUNDS: readonly PercentileName[] = ['mean', 'p95', 'p99', 'p999', 'max'];

/** The operation of the fixture whose calls wait in {@link unanswered}. */
export const SILENT = { target: 'learn', operation: 'tools/call:microsoft_docs_search' } as const;

/**
 * A run in which one tool left a tenth of its calls without an answer, half of them ended by a stop. The requests that the
 * protocol adds are told from the plan's steps, and one handshake failed.
 */
export function unanswered(base: Report): Report {
  const operations = base.operations
    .map((each): OperationSummary => refusedOnce(withoutAnswers({ ...each, kind: kindOf(each) })))
    .toSorted((a, b) => Number(a.kind === 'protocol') - Number(b.kind === 'protocol'));
  const totalsOf = (kind: OperationSummary['kind']): RequestTotals => {
    const sum = (of: 'count' | 'useful' | 'failures' | 'censored') =>
      operations.filter((each) => each.kind === kind).reduce((total, each) => total + each[of], 0);
    const [requests, useful, failures, censored] = [sum('count'), sum('useful'), sum('failures'), sum('censored')];
    const failureRate = failures / (useful + failures);
    return { requests, useful, failures, censored, failureRate, requestsPerSecond: requests / base.measuredSeconds };
  };
  return {
    ...base,
    totals: { ...base.totals, ...totalsOf('step') },
    protocol: totalsOf('protocol'),
    operations,
    failures: [timedOut(operations), refused, ...base.failures],
    series: base.series.map((each) => ({ ...each, kind: kindOf(each), points: pointsOf(each) })),
    thresholds: base.thresholds.map((each) =>
      each.metric === 'mcp_request_duration{target:learn}'
        ? { ...each, ok: false, observed: WAIT_MS, atLeast: true, withoutAnswer: 0.1 }
        : each,
    ),
  };
}

/** The same run without thresholds. */
export function unjudged(base: Report): Report {
  const reason =
    'The plan has no thresholds: 99.05 % of 2217 requests were useful; the worst operation was tools/call:microsoft_docs_search of learn with 94.91 %.';
  return { ...unanswered(base), verdict: { status: 'unjudged', reasons: [reason] }, thresholds: [] };
}

function kindOf({ operation }: { readonly operation: string }): OperationSummary['kind'] {
  return operation === '*' || operation.startsWith('tools/call:') ? 'step' : 'protocol';
}

function isSilent({ target, operation }: { readonly target: string; readonly operation: string }): boolean {
  return target === SILENT.target && operation === SILENT.operation;
}

/** Every tenth call without an answer: an even number, so that half of them can be ended by a stop. */
function withoutAnswers(each: OperationSummary): OperationSummary {
  if (!isSilent(each) || each.latencyMs === null) return each;
  const withoutAnswer = 2 * Math.floor(each.count / 20);
  const figures = Object.fromEntries(BOUNDS.map((name) => [name, WAIT_MS])) as Partial<Percentiles>;
  return {
    ...each,
    useful: each.count - withoutAnswer,
    failures: withoutAnswer / 2,
    censored: withoutAnswer / 2,
    withoutAnswer,
    longestWaitMs: WAIT_MS,
    latencyMs: { ...each.latencyMs, ...figures, atLeast: BOUNDS },
  };
}

const REFUSED = { target: 'github', operation: 'initialize' } as const;
const refused: OutcomeGroup = {
  ...REFUSED,
  outcome: 'HTTP_503',
  kind: 'protocol',
  count: 1,
  firstAt: instant(2),
  lastAt: instant(2),
  example: 'upstream unavailable',
};

function refusedOnce(each: OperationSummary): OperationSummary {
  if (each.target !== REFUSED.target || each.operation !== REFUSED.operation) return each;
  return { ...each, useful: each.useful - 1, failures: each.failures + 1 };
}

function timedOut(operations: readonly OperationSummary[]): OutcomeGroup {
  const count = operations.find(isSilent)?.failures ?? 0;
  return { ...SILENT, outcome: 'TMO_TOTAL', count, firstAt: instant(601), lastAt: instant(880), example: '' };
}

/** In the last minutes, the slow calls of an interval wait in vain. */
function pointsOf(series: Series): Series['points'] {
  if (!isSilent(series) && series.operation !== '*') return series.points;
  return series.points.map((point) => {
    if (point.atSeconds < 600 || point.p95Ms === null) return point;
    return { ...point, withoutAnswer: 1, p95Ms: WAIT_MS, p99Ms: WAIT_MS, atLeast: ['p95', 'p99'] };
  });
}
