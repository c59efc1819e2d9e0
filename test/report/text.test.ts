import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { formatCount, formatMs } from '../../src/report/format.ts';
import { renderHtml } from '../../src/report/html/html.ts';
import { renderJson } from '../../src/report/render-report.ts';
import { renderText } from '../../src/report/text/text.ts';
import { displayWidth, shortenEnd, shortenMiddle } from '../../src/report/text/text-table.ts';
import { reportFixture } from '../support/report-fixture.ts';
import { reportVariants } from '../support/report-variants.ts';

const variants = Object.entries(reportVariants());

test('the verdict comes first, then its reasons, then what failed, then the figures', () => {
  const text = renderText(reportFixture());
  const order = ['✗ FAILED: ', '  - mcp_request_duration{', 'run 20260509', 'Failures\n', 'TOOL_ERROR', 'isError: true']
    .concat(['“failed to search code', 'Warnings', 'Totals\n', 'Operations', 'Thresholds\n', 'Generator\n', 'Notes\n'])
    .map((part) => text.indexOf(part));
  assert.ok(order.every((at) => at >= 0));
  assert.deepEqual(
    order,
    order.toSorted((a, b) => a - b),
  );
});

test('every operation has its line with its figures', () => {
  const report = reportFixture();
  const lines = renderText(report).split('\n');
  for (const { target, operation, count, failures, latencyMs } of report.operations) {
    const line = lines.slice(lines.indexOf(target)).find((each) => each.startsWith(`  ${operation} `)) ?? '';
    const cells = line.trim().split(/\s{2,}/);
    assert.deepEqual(cells.slice(1, 3), [formatCount(count), formatCount(failures)], operation);
    const latencies = [latencyMs?.p50, latencyMs?.p95, latencyMs?.p99, latencyMs?.max];
    assert.deepEqual(cells.slice(4), latencies.map(formatMs), operation);
  }
});

test('figures are aligned under their headings', () => {
  const lines = renderText(reportFixture()).split('\n');
  const at = lines.findIndex((line) => line.startsWith('target, operation'));
  const heading = lines[at] ?? '';
  const rows = lines.slice(at + 1, lines.indexOf('', at)).filter((line) => line.startsWith('  '));
  assert.ok(rows.length > 20);
  for (const name of ['count', 'failures', 'req/s', 'p50 ms', 'p95 ms', 'p99 ms', 'max ms']) {
    const end = heading.indexOf(name) + name.length;
    for (const row of rows) assert.match(row.slice(end - 1), /^[\d–]( |$)/, `${name}: ${row}`);
  }
});

test('no line is wider than asked, whatever the names are', () => {
  for (const width of [80, 100, 140]) {
    for (const [name, report] of variants) {
      for (const line of renderText(report, { width }).split('\n')) {
        assert.ok(displayWidth(line) <= width, `${name} at ${width}: ${line}`);
      }
    }
  }
});

test('colours come only when asked for, and then change nothing else', () => {
  for (const [name, report] of variants) {
    const plain = renderText(report);
    const coloured = renderText(report, { colour: true });
    assert.doesNotMatch(plain, /(?!\n)[\p{Cc}\p{Bidi_Control}]/u, name);
    assert.notEqual(coloured, plain, name);
    assert.equal(stripVTControlCharacters(coloured), plain, name);
  }
});

test('no kind of report leaves a hole', () => {
  for (const [name, report] of variants) {
    assert.doesNotMatch(renderText(report), /undefined|NaN|Infinity|\[object|\bnull\b/, name);
  }
});

test('an invalid run says that its figures prove nothing and which rules were broken', () => {
  const text = renderText(reportVariants().invalid);
  assert.match(text, /^⚠ INVALID: .*prove nothing/);
  assert.match(text, /✗ event loop kept up: delay p99 412 ms; 50 ms allowed/);
  assert.match(text, /2 of 4 rules about it were broken/);
});

test('a run without requests and one without failures say so or leave the part out', () => {
  assert.match(renderText(reportVariants().empty), /No request was sent\./);
  assert.match(renderText(reportVariants().empty), /✗ {2}mcp_failures .*no samples/);
  assert.doesNotMatch(renderText(reportVariants().passed), /^Failures/m);
});

test('pauses that a target asked for stand with the totals, whose load they lowered', () => {
  const text = renderText(reportVariants().troubled, { width: 200 });
  const totals = text.slice(text.indexOf('\nTotals\n'), text.indexOf('\nOperations'));
  assert.match(
    totals,
    /\n {2}12 pauses of virtual users, 48 s in all and the longest 10 s, because github asked for them \(Retry-After\); they lowered the load below the plan\.\n/,
  );
  assert.match(totals, /\n {2}1 pause of a virtual user, 2 s, because context7 asked for it/);
  assert.doesNotMatch(renderText(reportFixture()), /Retry-After/);
});

test('operations that opened, awaited or lost connections have a line, and what is odd a sentence', () => {
  const { troubled, single } = reportVariants();
  const text = renderText(troubled, { width: 200 });
  const lines = text.slice(text.indexOf('\nConnections'), text.indexOf('\nThresholds')).split('\n');
  const cells = (operation: string) =>
    lines
      .find((line) => line.startsWith(`  ${operation} `))
      ?.trim()
      .split(/\s{2,}/);
  assert.deepEqual(cells('tools/call:microsoft_docs_search')?.slice(1), [
    '12',
    '17',
    '26',
    '21',
    '33',
    '0.19',
    '17 cut',
  ]);
  assert.deepEqual(cells('tools/call:wit_work_item')?.slice(1), ['0', '–', '–', '–', '–', '194']);
  assert.equal(cells('tools/call:pipelines_build'), undefined);
  assert.ok(lines.includes('  3 requests to learn were second tries; the first ones count as requests too.'));
  assert.doesNotMatch(renderText(single), /^Connections/m);
});

test('a target that was given up is named in the verdict and among the broken rules', () => {
  const text = renderText(reportVariants().rejected, { width: 200 });
  assert.match(text, /^⚠ INVALID/);
  assert.equal(text.match(/ado was given up 12\.3 s after the start: it refused fresh credentials twice/g)?.length, 2);
});

test('a report of another schema is refused by name, with the way out', () => {
  const old = { ...reportFixture(), schemaVersion: 2 as 3 };
  for (const render of [renderText, renderHtml]) {
    assert.throws(
      () => render(old),
      /^Error: The report of run 20260509-140000-k3v9qd has schemaVersion 2, .* can only render 3\. Take it as JSON/,
    );
  }
  assert.equal(JSON.parse(renderJson(old)).schemaVersion, 2);
});

test('names are cut in their middle and messages at their end, by columns of the terminal', () => {
  assert.equal(shortenMiddle('tools/call:search_code', 22), 'tools/call:search_code');
  assert.equal(shortenMiddle('tools/call:search_code', 11), 'tools…_code');
  assert.equal(shortenMiddle('漢字漢字漢字', 7), '漢…字');
  assert.equal(shortenEnd('one two three', 9), 'one two…');
  assert.equal(displayWidth('漢字 🚀 é'), 9);
});

test('a run by rates tells its scenarios, cold calls, sessions, what the warm-up left out and where thresholds broke', () => {
  const text = renderText(reportVariants().modelled, { width: 140 });
  const cells = (start: string) => {
    const line = text.split('\n').find((each) => each.startsWith(start)) ?? '';
    return line.trim().split(/\s{2,}/);
  };
  assert.match(text, /Warm-up of 1 min: 151 requests \(2 failed\) left out of all figures but/);
  assert.deepEqual(cells('github-agents '), ['github-agents', '512', '501', '9', '3', '0.58', '400', '900', '900']);
  assert.deepEqual(cells('idle-sessions ').slice(1, 5), ['–', '500', '0', '–']);
  const cold = text.slice(text.indexOf('\nCold and warm calls'), text.indexOf('\nSessions'));
  assert.match(cold, /microsoft_docs_search +5 +910 +1,480 +0 +– +– +290 +310 +720\n/);
  assert.match(text, /\nlearn +14 +12 +2 +12 +12 min 20 s +15 min 1 s +2 SESS_LOST\n/);
  assert.match(text, /✗ +mcp_request_duration +p\(95\)<2500 +each stage +2,650\.5 +stage 2, 5:00–10:00\n/);
  assert.match(text, /✓ +mcp_failures +rate<0\.1 +every 30 s +0\.05 +2:00–2:30\n/);
  assert.match(text, /Planned starts +1,012; 1,001 made, 9 dropped, 3 late, the latest by 71 ms\n/);
  for (const part of [/Warm-up/, /^Scenarios/m, /^Cold/m, /^Sessions/m, /Planned starts/, / over /]) {
    assert.doesNotMatch(renderText(reportFixture()).split('\nNotes\n')[0] ?? '', part);
  }
});
