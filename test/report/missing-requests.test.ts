import assert from 'node:assert/strict';
import { it } from 'node:test';
import { generatorFacts, missingSentences } from '../../src/report/generator-wording.ts';
import { renderHtml } from '../../src/report/html/html.ts';
import { renderJson } from '../../src/report/render-report.ts';
import type { Report } from '../../src/report/report.ts';
import { scenariosTable } from '../../src/report/tables-of-run.ts';
import { renderText } from '../../src/report/text/text.ts';
import { reportFixture } from '../support/report-fixture.ts';
import { reportVariants } from '../support/report-variants.ts';

type Generator = Report['generator'];

const BASE = reportFixture().generator;

/** The report of a run of which two slices were lost. */
function lossy(changes: Partial<Generator> = {}): Report {
  const causes = [
    { cause: 'died', slices: 1 },
    { cause: 'never begun', slices: 1 },
  ] as const;
  const slices = {
    planned: 16,
    committed: 14,
    partial: 0,
    lost: 2,
    skipped: 4,
    causes,
    instancesSeen: 3,
    duplicates: 0,
  };
  const unaccounted = { estimate: 90, atMost: 1040, slices: 1 };
  return reportFixture({ generator: { ...BASE, slices, unreported: 1, unaccounted, ...changes } });
}

it('says in the table of scenarios that late starts are unknown', () => {
  const { generator, ...report } = reportVariants().modelled;
  const textsOf = (late: number | null) => {
    const scenarios = generator.starts.scenarios.map((each) => ({ ...each, late }));
    const starts = { ...generator.starts, scenarios };
    const { groups } = scenariosTable({ ...report, generator: { ...generator, starts } });
    return groups.flatMap(({ rows }) => rows.flatMap((row) => row.map(({ text }) => text)));
  };
  assert.ok(textsOf(null).includes('unknown'));
  assert.ok(!textsOf(0).includes('unknown'));
});

const factsOf = ({ generator }: Report) => new Map(generatorFacts(generator).map(({ name, value }) => [name, value]));

const words = (rendered: string) => rendered.replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ');

it('says in text and HTML why slices are lost and how many requests are in no figure', () => {
  for (const rendered of [renderText(lossy(), { width: 200 }), renderHtml(lossy())].map(words)) {
    for (const sentence of [
      'About 90 and at most 1,040 requests of 1 slice are in no figure: attempts ended before they had stored everything.',
      'Lost or partial 1 died, 1 found no free instance',
      'Unaccounted requests about 90 and at most 1,040',
      '14 of 16 completed; 0 partial, 2 lost, 0 duplicate, 4 not needed after the stop',
      'Ended without a report 1 attempt; delays, CPU time, tokens and store errors are unknown',
      'at least 17 of 17 started',
    ]) {
      assert.ok(rendered.includes(sentence), `${sentence} is missing`);
    }
  }
});

it('has the same in the JSON', () => {
  const { generator } = JSON.parse(renderJson(lossy())) as Report;
  assert.deepEqual(generator.unaccounted, { estimate: 90, atMost: 1040, slices: 1 });
  assert.deepEqual(generator.slices.causes?.[1], { cause: 'never begun', slices: 1 });
});

it('says that figures are unknown which no slice reported, and never shows them as 0', () => {
  const starts = { planned: 100, started: null, dropped: null, late: null, maxLagMs: null, scenarios: [] };
  const report = lossy({
    unaccounted: { estimate: null, atMost: null, slices: 1 },
    maxStartDelayMs: null,
    eventLoopDelayMs: { p99: null, max: null },
    cpu: { seconds: null, microsecondsPerRequest: null, maxShare: null },
    starts,
    store: { errors: null, blocks: 2, samples: 70 },
    instances: null,
    tokens: [],
  });
  const facts = factsOf(report);
  for (const name of ['Latest slice start', 'Event-loop delay', 'CPU', 'Processes', 'Unaccounted requests']) {
    assert.equal(facts.get(name), 'unknown', name);
  }
  assert.equal(facts.get('Planned starts'), '100; unknown made, unknown dropped, unknown late');
  assert.equal(facts.get('Store'), '70 samples in 2 blocks, unknown errors');
  const { generator } = JSON.parse(renderJson(report)) as Report;
  assert.deepEqual([generator.maxStartDelayMs, generator.instances, generator.starts.started], [null, null, null]);
  assert.match(words(renderHtml(report)), /An unknown number of requests of 1 slice are in no figure/);
});

it('counts the samples that could not be stored', () => {
  const { generator } = lossy({ unaccounted: null, store: { errors: 3, blocks: 2, samples: 70, unkept: 12 } });
  assert.deepEqual(missingSentences(generator), ['12 samples could not be stored and are in no figure.']);
  const withRequests = { ...generator, store: { ...generator.store, unkeptRequests: 5 } };
  assert.deepEqual(missingSentences(withRequests), [
    '12 samples could not be stored and are in no figure, among them 5 requests that were sent.',
  ]);
});

it('says nothing of losses in a report without any, or of an earlier version', () => {
  assert.deepEqual(missingSentences(BASE), []);
  const names = generatorFacts(BASE).map(({ name }) => name);
  assert.deepEqual(
    names.filter((name) => /lost|account|report/i.test(name)),
    [],
  );
  assert.doesNotMatch(renderText(reportFixture()), /unknown/);
});
