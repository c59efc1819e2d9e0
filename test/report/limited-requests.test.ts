import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renderHtml } from '../../src/report/html/html.ts';
import { renderJson } from '../../src/report/render-report.ts';
import type { Report } from '../../src/report/report.ts';
import { renderText } from '../../src/report/text/text.ts';
import { generatorFacts } from '../../src/report/wording.ts';
import { reportFixture } from '../support/report-fixture.ts';

const EXAMPLE = 'EMFILE: connect EMFILE 127.0.0.1:80; this process may open no more files';

/** A run that 1,234 requests were not sent in for want of files. */
function limited(): Report {
  const base = reportFixture();
  return { ...base, generator: { ...base.generator, limitedRequests: 1234, limitedExample: EXAMPLE } };
}

const LINE = {
  name: 'Without a connection',
  value: '1,234 requests, for want of files, ports or memory; counted nowhere else',
};

test('the requests that the machine had nothing left for have a line of their own, beside those that we ended', () => {
  const facts = generatorFacts(limited().generator);
  const at = facts.findIndex(({ name }) => name === LINE.name);
  assert.deepEqual(facts[at], LINE);
  assert.deepEqual(facts[at - 1], { name: 'Aborted at the end', value: '6 requests, counted nowhere else' });
});

test('text and HTML show that line', () => {
  const words = (rendered: string) => rendered.replace(/\s+/g, ' ');
  assert.ok(words(renderText(limited(), { width: 140 })).includes(`${LINE.name} ${LINE.value}`));
  assert.ok(renderHtml(limited()).includes(`<th scope="row">${LINE.name}</th><td>${LINE.value}</td>`));
});

test('the JSON has their number and one message', () => {
  const { limitedRequests, limitedExample } = JSON.parse(renderJson(limited())).generator;
  assert.deepEqual([limitedRequests, limitedExample], [1234, EXAMPLE]);
});
