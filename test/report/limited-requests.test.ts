import assert from 'node:assert/strict';
import { it } from 'node:test';
import { generatorFacts } from '../../src/report/generator-wording.ts';
import { renderHtml } from '../../src/report/html/html.ts';
import { renderJson } from '../../src/report/render-report.ts';
import type { Report } from '../../src/report/report.ts';
import { renderText } from '../../src/report/text/text.ts';
import { reportFixture } from '../support/report-fixture.ts';

const EXAMPLE = 'EMFILE: connect EMFILE 127.0.0.1:80; this process may open no more files';

/** A run in which 1,234 requests were not sent because no file descriptor was left. */
function limited(): Report {
  const base = reportFixture();
  return { ...base, generator: { ...base.generator, limitedRequests: 1234, limitedExample: EXAMPLE } };
}

const LINE = { name: 'Not sent or not read (no file descriptor, port or memory)', value: '1,234' };

it('counts the requests that could not be sent on a line of their own, after those that the end of the load left unsent', () => {
  const facts = generatorFacts(limited().generator);
  const at = facts.findIndex(({ name }) => name === LINE.name);
  assert.deepEqual(facts[at], LINE);
  assert.deepEqual(facts[at - 1], { name: 'Not sent when the load ended', value: '6' });
});

it('shows requests that could not be sent in text and HTML, and says that no other figure includes them', () => {
  const words = (rendered: string) => rendered.replace(/\s+/g, ' ');
  assert.ok(words(renderText(limited(), { width: 140 })).includes(`${LINE.name} ${LINE.value}`));
  assert.ok(renderHtml(limited()).includes(`<th scope="row">${LINE.name}</th><td>${LINE.value}</td>`));
  for (const rendered of [renderText(limited()), renderHtml(limited())]) {
    assert.ok(rendered.includes('Requests that were not sent are not counted in any other figure.'));
  }
});

it('says that what a short run could not measure is unknown', () => {
  const { generator } = reportFixture();
  const facts = (cpu: typeof generator.cpu) =>
    generatorFacts({ ...generator, cpu }).find(({ name }) => name === 'CPU')?.value;
  assert.equal(
    facts({ seconds: 0.5, microsecondsPerRequest: 20, maxShare: null }),
    '0.50 s, 20 µs per request; busiest process unknown',
  );
  assert.equal(facts({ seconds: null, microsecondsPerRequest: null, maxShare: null }), 'unknown');
});

it('has the number of requests that could not be sent and one message in the JSON', () => {
  const { limitedRequests, limitedExample } = JSON.parse(renderJson(limited())).generator;
  assert.deepEqual([limitedRequests, limitedExample], [1234, EXAMPLE]);
});
