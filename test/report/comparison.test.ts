import assert from 'node:assert/strict';
import { it } from 'node:test';
import stringWidth from 'string-width';
import { compareRuns } from '../../src/comparison/compare-runs.ts';
import type { Comparison } from '../../src/comparison/comparison.ts';
import { comparisonSchema } from '../../src/plan/plan-schema.ts';
import { formatChange } from '../../src/report/comparison-wording.ts';
import { renderHtml } from '../../src/report/html/html.ts';
import { renderComparison, renderText } from '../../src/report/text/text.ts';
import { type Simulation, simulatedOperation, simulatedRun } from '../comparison/simulated-runs.ts';
import { reportFixture } from '../support/report-fixture.ts';

const run = (seed: number, simulations: Readonly<Record<string, Simulation>>, hash = 'abc') =>
  simulatedRun(
    Object.entries(simulations).map(([operation, simulation], at) =>
      simulatedOperation(seed + at, { ...simulation, operation }),
    ),
    { plan: { name: 'simulated', hash } },
  );

const many = { requests: 3000 };
const script = '<script>alert(1)</script>';

/** One operation of each verdict, one that fails more often, one that only one run has (for each run), and a hostile name. */
const comparison: Comparison = compareRuns(
  run(1, { slow: many, fast: many, steady: { requests: 6000 }, few: { requests: 30 }, [script]: many, gone: many }),
  run(
    11,
    {
      slow: { ...many, factor: 1.5 },
      fast: { ...many, factor: 0.6 },
      steady: { requests: 6000, failureRate: 0.05 },
      few: { requests: 30 },
      [script]: many,
      new: many,
    },
    'def',
  ),
  comparisonSchema.parse({ tolerance: 0.15 }),
);

const text = renderText(reportFixture({ comparison }));
const page = renderHtml(reportFixture({ comparison }));

it('the comparison of a report is absent without a baseline', () => {
  assert.doesNotMatch(renderText(reportFixture()), /^Comparison$/m);
  assert.doesNotMatch(renderHtml(reportFixture()), /id="comparison"/);
});

it('the comparison of a report shows each verdict as a mark and a word', () => {
  assert.match(text, /▲ slower +slow +\d+ +\d+ +\+\d+ %/);
  assert.match(text, /▼ faster +fast +\d+ +\d+ +−\d+ %/);
  assert.match(text, /= same +steady +\d+ +\d+/);
  assert.match(text, /✗ fails more +steady +100 % +9\d\.\d % +−\d/);
  assert.match(text, /= same +slow +100 % +100 % +±0/);
  assert.match(text, /\? too little data +few/);
  for (const [mark, word] of [
    ['▲', 'slower'],
    ['▼', 'faster'],
    ['=', 'same'],
    ['\\?', 'too little data'],
    ['✗', 'fails more'],
  ]) {
    assert.match(page, new RegExp(`<span aria-hidden="true">${mark}</span> ${word}</span>`));
  }
});

it('the comparison of a report says what limits it, and which operations only one run has', () => {
  for (const form of [text.replace(/\n +/g, ' '), page]) {
    assert.match(form, /different plans \(simulated abc, simulated def\)/);
    assert.match(form, /Too little data \(p95 needs 100 useful or unanswered requests in each run\): few of learn\./);
    assert.match(form, /steady of learn: the share of useful requests fell from 100 % to 9\d\.\d %/);
    assert.match(form, /Only in the baseline: gone of learn\./);
    assert.match(form, /Only in this run: new of learn\./);
  }
});

it('the comparison of a report marks a percentile that is only a lower bound', () => {
  const before = run(1, { search: many });
  const bounded = compareRuns(before, run(2, { search: { ...many, silentRate: 0.1 } }), comparisonSchema.parse({}));
  const lines = renderComparison(bounded).replace(/\n +/g, ' ');
  assert.match(lines, /▲ slower +search +\d+ +≥ 30,000/);
  assert.match(lines, /≥ marks a lower bound, where requests had no answer/);
});

it('the comparison of a report begins with the failures, and shows the share of useful requests before the latency', () => {
  const section = text.slice(text.indexOf('\nComparison\n'));
  assert.match(section, /^\nComparison\n {2}Useful answers: 1 fails more, 3 same, 1 with too little data\./);
  assert.ok(section.indexOf('✗ fails more') < section.indexOf('▲ slower'));
  const inPage = page.slice(page.indexOf('<section id="comparison">'));
  assert.match(inPage, /^<section id="comparison"><h2>Comparison<\/h2>\s*<p class="bad">Useful answers: 1 fails more/);
  assert.ok(inPage.indexOf('class="compared-useful"') < inPage.indexOf('class="comparison"'));
});

it('the comparison of a report shows the share of all steps together', () => {
  assert.match(text, /all steps +\S+ % +9\d\.\d % +−\d/);
  assert.match(page, /<th scope="row"[^>]*>all steps<\/th>/);
});

it('the comparison of a report says in the first sentence that there is too little data to compare anything', () => {
  const few = run(1, { few: { requests: 30 }, fewer: { requests: 20 } });
  const lines = renderComparison(compareRuns(few, few, comparisonSchema.parse({}))).split('\n');
  assert.equal(lines[1], '  Too little data to compare any of the 2 operations with run 20260509-140000-aaaaaa.');
});

it('the comparison of a report escapes what came from a target', () => {
  assert.ok(!page.includes(script));
  assert.ok(page.includes('&lt;script&gt;'));
});

it('the comparison of a report stays within the given width', () => {
  for (const width of [80, 100, 140]) {
    for (const line of renderComparison(comparison, { width }).split('\n')) {
      assert.ok(stringWidth(line) <= width, `${width}: ${line}`);
    }
  }
});

it('writes changes with their sign, as precise as they are', () => {
  const written = [0.013, -0.42, 0.0996, 12.5, 0.0004, -0.0004, 0].map(formatChange);
  assert.deepEqual(written, ['+1.3 %', '−42 %', '+10 %', '+1,250 %', '±0 %', '±0 %', '±0 %']);
});
