import assert from 'node:assert/strict';
import { it } from 'node:test';
import { renderJson } from '../../src/report/render-report.ts';
import { reportFixture } from '../support/report-fixture.ts';
import { HOSTILE } from '../support/report-full-of.ts';
import { reportVariants } from '../support/report-variants.ts';

it('rounds away float noise, and keeps the order of the fields', () => {
  const report = JSON.parse(renderJson(reportFixture()));
  const again = renderJson(report);
  assert.equal(again, renderJson(JSON.parse(again)));
  assert.deepEqual(Object.keys(report), Object.keys(reportFixture()));
  assert.ok(again.startsWith('{\n  "schemaVersion": 4,\n  "runId": "'));
  assert.ok(again.endsWith('\n}\n'));
});

it('keeps microseconds of latencies, four decimals of rates and six of compared values', () => {
  const base = reportFixture();
  const text = renderJson({
    ...base,
    totals: { ...base.totals, failureRate: 0.00130833, requestsPerSecond: 2.4896851 },
    iterationMs: { min: 0.1 + 0.2, mean: 1411.00049, p50: 3, p75: 3, p90: 3, p95: 3, p99: 3, p999: 3, max: 8.4125 },
    thresholds: [{ metric: 'mcp_failures', expression: 'rate<0.01', ok: true, observed: 0.001308329 }],
  });
  const report = JSON.parse(text);
  assert.equal(report.totals.failureRate, 0.0013);
  assert.equal(report.totals.requestsPerSecond, 2.4897);
  assert.equal(report.iterationMs.min, 0.3);
  assert.equal(report.iterationMs.mean, 1411);
  assert.equal(report.iterationMs.max, 8.413);
  assert.equal(report.thresholds[0].observed, 0.001308);
  assert.doesNotMatch(text, /\d\.\d{7,}/);
});

it('has all facts about connections, pauses and targets that were given up', () => {
  const { troubled, rejected } = reportVariants();
  const { operations, pauses } = JSON.parse(renderJson(troubled));
  const search = operations.find(
    (each: { operation: string }) => each.operation === 'tools/call:microsoft_docs_search',
  );
  const { newConnections, heldStreams, resumedAnswers, retries, clocksMs } = search;
  assert.deepEqual([newConnections, heldStreams, resumedAnswers, retries], [12, 17, 0, 0]);
  assert.deepEqual(
    [clocksMs.connect.p50, clocksMs.tls.p95, clocksMs.hold.p95, clocksMs.socket.p50],
    [17, 33, 251, 0.1],
  );
  assert.deepEqual(pauses, troubled.pauses);
  assert.deepEqual(JSON.parse(renderJson(rejected)).generator.stoppedTargets, rejected.generator.stoppedTargets);
});

it('writes every kind of report as valid JSON that a terminal can show', () => {
  for (const [name, report] of Object.entries(reportVariants())) {
    const text = renderJson(report);
    assert.equal(JSON.parse(text).runId, report.runId, name);
    assert.doesNotMatch(text, /(?!\n)[\p{Cc}\p{Bidi_Control}]/u, name);
  }
  assert.equal(JSON.parse(renderJson(reportFixture({ runId: `\u009b${HOSTILE}` }))).runId, `\u009b${HOSTILE}`);
});
