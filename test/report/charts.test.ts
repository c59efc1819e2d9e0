import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { failuresChart, rateChart, sessionsChart, startsChart } from '../../src/report/html/chart-counts.ts';
import { distributionChart } from '../../src/report/html/chart-distribution.ts';
import { timeAxis } from '../../src/report/html/chart-frame.ts';
import { latencyChart, latencyStrips, logLatencyAxis } from '../../src/report/html/chart-latency.ts';
import { latencyLimits } from '../../src/report/html/chart-marks.ts';
import { renderHtml } from '../../src/report/html/html.ts';
import type { Markup } from '../../src/report/html/markup.ts';
import type { Percentiles } from '../../src/summary/percentiles.ts';
import type { OperationSummary, Series, SessionSummary, StartSeries } from '../../src/summary/summary.ts';
import { judgedRun } from '../support/judged-run.ts';
import { reportFixture } from '../support/report-fixture.ts';
import { reportVariants } from '../support/report-variants.ts';

const SIZE = { heightPx: 100, steps: 4, readable: true, timeLabels: true };

/** A series with one interval of 10 s per value; null is an interval without useful requests. */
function seriesOf(latencies: readonly (number | null)[], failures: readonly number[] = []): Series {
  const points = latencies.map((ms, index) => ({
    atSeconds: index * 10,
    requests: (ms === null ? 0 : 2) + (failures[index] ?? 0),
    requestsPerSecond: ((ms === null ? 0 : 2) + (failures[index] ?? 0)) / 10,
    failures: failures[index] ?? 0,
    activeSessions: 0,
    p50Ms: ms,
    p95Ms: ms === null ? null : ms * 2,
    p99Ms: ms === null ? null : ms * 4,
  }));
  return { target: 'github', operation: 'tools/list', kind: 'step', intervalSeconds: 10, points };
}

function axisOf(series: Series) {
  return timeAxis(reportFixture({ durationSeconds: series.points.length * 10, series: [series] }));
}

function pathOf(markup: string | undefined, name: string): string {
  return markup?.match(new RegExp(`<path class="${name}" d="([^"]*)"`))?.[1] ?? '';
}

it('breaks a latency line where an interval had no useful requests, and draws a lone point as a dot', () => {
  const series = seriesOf([100, 200, null, null, 50, null, 100, 100]);
  const chart = latencyChart(series, axisOf(series), SIZE)?.markup;
  // The axis reaches from 0 to 800 ms and over 80 s; points lie in the middle of their interval.
  assert.equal(pathOf(chart, 'line p50'), 'M63,875L188,750M563,938ZM813,875L938,875');
  assert.equal(pathOf(chart, 'line p99'), 'M63,500L188,0M563,750ZM813,500L938,500');
  assert.equal(pathOf(chart, 'dot p50'), 'M563,938h0');
  assert.equal(pathOf(chart, 'spread').match(/M/g)?.length, 3);
});

it('shows the figures of each interval on hover, and says where there are none', () => {
  const series = seriesOf([100, null]);
  const chart = latencyChart(series, axisOf(series), SIZE)?.markup ?? '';
  assert.match(chart, /0:00–0:10: p50 100 · p95 200 · p99 400 ms/);
  assert.match(chart, /0:10–0:20: no useful request/);
});

it('draws no latency chart without useful requests', () => {
  const series = seriesOf([null, null], [3, 4]);
  assert.equal(latencyChart(series, axisOf(series), SIZE), null);
});

it('draws the rate in steps that end with the last interval', () => {
  const series = seriesOf([100, 100, null, 100], [0, 2, 0, 0]);
  const chart = rateChart(series, axisOf(series), SIZE).markup;
  assert.match(chart, /aria-label="Requests per second of tools\/list of github over time, at most 0.40\."/);
  assert.equal(
    pathOf(chart, 'rate'),
    'M0,500L250,500L250,0L500,0L500,1000L750,1000L750,500L1000,500L1000,500L1000,1000L1000,1000L750,1000L750,1000L500,1000L500,1000L250,1000L250,1000L0,1000Z',
  );
});

it('draws failures as bars of their own, as high as their number', () => {
  const series = seriesOf([100, 100, null, 100], [0, 1, 4, 0]);
  const chart = failuresChart(series, axisOf(series), SIZE)?.markup;
  assert.equal(pathOf(chart, 'failures'), 'M250,1000v-250h250V1000zM500,1000v-1000h250V1000z');
  assert.match(chart ?? '', /Failures over time: 5 in total, at most 4 in 10 s/);
  assert.equal(failuresChart(seriesOf([100]), axisOf(series), SIZE), null);
});

it('starts all charts over time at 0 s on one shared axis', () => {
  const long = seriesOf(Array.from({ length: 90 }, () => 100));
  const short = seriesOf([100, 100]);
  const time = timeAxis(reportFixture({ durationSeconds: 895, series: [long, short] }));
  assert.equal(time.endSeconds, 900);
  assert.deepEqual(
    time.ticks.map(({ text }) => text),
    ['0:00', '2:00', '4:00', '6:00', '8:00', '10:00', '12:00', '14:00'],
  );
  assert.match(pathOf(latencyChart(short, time, SIZE)?.markup, 'line p50'), /^M6,750L17,750$/);
});

it('labels the time axis in usual steps', () => {
  const ticks = (durationSeconds: number) =>
    timeAxis(reportFixture({ durationSeconds, series: [] })).ticks.map(({ text }) => text);
  assert.deepEqual(ticks(3).slice(0, 3), ['0:00', '0:00.5', '0:01']);
  assert.deepEqual(ticks(60).at(-1), '1:00');
  assert.deepEqual(ticks(7200).slice(0, 3), ['0:00', '15:00', '30:00']);
  for (const seconds of [0, 0.01, 1, 59, 61, 3599, 86_400, 604_800]) {
    const count = ticks(seconds).length;
    assert.ok(count >= 2 && count <= 9, `${seconds} s: ${count}`);
  }
});

it('draws the bins of a distribution and marks p50, p95 and p99', () => {
  const base = reportFixture().operations.find(
    (each) => each.operation === 'tools/call:search_code',
  ) as OperationSummary;
  const latencyMs = { min: 1, mean: 10, p50: 10, p75: 50, p90: 90, p95: 100, p99: 1000, p999: 1000, max: 1000 };
  const distribution = [
    { fromMs: 1, toMs: 10, count: 1 },
    { fromMs: 10, toMs: 100, count: 4 },
    { fromMs: 100, toMs: 1000, count: 0 },
    { fromMs: 1000, toMs: 10_000, count: 2 },
  ];
  const chart = distributionChart({ ...base, latencyMs, distribution }, 80)?.markup ?? '';
  assert.equal(pathOf(chart, 'bins'), 'M0,1000v-250H250v250zM250,1000v-1000H500v1000zM750,1000v-500H1000v500z');
  for (const [name, x] of [
    ['p50', '25%'],
    ['p95', '50%'],
    ['p99', '75%'],
  ]) {
    assert.ok(chart.includes(`<line class="marker ${name}" x1="${x}"`), name);
  }
  assert.equal(distributionChart({ ...base, latencyMs: null, distribution: [] }, 80), null);
});

it('gives a logarithmic axis a few round labels over any range', () => {
  for (const [from, to] of [
    [7.63, 9.24],
    [30, 60],
    [0.3, 60_000],
    [8, 4100],
    [1, 100],
    [0.001, 1e7],
  ] as const) {
    const { ticks } = logLatencyAxis(from, to, 6);
    assert.ok(ticks.length >= 2 && ticks.length <= 6, `${from} to ${to}: ${ticks.map(({ text }) => text)}`);
    assert.ok(ticks.every(({ at }, index) => at >= 0 && at <= 1 && at > (ticks[index - 1]?.at ?? -1)));
  }
});

it('draws a limit at its height when it is not far above the values, and otherwise names it', () => {
  const series = seriesOf([100, 100]);
  const limit = (limitMs: number, ok = true) => ({ limitMs, ok, expression: `p(95)<${limitMs}` });
  const chart = (limits: Parameters<typeof latencyChart>[3], size = SIZE) =>
    latencyChart(series, axisOf(series), size, limits)?.markup ?? '';
  // Without limits the axis reaches from 0 to the p99 of 400 ms.
  assert.match(chart([limit(300, false)]), /<line class="limit missed" x2="100%" y1="25%" y2="25%">.*>p\(95\)&lt;300</);
  assert.match(chart([limit(800)]), /<line class="limit met" x2="100%" y1="0%" y2="0%">/);
  const far = chart([limit(801), limit(2000), limit(100)]);
  assert.equal(far.match(/<line class="limit/g)?.length, 1);
  assert.match(far, /↑ p\(95\)&lt;801, p\(95\)&lt;2000</);
  assert.match(far, /aria-label="[^"]*Limit: p\(95\)&lt;801 ms\./);
});

it('gives an operation the limits of its tags and of all operations, and all operations only the latter', () => {
  const result = { expression: 'p(95)<500', ok: true, observed: 1 };
  const thresholds = [
    { ...result, metric: 'mcp_request_duration' },
    { ...result, metric: 'mcp_request_duration{target:github}', expression: 'max<900', ok: false },
    { ...result, metric: 'mcp_request_duration{operation:tools/call:look}', expression: 'med<40' },
    { ...result, metric: 'iteration_duration' },
    { ...result, metric: 'mcp_failures', expression: 'rate<0.1' },
  ];
  const of = (target: string, operation: string) =>
    latencyLimits(thresholds, { target, operation, kind: 'step' }).map(({ limitMs, ok }) => [limitMs, ok]);
  assert.deepEqual(of('*', '*'), [[500, true]]);
  assert.deepEqual(of('github', 'tools/list'), [
    [500, true],
    [900, false],
  ]);
  assert.deepEqual(of('learn', 'tools/call:look'), [
    [500, true],
    [40, true],
  ]);
});

describe('a limit is drawn for the requests that its threshold is about', () => {
  const opening = { target: 'web', operation: 'initialize', kind: 'protocol' } as const;
  const listing = { target: 'web', operation: 'tools/list', kind: 'protocol' } as const;
  const list = { ...listing, kind: 'step' } as const;
  const look = { target: 'web', operation: 'tools/call:look', kind: 'step' } as const;
  const [steps, all] = (['step', 'all'] as const).map((kind) => ({ target: '*', operation: '*', kind }));
  const shown = { opening, listing, list, look, steps, all };
  const namesOf = (tags: string, scenario: Record<string, unknown>) => {
    const plan = { thresholds: { [`mcp_request_duration${tags}`]: ['p(95)<500'] } };
    const { thresholds } = judgedRun({ samples: [{ durationMs: 10 }], scenario, plan });
    return Object.entries(shown)
      .filter(([, each]) => each !== undefined && latencyLimits(thresholds, each).length > 0)
      .map(([name]) => name);
  };
  const steps2 = { steps: [{ tool: 'look' }, { list: 'tools' }] };
  const none = { steps: [], sessions: { reuse: 'iteration' } };
  const cases: readonly (readonly [tags: string, scenario: Record<string, unknown>, expected: readonly string[]])[] = [
    ['', steps2, ['list', 'look', 'steps']],
    ['{kind:all}', steps2, ['opening', 'listing', 'list', 'look', 'all']],
    ['{kind:protocol}', steps2, ['opening', 'listing']],
    ['{operation:initialize}', steps2, ['opening']],
    ['{operation:tools/list}', steps2, ['list']],
    ['{operation:tools/list}', { steps: [{ tool: 'look' }] }, ['listing', 'list']],
    ['{operation:tools/list,kind:protocol}', steps2, ['listing']],
    ['', none, ['opening', 'listing', 'list', 'look', 'all']],
  ];
  for (const [tags, scenario, expected] of cases) {
    it(`${tags === '' ? 'without tags' : tags}: ${expected.join(', ')}`, () => {
      assert.deepEqual(namesOf(tags, scenario), expected);
    });
  }
});

it('labels the spread of latencies with as many values as fit beside one another', () => {
  const [operation] = reportFixture().operations.filter(({ latencyMs }) => latencyMs !== null);
  const labels = (min: number, max: number) => {
    const figures = { ...operation?.latencyMs, min, max } as Percentiles;
    const strips = latencyStrips([{ ...(operation as OperationSummary), latencyMs: figures }]);
    return [...(strips?.column.heading.markup.matchAll(/>([\d,.]+)<\/text>/g) ?? [])].map(([, text]) => text);
  };
  assert.deepEqual(labels(15, 900), ['50', '100', '500']);
  assert.deepEqual(labels(10, 2000), ['10', '100', '1,000']);
  assert.deepEqual(labels(5, 30_000), ['100', '10,000']);
});

it('draws calls without a session among the failures', () => {
  const series = seriesOf([null, 100], [0, 1]);
  const points = series.points.map((point, at) => (at === 0 ? { ...point, blocked: 4 } : point));
  const chart = failuresChart({ ...series, points }, axisOf(series), SIZE)?.markup ?? '';
  assert.match(chart, /Failures over time: 5 in total, at most 4 in 10 s\./);
  assert.match(chart, /0:00–0:10: 4 failures, 4 of them without a session</);
  assert.match(chart, /0:10–0:20: 1 failure</);
});

it('draws a figure that is only a lower bound as a ring, and explains it in the legend, on hover and in the table', () => {
  const series = seriesOf([100, 100, 100]);
  const bounded = {
    ...series,
    points: series.points.map((point, at) =>
      at === 1 ? { ...point, withoutAnswer: 1, atLeast: ['p95', 'p99'] as const } : point,
    ),
  };
  const chart = latencyChart(bounded, axisOf(bounded), SIZE)?.markup;
  assert.equal(pathOf(chart, 'dot bound p95'), 'M500,500h0');
  assert.equal(pathOf(chart, 'dot bound p99'), 'M500,0h0');
  assert.equal(chart?.match(/<path class="hole"/g)?.length, 2);
  assert.doesNotMatch(chart ?? '', /bound p50/);
  assert.match(chart ?? '', /0:10–0:20: p50 100 · p95 ≥ 200 · p99 ≥ 400 ms/);
  assert.doesNotMatch(latencyChart(series, axisOf(series), SIZE)?.markup ?? '', /bound|hole|≥/);
  const { unanswered, passed } = reportVariants();
  const page = renderHtml(unanswered);
  assert.equal(page.match(/<li class="bound">ring: at least \(≥\), some requests had no answer/g)?.length, 2);
  assert.match(page, /<table class="series dense">.*<th scope="col" class="n">No answer<\/th>.*≥ 30,000.*<\/table>/s);
  assert.doesNotMatch(renderHtml(passed), /<li class="bound">/);
});

it('says that the charts of the whole run are about steps, and has those of the protocol after those of steps', () => {
  const page = renderHtml(reportVariants().unanswered);
  assert.match(page, /<p>All steps in intervals of 10 s\./);
  assert.match(page, /aria-label="Latency of all steps over time/);
  assert.match(page, /aria-label="Requests per second of initialize of github \(protocol\) over time/);
  const headings = [...page.matchAll(/<h3>(.*?)<\/h3>/g)].map(([, title]) => title);
  assert.deepEqual(
    headings.slice(4),
    headings.slice(0, 4).map((target) => `Protocol: ${target}`),
  );
});

it('marks the moments of the plan at the same place on every chart over time', () => {
  const report = reportVariants().modelled;
  const time = timeAxis(report);
  const series = report.series[0] as Series;
  const lines = (chart: Markup | null) => chart?.markup.match(/<line class="moment"[^>]*>/g) ?? [];
  const expected = [60, 300, 600].map((at) => {
    const x = `${Number(((at / time.endSeconds) * 100).toFixed(2))}%`;
    return `<line class="moment" x1="${x}" x2="${x}" y2="100%">`;
  });
  assert.deepEqual(lines(latencyChart(series, time, SIZE)), expected);
  assert.deepEqual(lines(rateChart(series, time, SIZE)), expected);
  assert.deepEqual(lines(failuresChart(series, time, SIZE)), expected);
  assert.deepEqual(lines(startsChart(report.starts[0] as StartSeries, time, SIZE)), expected);
  assert.deepEqual(lines(sessionsChart(report.sessions[0] as SessionSummary, time, SIZE)), expected);
});

it('draws actual starts under a line of planned starts', () => {
  const points = [
    { atSeconds: 0, planned: 10, started: 10, dropped: 0 },
    { atSeconds: 10, planned: 20, started: 5, dropped: 15 },
  ];
  const starts = { scenario: 'calls', intervalSeconds: 10, points };
  const chart = startsChart(
    starts,
    timeAxis(reportFixture({ durationSeconds: 20, series: [], starts: [starts] })),
    SIZE,
  );
  assert.equal(pathOf(chart.markup, 'line planned'), 'M0,500L500,500L500,0L1000,0L1000,0');
  assert.match(pathOf(chart.markup, 'rate'), /^M0,500L500,500L500,750L1000,750L1000,750L1000,1000/);
  assert.match(chart.markup, /30 planned, 15 made, 15 dropped\./);
  assert.match(chart.markup, /0:10–0:20: 2\.00\/s planned · 0\.50\/s made · 15 dropped/);
});
