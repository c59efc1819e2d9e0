import assert from 'node:assert/strict';
import { it } from 'node:test';
import { renderReport, reportFormats } from '../../src/report/render-report.ts';
import { reportFixture } from '../support/report-fixture.ts';

const BEGINNINGS = {
  json: ['application/json; charset=utf-8', '{\n'],
  html: ['text/html; charset=utf-8', '<!doctype html>\n'],
  text: ['text/plain; charset=utf-8', '✗ FAILED'],
} as const;

it('renders each format with its content type', () => {
  const report = reportFixture();
  assert.deepEqual([...reportFormats].sort(), Object.keys(BEGINNINGS).sort());
  for (const format of reportFormats) {
    const { body, contentType } = renderReport(report, format);
    assert.equal(contentType, BEGINNINGS[format][0]);
    assert.ok(body.startsWith(BEGINNINGS[format][1]), format);
    assert.ok(body.endsWith('\n'), format);
  }
});
