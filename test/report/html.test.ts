import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { formatCount, formatMs, formatRate } from '../../src/report/format.ts';
import { renderHtml } from '../../src/report/html/html.ts';
import { styleHash } from '../../src/report/html/style.ts';
import { reportFixture } from '../support/report-fixture.ts';
import { HOSTILE, reportFullOf } from '../support/report-full-of.ts';
import { reportVariants } from '../support/report-variants.ts';

const variants = Object.entries(reportVariants());

/** The tags of a page in their order, without the places where a name may be broken. */
function tags(page: string): readonly string[] {
  return [...page.matchAll(/<\/?([a-z][a-z0-9]*)\b/gi)].map(([tag]) => tag).filter((tag) => tag !== '<wbr');
}

/** What a reader sees of a piece of markup. */
function textOf(markup: string): string {
  const entities: Record<string, string> = { '&lt;': '<', '&gt;': '>', '&quot;': '"', '&#39;': "'", '&amp;': '&' };
  return markup.replace(/<[^>]*>/g, '').replace(/&(lt|gt|quot|#39|amp);/g, (entity) => entities[entity] ?? entity);
}

test('hostile text in every string of a report adds no element and stays readable', () => {
  const page = renderHtml(reportFullOf(HOSTILE));
  assert.deepEqual(tags(page), tags(renderHtml(reportFullOf('harmless'))));
  assert.doesNotMatch(page, /<(script|img|iframe|object|embed|form|base)\b/i);
  assert.doesNotMatch(page, /(?!\n)[\p{Cc}\p{Bidi_Control}]/u);
  assert.ok(textOf(page).includes(`</script></style></title>"'><img src=x onerror=alert(1)>&amp;{{}}␛[31m\uFFFDgnp␀`));
});

test('hostile text cannot leave an attribute', () => {
  const page = renderHtml(reportFullOf(HOSTILE)).replace(/<style>.*<\/style>/s, '');
  for (const [tag] of page.matchAll(/<[a-z][^>]*>/gi)) {
    assert.match(tag, /^<!?[a-z0-9]+( [a-zA-Z0-9-]+(="[^"<>]*")?)*\/?>$/, tag);
    assert.doesNotMatch(tag.replace(/"[^"]*"/g, ''), / (on\w+|style|src)=/i);
  }
});

test('the page refers to nothing outside itself', () => {
  for (const [name, report] of variants) {
    const page = renderHtml(report);
    for (const [, target] of page.matchAll(/\b(?:href|src|srcset|action|data|poster)="([^"]*)"/g)) {
      assert.match(target ?? '', /^(#[a-z]+|data:,)$/, name);
    }
    assert.doesNotMatch(page, /@import|url\(|<script/i, name);
  }
});

test('the policy forbids everything but the style of the page', () => {
  const page = renderHtml(reportFixture());
  const style = page.match(/<style>(.*)<\/style>/s)?.[1] ?? '';
  const hash = `sha256-${createHash('sha256').update(style).digest('base64')}`;
  assert.equal(styleHash, hash, 'the style has changed: put this value into style.ts');
  const policy = page.match(/http-equiv="Content-Security-Policy" content="([^"]*)"/)?.[1] ?? '';
  assert.deepEqual(policy.replaceAll('&#39;', "'").split('; '), [
    "default-src 'none'",
    `style-src '${hash}'`,
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
  ]);
});

test('every operation has its figures in its row', () => {
  const report = reportFixture();
  const page = renderHtml(report);
  const table = page.match(/<table class="operations">(.*?)<\/table>/s)?.[1] ?? '';
  const rows = [...table.matchAll(/<tr><th scope="row">(.*?)<\/tr>/gs)].map(([row]) =>
    [...row.replace(/<svg.*?<\/svg>/gs, '').matchAll(/<(?:th|td)[^>]*>(.*?)<\/(?:th|td)>/gs)].map(([, cell]) =>
      textOf(cell ?? ''),
    ),
  );
  const expected = report.operations.map(({ operation, count, failures, requestsPerSecond, latencyMs }) => [
    operation,
    formatCount(count),
    formatCount(failures),
    '',
    ...[latencyMs?.p50, latencyMs?.p95, latencyMs?.p99, latencyMs?.max].map(formatMs),
    formatRate(requestsPerSecond),
  ]);
  assert.deepEqual(rows, expected);
});

test('a percentile that only repeats the maximum is marked as such', () => {
  const page = renderHtml(reportFixture());
  const row = (operation: string) =>
    page.match(
      new RegExp(
        `<tr><th scope="row">${operation.replaceAll('_', '_<wbr>').replaceAll(/([/:])/g, '$1<wbr>')}</th>.*?</tr>`,
        's',
      ),
    )?.[0] ?? '';
  assert.equal(row('tools/call:query-docs'.replace('-', '-<wbr>')).match(/class="n few"/g), null);
  assert.equal(row('tools/call:search_code').match(/class="n few"/g)?.length, 1);
  assert.equal(row('initialize').match(/class="n few"/g)?.length, 2);
});

test('what failed comes before every chart, with its meaning and an example', () => {
  const page = renderHtml(reportFixture());
  const failures = page.indexOf('<section id="failures">');
  assert.ok(failures > page.indexOf('class="verdict"'));
  assert.ok(failures < page.indexOf('<svg'));
  assert.ok(failures < page.indexOf('<section id="totals">'));
  const section = page.slice(failures, page.indexOf('</section>', failures));
  for (const part of ['TOOL_ERROR', 'isError: true', 'github', 'rate limit exceeded', '14:02:12', '14:12:59', '>3<']) {
    assert.ok(section.includes(part), part);
  }
  assert.doesNotMatch(renderHtml(reportVariants().passed), /id="failures"/);
});

test('each verdict is told by words and a mark, not by its colour alone', () => {
  const { failed, passed, invalid, stopped } = reportVariants();
  const banner = (page: string) => textOf(page.match(/<section class="verdict".*?<\/section>/s)?.[0] ?? '');
  assert.match(banner(renderHtml(failed)), /✗ Failed.*observed 3070/s);
  assert.match(banner(renderHtml(passed)), /✓ Passed.*All 3 thresholds met/s);
  assert.match(banner(renderHtml(stopped)), /■ Stopped/);
  assert.match(banner(renderHtml(invalid)), /⚠ Invalid.*these figures prove nothing.*13 of 16 slices/s);
  assert.match(renderHtml(invalid), /<title>⚠ Invalid: hosted-mcp-baseline/);
});

test('the clocks show what a tool that stops at the headers would have missed', () => {
  const text = textOf(renderHtml(reportFixture()));
  assert.match(
    text,
    /tools\/call:query-docs of context7 sent its headers after 89 ms and its answer after\s1,490 ms \(p50\), 17 times/,
  );
});

test('operations that opened, awaited or lost connections have a row, and what is odd a sentence', () => {
  const { troubled, single } = reportVariants();
  const page = renderHtml(troubled);
  const section = page.match(/<section id="connections">.*?<\/section>/s)?.[0] ?? '';
  const rows = [...section.matchAll(/<tr><th scope="row">.*?<\/tr>/gs)].map(([row]) =>
    [...row.matchAll(/<(?:th|td)[^>]*>(.*?)<\/(?:th|td)>/gs)].map(([, cell]) => textOf(cell ?? '')),
  );
  assert.equal(rows.length, 8);
  assert.deepEqual(rows.find(([operation]) => operation === 'tools/call:microsoft_docs_search')?.slice(1), [
    '12',
    '0.10',
    '0.19',
    '17',
    '26',
    '21',
    '33',
    '0.20',
    '251',
    '17',
    '0',
    '0',
  ]);
  assert.match(
    textOf(section),
    /17 event streams of learn stayed open after their answer and were cut; each cost a new/,
  );
  assert.doesNotMatch(renderHtml(single), /id="connections"|href="#connections"/);
});

test('pauses that a target asked for stand with the totals', () => {
  const totals = renderHtml(reportVariants().troubled).match(/<section id="totals">.*?<\/section>/s)?.[0] ?? '';
  assert.match(textOf(totals), /12 pauses of virtual users, 48 s in all and the longest 10 s, because github asked/);
  assert.doesNotMatch(renderHtml(reportFixture()), /Retry-After/);
});

test('a target that was given up is named in the verdict and among the broken rules', () => {
  const text = textOf(renderHtml(reportVariants().rejected));
  assert.equal(text.match(/ado was given up 12\.3 s after the start: it refused fresh/g)?.length, 2);
});

test('tables and charts can be read without seeing them', () => {
  for (const [name, report] of variants) {
    const page = renderHtml(report);
    for (const [table] of page.matchAll(/<table.*?<\/table>/gs)) {
      assert.match(table, /^<table[^>]*><caption>[^<]/, name);
      assert.doesNotMatch(table, /<th(?! scope="(col|row|colgroup|rowgroup)")[ >]/, name);
    }
    for (const [chart] of page.matchAll(/<svg class="chart"[^>]*>/g)) {
      assert.match(chart, / role="img" aria-label="[^"]{20,}"/, name);
    }
    const ids = [...page.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id);
    assert.equal(new Set(ids).size, ids.length, name);
    for (const [, id] of page.matchAll(/href="#([^"]*)"/g)) assert.ok(ids.includes(id), `${name} #${id}`);
  }
});

test('no kind of report leaves a hole', () => {
  for (const [name, report] of variants) {
    const page = renderHtml(report).replace(/<style>.*<\/style>/s, '');
    assert.doesNotMatch(page, /undefined|NaN|Infinity|\[object|\bnull\b/, name);
  }
});

test('a page stays small', () => {
  assert.ok(Buffer.byteLength(renderHtml(reportFixture())) < 300_000);
});

test('a run by rates shows its scenarios, cold calls, sessions, warm-up and where thresholds broke', () => {
  const page = renderHtml(reportVariants().modelled);
  const rowsOf = (id: string) => {
    const section = page.match(new RegExp(`<section id="${id}">.*?</section>`, 's'))?.[0] ?? '';
    return [...section.matchAll(/<tr><th scope="row">.*?<\/tr>/gs)].map(([row]) =>
      [...row.matchAll(/<(?:th|td)[^>]*>(.*?)<\/(?:th|td)>/gs)].map(([, cell]) => textOf(cell ?? '')),
    );
  };
  assert.deepEqual(rowsOf('scenarios')[1], [
    'github-agents',
    '512',
    '501',
    '9',
    '3',
    '0.58',
    '400',
    '900',
    '900',
    '900',
  ]);
  assert.deepEqual(rowsOf('cold'), [
    ['tools/call:microsoft_docs_search', '5', '910', '1,480', '0', '–', '–', '290', '310', '720'],
  ]);
  assert.deepEqual(
    rowsOf('sessions').map(([target]) => target),
    ['learn', 'github', 'All targets'],
  );
  const text = textOf(page);
  assert.match(text, /Warm-up of 1 min: 151 requests \(2 failed\) left out/);
  assert.match(text, /p\(95\)<2500over each stage2,650\.5stage 2, 5:00–10:00/);
  assert.match(text, /Dotted vertical lines mark the end of the warm-up at 1:00 and the ends of stages\./);
  assert.equal(page.match(/Open sessions with learn over time/g)?.length, 1);
  assert.doesNotMatch(renderHtml(reportFixture()), /id="(scenarios|cold|sessions)"/);
});
