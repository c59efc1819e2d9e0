import type { Percentiles } from '../summary/percentiles.ts';
import type { CallKinds, CallLatency, OperationSummary } from '../summary/summary.ts';
import { formatCount, formatMs, formatPercentile, formatRate } from './format.ts';
import { type ColumnOf, figures, makeTable, stepsThenProtocol, type Table, toned, words } from './table.ts';
import { connectionOperations } from './wording.ts';

/** The name of an operation, which names its row. */
export const operationColumn = words<{ readonly operation: string }>('Operation', ({ operation }) => operation, {
  names: true,
  kind: 'name',
  fit: 'cut',
});

/** By nearest rank, the p95 of fewer than 20 values and the p99 of fewer than 100 are the greatest of them. */
const ENOUGH = { p95: 20, p99: 100 } as const;

export const TOO_FEW_FOOTNOTE = `With fewer than ${ENOUGH.p95} latencies, p95 equals the maximum; with fewer than ${ENOUGH.p99}, p99 does.`;

/** Whether {@link TOO_FEW_FOOTNOTE} concerns one of these operations. */
export function hasTooFew(operations: readonly OperationSummary[]): boolean {
  return operations.some((each) => each.latencyMs !== null && latenciesOf(each) < ENOUGH.p99);
}

/** How many requests the latency figures cover. */
function latenciesOf({ useful, withoutAnswer }: OperationSummary): number {
  return useful + withoutAnswer;
}

/** Count, rate and latency of each operation, and how many of its requests had no answer. */
export function operationsTable(operations: readonly OperationSummary[]): Table {
  const percentile = (name: 'p50' | 'p95' | 'p99' | 'max', enough = 0, drop?: number) =>
    figures<OperationSummary>(
      name,
      (each) => toned(formatPercentile(each.latencyMs, name), 'quiet', latenciesOf(each) < enough),
      drop === undefined ? {} : { drop },
    );
  const waited = operations.some(({ longestWaitMs }) => longestWaitMs !== null);
  return makeTable<OperationSummary>({
    id: 'operations',
    caption: waited
      ? 'Latency in ms, from the intended start to the matching response; requests without an answer count with their wait, and ≥ marks a lower bound'
      : 'Latency in ms, from the intended start to the matching response',
    columns: [
      operationColumn,
      figures('Requests', ({ count }) => formatCount(count)),
      figures('Failures', ({ failures }) => toned(formatCount(failures), 'bad', failures > 0)),
      ...(operations.some(({ blocked = 0 }) => blocked > 0) ? [blockedColumn] : []),
      ...(waited ? unansweredColumns : []),
      percentile('p50'),
      percentile('p95', ENOUGH.p95),
      percentile('p99', ENOUGH.p99),
      percentile('max', 0, 2),
      figures('Req/s', ({ requestsPerSecond }) => formatRate(requestsPerSecond), { drop: 3 }),
    ],
    groups: stepsThenProtocol(operations),
  });
}

/** Calls that were not sent, because the target opened no session for them. */
const blockedColumn = figures<OperationSummary>('No session', ({ blocked = 0 }) =>
  toned(formatCount(blocked), 'bad', blocked > 0),
);

const unansweredColumns: readonly ColumnOf<OperationSummary>[] = [
  figures('No answer', ({ withoutAnswer }) => toned(formatCount(withoutAnswer), 'bad', withoutAnswer > 0)),
  figures('Longest wait', ({ longestWaitMs }) => formatMs(longestWaitMs), { drop: 1 }),
];

type PercentilesRow = { readonly operation: string; readonly count: number; readonly percentiles: Percentiles };

/** All percentiles of each operation, and those of the time until its failures were known. */
export function percentilesTable(operations: readonly OperationSummary[]): Table {
  const row = (operation: string, count: number, percentiles: Percentiles | null): PercentilesRow[] =>
    percentiles === null ? [] : [{ operation, count, percentiles }];
  return makeTable<PercentilesRow>({
    id: 'percentiles',
    caption:
      'Latency of useful requests, and waits of those without an answer; failed requests: time until the failure was known; in ms',
    detail: 'All percentiles, including failed requests',
    columns: [
      operationColumn,
      figures('Requests', ({ count }) => formatCount(count)),
      ...(['min', 'mean', 'p50', 'p75', 'p90', 'p95', 'p99', 'p999', 'max'] as const).map((name) =>
        figures<PercentilesRow>(name === 'p999' ? 'p99.9' : name, ({ percentiles }) =>
          formatPercentile(percentiles, name),
        ),
      ),
    ],
    groups: stepsThenProtocol(operations).map(({ title, items }) => ({
      title,
      items: items.flatMap((each) => [
        ...row(each.operation, latenciesOf(each), each.latencyMs),
        ...row(`${each.operation}, failed`, each.failures, each.failedLatencyMs),
      ]),
    })),
  });
}

/** How long it took until failures were known, of each operation that has some. */
export function failedTimesTable(operations: readonly OperationSummary[]): Table {
  return makeTable<OperationSummary>({
    id: 'failed-times',
    caption: 'Time until a failure was known, in ms',
    columns: [
      operationColumn,
      figures('Failures', ({ failures }) => formatCount(failures)),
      ...(['p50', 'p95', 'max'] as const).map((name) =>
        figures<OperationSummary>(name, ({ failedLatencyMs }) => formatMs(failedLatencyMs?.[name])),
      ),
    ],
    groups: stepsThenProtocol(operations.filter(({ failedLatencyMs }) => failedLatencyMs !== null)),
  });
}

/** When headers, first event, response and end of stream came; no rows when nothing was useful. */
export function clocksTable(operations: readonly OperationSummary[]): Table {
  const known = operations.some(({ clocksMs, latencyMs }) =>
    [clocksMs.headers, clocksMs.firstEvent, latencyMs, clocksMs.close].some((clock) => clock !== null),
  );
  return makeTable<OperationSummary>({
    id: 'clocks',
    caption:
      'Times in ms; the matching response counts from the intended start, the others from dispatch; start lag is the time between the two',
    columns: [
      operationColumn,
      figures('Start lag p95', ({ clocksMs }) => formatMs(clocksMs.lag?.p95), { drop: 3 }),
      ...pair<OperationSummary>('Headers', ({ clocksMs }) => clocksMs.headers),
      ...pair<OperationSummary>('First event', ({ clocksMs }) => clocksMs.firstEvent, [1]),
      ...strong(pair<OperationSummary>('Matching response', ({ latencyMs }) => latencyMs)),
      ...pair<OperationSummary>('Stream close', ({ clocksMs }) => clocksMs.close, [2, 2]),
    ],
    groups: known ? stepsThenProtocol(operations) : [],
  });
}

/** The p50 and p95 of a clock below one heading, and which of them a narrow terminal leaves out. */
function pair<Item>(
  group: string,
  of: (item: Item) => Percentiles | null,
  drops: readonly [p50?: number, p95?: number] = [],
): ColumnOf<Item>[] {
  return (['p50', 'p95'] as const).map((name, at) => {
    const drop = drops[at];
    return figures(name, (item) => formatPercentile(of(item), name), drop === undefined ? { group } : { group, drop });
  });
}

function strong<Item>(columns: readonly ColumnOf<Item>[]): ColumnOf<Item>[] {
  return columns.map((column) => ({ ...column, strong: true }));
}

type OperationCalls = Pick<OperationSummary, 'target' | 'operation' | 'kind'> & { readonly calls: CallKinds };

/** How many first, idle and warm calls each operation had and how long they took; only of operations with two kinds. */
export function coldCallsTable(operations: readonly OperationSummary[]): Table {
  const kinds: readonly (readonly [group: string, kind: keyof CallKinds])[] = [
    ['First of session', 'firstOfSession'],
    ['After idle', 'afterIdle'],
    ['Warm', 'warm'],
  ];
  return makeTable<OperationCalls>({
    id: 'cold',
    caption: 'Latency of useful calls in ms; every call counts in one group',
    columns: [
      operationColumn,
      ...kinds.flatMap(([group, kind]) => [
        figures<OperationCalls>('calls', ({ calls }) => formatCount(calls[kind].count), { group }),
        ...pair<OperationCalls>(group, ({ calls }) => calls[kind].latencyMs),
      ]),
    ],
    groups: stepsThenProtocol(operations.flatMap(callsToCompare)),
  });
}

/** An operation whose calls are all of one kind has nothing to compare. */
function callsToCompare({ target, operation, kind, calls }: OperationSummary): OperationCalls[] {
  if (calls === null) return [];
  const latencies: readonly CallLatency[] = Object.values(calls);
  return latencies.filter(({ count }) => count > 0).length < 2 ? [] : [{ target, operation, kind, calls }];
}

/** How requests got their connections, of operations with something to report. */
export function connectionsTable(operations: readonly OperationSummary[]): Table {
  const count = (title: string, of: (each: OperationSummary) => number) =>
    figures<OperationSummary>(title, (each) => toned(formatCount(of(each)), 'warn', of(each) > 0), {
      group: 'Requests',
    });
  const shown = connectionOperations(operations);
  return makeTable<OperationSummary>({
    id: 'connections',
    caption: 'Times in ms; new counts the connections opened for the operation; connect includes the name lookup',
    columns: [
      operationColumn,
      figures('New', ({ newConnections }) => formatCount(newConnections)),
      ...pair<OperationSummary>('Wait', ({ clocksMs }) => clocksMs.socket, [1]),
      ...pair<OperationSummary>('Connect', ({ clocksMs }) => clocksMs.connect, [2]),
      ...pair<OperationSummary>('TLS', ({ clocksMs }) => clocksMs.tls, [2]),
      ...pair<OperationSummary>('Open after response', ({ clocksMs }) => clocksMs.hold, [3, 3]),
      count('Stream cut', ({ heldStreams }) => heldStreams),
      count('Resumed', ({ resumedAnswers }) => resumedAnswers),
      count('Retried', ({ retries }) => retries),
      ...(shown.some(({ resent = 0 }) => resent > 0) ? [count('Resent', ({ resent = 0 }) => resent)] : []),
    ],
    groups: stepsThenProtocol(shown),
  });
}
