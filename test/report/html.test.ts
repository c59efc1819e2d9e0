import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { it } from 'node:test';
import { formatCount, formatMs, formatRate } from '../../src/report/format.ts';
import { renderHtml } from '../../src/report/html/html.ts';
import { styleHash } from '../../src/report/html/style.ts';
import { reportFixture } from '../support/report-fixture.ts';
import { HOSTILE, reportFullOf } from '../support/report-full-of.ts';
import { GITHUB_AGENTS_ROW, reportVariants } from '../support/report-variants.ts';

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

it('adds no element for hostile text in any string of a report, and keeps it readable', () => {
  const page = renderHtml(reportFullOf(HOSTILE));
  assert.deepEqual(tags(page), tags(renderHtml(reportFullOf('harmless'))));
  assert.doesNotMatch(page, /<(script|img|iframe|object|embed|form|base)\b/i);
  assert.doesNotMatch(page, /(?!\n)[\p{Cc}\p{Bidi_Control}]/u);
  assert.ok(textOf(page).includes(`</script></style></title>"'><img src=x onerror=alert(1)>&amp;{{}}␛[31m\uFFFDgnp␀`));
});

it('keeps hostile text inside its attribute', () => {
  const page = renderHtml(reportFullOf(HOSTILE)).replace(/<style>.*<\/style>/s, '');
  const tags = [...page.matchAll(/<[a-z][^>]*>/gi)];
  assert.ok(tags.length > 100, `${tags.length} tags`);
  for (const [tag] of tags) {
    assert.match(tag, /^<!?[a-z0-9]+( [a-zA-Z0-9-]+(="[^"<>]*")?)*\/?>$/, tag);
    assert.doesNotMatch(tag.replace(/"[^"]*"/g, ''), / (on\w+|style|src)=/i);
  }
});

it('refers to nothing outside the page', () => {
  for (const [name, report] of variants) {
    const page = renderHtml(report);
    const targets = [...page.matchAll(/\b(?:href|src|srcset|action|data|poster)="([^"]*)"/g)];
    assert.ok(targets.length > 0, name);
    for (const [, target] of targets) {
      assert.match(target ?? '', /^(#[a-z]+|data:,)$/, name);
    }
    assert.doesNotMatch(page, /@import|url\(|<script/i, name);
  }
});

it('forbids everything except the style of the page', () => {
  const page = renderHtml(reportFixture());
  const style = page.match(/<style>(.*)<\/style>/s)?.[1] ?? '';
  const hash = `sha256-${createHash('sha256').update(style).digest('base64')}`;
  assert.equal(styleHash, hash);
  const policy = page.match(/http-equiv="Content-Security-Policy" content="([^"]*)"/)?.[1] ?? '';
  assert.deepEqual(policy.replaceAll('&#39;', "'").split('; '), [
    "default-src 'none'",
    `style-src '${hash}'`,
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
  ]);
});

it('has a row with the figures of every operation', () => {
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

it('marks a percentile that equals the maximum because there were too few requests', () => {
  const page = renderHtml(reportFixture());
  const row = (operation: string) =>
    page.match(
      new RegExp(
        `<tr><th scope="row">${operation.replaceAll('_', '_<wbr>').replaceAll(/([/:])/g, '$1<wbr>')}</th>.*?</tr>`,
        's',
      ),
    )?.[0] ?? '';
  assert.equal(row('tools/call:query-docs'.replace('-', '-<wbr>')).match(/class="n quiet"/g), null);
  assert.equal(row('tools/call:search_code').match(/class="n quiet"/g)?.length, 1);
  assert.equal(row('initialize').match(/class="n quiet"/g)?.length, 2);
});

it('shows failures with their meaning and an example before every chart', () => {
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

it('shows each verdict by words and a mark, not only by its colour', () => {
  const { failed, passed, invalid, stopped, unjudged } = reportVariants();
  const banner = (page: string) => textOf(page.match(/<section class="verdict".*?<\/section>/s)?.[0] ?? '');
  assert.match(banner(renderHtml(failed)), /✗ Failed.*observed 3070/s);
  assert.match(banner(renderHtml(passed)), /✓ Passed.*All 3 thresholds met/s);
  assert.match(banner(renderHtml(stopped)), /■ Stopped/);
  assert.match(banner(renderHtml(unjudged)), /\? Unjudged.*no thresholds: .* were useful; the worst operation was/s);
  assert.match(renderHtml(unjudged), /<title>\? Unjudged: .*<body class="is-unjudged">/s);
  assert.match(banner(renderHtml(invalid)), /⚠ Invalid.*these figures prove nothing.*13 of 16 slices/s);
  assert.match(renderHtml(invalid), /<title>⚠ Invalid: hosted-mcp-baseline/);
});

it('shows how much later than its headers a response came', () => {
  const text = textOf(renderHtml(reportFixture()));
  assert.match(
    text,
    /tools\/call:query-docs of context7 sent headers after 89 ms and the response after 1,490 ms \(p50\), 17 times/,
  );
});

it('has a row for each operation that opened, waited for or lost connections, and a sentence for each oddity', () => {
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
    /17 event streams of learn stayed open after the response and were cut; each cost a new/,
  );
  assert.doesNotMatch(renderHtml(single), /id="connections"|href="#connections"/);
});

it('shows pauses that a target asked for with the totals', () => {
  const totals = renderHtml(reportVariants().troubled).match(/<section id="totals">.*?<\/section>/s)?.[0] ?? '';
  assert.match(textOf(totals), /github asked for 12 pauses \(Retry-After\), 48 s in total and 10 s at most/);
  assert.doesNotMatch(renderHtml(reportFixture()), /Retry-After/);
});

it('names a target that was given up in the verdict and among the broken rules', () => {
  const text = textOf(renderHtml(reportVariants().rejected));
  assert.equal(text.match(/ado was given up 12\.3 s after the start: it refused fresh/g)?.length, 2);
});

it('describes tables and charts for screen readers', () => {
  let charts = 0;
  for (const [name, report] of variants) {
    const page = renderHtml(report);
    const tables = [...page.matchAll(/<table.*?<\/table>/gs)];
    assert.ok(tables.length > 0, name);
    for (const [table] of tables) {
      assert.match(table, /^<table[^>]*><caption>[^<]/, name);
      assert.doesNotMatch(table, /<th(?! scope="(col|row|colgroup|rowgroup)")[ >]/, name);
    }
    for (const [chart] of page.matchAll(/<svg class="chart"[^>]*>/g)) {
      charts++;
      assert.match(chart, / role="img" aria-label="[^"]{20,}"/, name);
    }
    const ids = [...page.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id);
    assert.equal(new Set(ids).size, ids.length, name);
    for (const [, id] of page.matchAll(/href="#([^"]*)"/g)) assert.ok(ids.includes(id), `${name} #${id}`);
  }
  assert.ok(charts > 0);
});

it('never shows undefined, null or NaN, in any kind of report', () => {
  for (const [name, report] of variants) {
    const page = renderHtml(report).replace(/<style>.*<\/style>/s, '');
    assert.doesNotMatch(page, /undefined|NaN|Infinity|\[object|\bnull\b/, name);
  }
});

it('keeps the page small', () => {
  assert.ok(Buffer.byteLength(renderHtml(reportFixture())) < 300_000);
});

it('shows scenarios, cold calls, sessions, warm-up and where thresholds broke for a run with arrival rates', () => {
  const page = renderHtml(reportVariants().modelled);
  const rowsOf = (id: string) => {
    const section = page.match(new RegExp(`<section id="${id}">.*?</section>`, 's'))?.[0] ?? '';
    return [...section.matchAll(/<tr><th scope="row">.*?<\/tr>/gs)].map(([row]) =>
      [...row.matchAll(/<(?:th|td)[^>]*>(.*?)<\/(?:th|td)>/gs)].map(([, cell]) => textOf(cell ?? '')),
    );
  };
  assert.deepEqual(rowsOf('scenarios')[1], GITHUB_AGENTS_ROW);
  assert.deepEqual(rowsOf('cold'), [
    ['tools/call:microsoft_docs_search', '5', '910', '1,480', '0', '–', '–', '290', '310', '720'],
  ]);
  assert.deepEqual(
    rowsOf('sessions').map(([target]) => target),
    ['learn', 'github', 'All targets'],
  );
  const text = textOf(page);
  assert.match(text, /Warm-up of 1 min: 151 requests \(2 failed\) left out/);
  assert.match(text, /p\(95\)<2500over each stage2,650\.5in stage 2, 5:00–10:00/);
  assert.match(text, /Dotted vertical lines mark the end of the warm-up at 1:00 and the ends of stages\./);
  assert.equal(page.match(/Open sessions with learn over time/g)?.length, 1);
  assert.doesNotMatch(renderHtml(reportFixture()), /id="(scenarios|cold)"/);
  assert.match(textOf(renderHtml(reportFixture())), /context7, ado are stateless: they keep no sessions\./);
});
