import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { renderHtml } from '../../src/report/html/html.ts';
import { renderJson } from '../../src/report/render-report.ts';
import type { Report } from '../../src/report/report.ts';
import { type SectionId, sectionsOf } from '../../src/report/sections.ts';
import { renderText } from '../../src/report/text/text.ts';
import type { SampleParts } from '../support/blocks-of.ts';
import { reportFixture } from '../support/report-fixture.ts';
import { summaryOf } from '../support/summary-of.ts';

/** The report of a run in which every figure of the latencies has a value of its own. */
function reportOf(samples: readonly SampleParts[]): Report {
  const { generator, ...summary } = summaryOf(samples);
  const report = reportFixture();
  return { ...report, ...summary, generator: { ...generator, rules: report.generator.rules } };
}

/** The cells of the rows of a section's table by column title. */
function rowsOf(report: Report, section: SectionId, table: string): Record<string, string>[] {
  const found = sectionsOf(report, 'html')
    .get(section)
    ?.tables.find(({ id }) => id === table);
  assert.ok(found, `section ${section} has a table ${table}`);
  const { columns, groups } = found;
  return groups.flatMap(({ rows }) =>
    rows.map((row) => Object.fromEntries(row.map(({ text }, at) => [columns[at]?.title ?? '', text]))),
  );
}

describe('the percentiles of a report', () => {
  // 1 to 1,000 ms, useful; three times as long, failed.
  const report = reportOf(
    Array.from({ length: 1000 }, (_, index): SampleParts[] => [
      { durationMs: index + 1 },
      { durationMs: 3 * (index + 1), outcome: 'TOOL_ERROR' },
    ]).flat(),
  );
  const useful = { min: 1, mean: 500.5, p50: 500, p75: 750, p90: 900, p95: 950, p99: 990, p999: 999, max: 1000 };
  const failed = { min: 3, mean: 1501.5, p50: 1500, p75: 2250, p90: 2700, p95: 2850, p99: 2970, p999: 2997, max: 3000 };

  it('are each in their own field of the JSON', () => {
    const [operation] = (JSON.parse(renderJson(report)) as Report).operations;
    assert.deepEqual(operation?.latencyMs, useful);
    assert.deepEqual(operation?.failedLatencyMs, failed);
  });

  it('are each in their own column, for useful and for failed requests', () => {
    const columns = { min: '1.0', p50: '500', p75: '750', p90: '900', p95: '950', p99: '990', 'p99.9': '999' };
    const [first, second] = rowsOf(report, 'operations', 'percentiles');
    const { Operation, Requests, mean, ...figures } = first ?? {};
    assert.deepEqual(figures, { ...columns, max: '1,000' });
    assert.match(mean ?? '', /^50[01]$/);
    const { p75, p90, p95, p99, 'p99.9': p999, max } = second ?? {};
    assert.deepEqual([p75, p90, p95, p99, p999, max], ['2,250', '2,700', '2,850', '2,970', '2,997', '3,000']);
    const [{ p50, p95: upper, p99: top, max: most } = {}] = rowsOf(report, 'operations', 'operations');
    assert.deepEqual([p50, upper, top, most], ['500', '950', '990', '1,000']);
  });
});

describe('the failures of a report', () => {
  it('come in the order of the summary: most frequent first, then by target, operation and outcome', () => {
    const failing = (times: number, parts: SampleParts) => Array.from({ length: times }, () => parts);
    const report = reportOf([
      ...failing(2, { target: 'web', operation: 'ping', outcome: 'HTTP_500' }),
      ...failing(1, { target: 'a', outcome: 'NET_DNS' }),
      ...failing(3, { target: 'web', outcome: 'TOOL_ERROR' }),
      ...failing(2, { target: 'other', operation: 'tools/list', outcome: 'HTTP_503' }),
    ]);
    const order = ['TOOL_ERROR', 'HTTP_503', 'HTTP_500', 'NET_DNS'];
    assert.deepEqual(
      rowsOf(report, 'failures', 'outcomes').map(({ Outcome }) => Outcome),
      order,
    );
    assert.deepEqual(
      (JSON.parse(renderJson(report)) as Report).failures.map(({ outcome }) => outcome),
      order,
    );
    for (const form of [renderText(report), renderHtml(report)]) {
      const places = order.map((outcome) => form.indexOf(outcome));
      assert.ok(places.every((at) => at > 0));
      assert.deepEqual(
        places,
        places.toSorted((a, b) => a - b),
      );
    }
  });
});
