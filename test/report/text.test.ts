import assert from 'node:assert/strict';
import { it } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import cliTruncate from 'cli-truncate';
import stringWidth from 'string-width';
import { formatCount, formatMs, formatRate } from '../../src/report/format.ts';
import { renderHtml } from '../../src/report/html/html.ts';
import { renderJson } from '../../src/report/render-report.ts';
import { makeReport, type Report, type ReportTarget } from '../../src/report/report.ts';
import { renderText } from '../../src/report/text/text.ts';
import { aPlan } from '../support/a-plan.ts';
import { ansiInk } from '../support/ansi-ink.ts';
import { judgedRun } from '../support/judged-run.ts';
import { reportFixture } from '../support/report-fixture.ts';
import { GITHUB_AGENTS_ROW, reportVariants } from '../support/report-variants.ts';
import { summaryOf } from '../support/summary-of.ts';

const variants = Object.entries(reportVariants());

/** The lines from the figures of the operations on. */
function operationLines(report: Report): string[] {
  const lines = renderText(report).split('\n');
  return lines.slice(lines.indexOf('Operations'));
}

it('starts with the verdict and its reasons, then shows what failed, then the figures', () => {
  const text = renderText(reportFixture());
  const order = ['✗ FAILED: mcp_request_duration{', 'run 20260509', 'Failures\n', 'TOOL_ERROR', 'isError: true']
    .concat([
      '“failed to search code',
      'Warnings',
      'Totals\n',
      'Operations',
      'Thresholds\n',
      'Load generator\n',
      'Notes\n',
    ])
    .map((part) => text.indexOf(part));
  assert.ok(order.every((at) => at >= 0));
  assert.deepEqual(
    order,
    order.toSorted((a, b) => a - b),
  );
});

it('says in every form who started and who stopped the run, if that is known', () => {
  const stopped = { by: 'bob@example.com', at: '2026-05-09T10:01:07.500Z' };
  const report = { ...reportFixture(), startedAt: '2026-05-09T10:00:00.000Z', startedBy: 'ann@example.com', stopped };
  const [, line = ''] = /^(.* · run .*)$/m.exec(renderText(report, { width: 2000 })) ?? [];
  assert.match(line, / · started by ann@example\.com · stopped by bob@example\.com at 10:01:07$/);
  const page = renderHtml(report);
  assert.match(page, /<dt>Started by<\/dt><dd>ann@example\.com<\/dd>/);
  assert.match(page, /<dt>Stopped by<\/dt><dd>bob@example\.com at 10:01:07<\/dd>/);
  const json = JSON.parse(renderJson(report)) as Report;
  assert.deepEqual([json.startedBy, json.stopped], ['ann@example.com', stopped]);
  const command = reportFixture();
  for (const text of [renderText(command), renderHtml(command), renderJson(command)]) {
    assert.doesNotMatch(text, /started ?by|stopped ?by/i);
  }
  const byKey = { ...reportFixture(), startedBy: 'unknown' };
  for (const text of [renderText(byKey), renderHtml(byKey)]) assert.doesNotMatch(text, /started ?by/i);
  assert.equal((JSON.parse(renderJson(byKey)) as Report).startedBy, 'unknown');
});

it('ends with the verdict in one sentence again', () => {
  for (const [name, report] of variants) {
    const lines = renderText(report, { width: 2000 }).split('\n');
    assert.match(lines[0] ?? '', /^. [A-Z]+: /, name);
    assert.deepEqual(lines.slice(-3), ['', lines[0], ''], name);
  }
});

it('says of each target which server it is, which revision it speaks and whether it keeps sessions', () => {
  const modern = { ...(reportFixture().targets[0] as ReportTarget), protocolVersion: '2026-07-28' };
  const text = renderText(reportFixture({ targets: [...reportFixture().targets, { ...modern, name: 'new' }] }), {
    width: 140,
  });
  const of = (target: string) =>
    text
      .slice(text.indexOf('\nTargets\n'))
      .split('\n')
      .find((line) => line.startsWith(`${target} `))
      ?.split(/\s{2,}/)
      .slice(2);
  assert.deepEqual(of('github'), ['github-mcp-server 0.31.0', '2025-11-25 (legacy)', 'stateful']);
  assert.deepEqual(of('context7'), ['Context7 2.1.1', '2025-11-25 (legacy)', 'stateless']);
  assert.deepEqual(of('new'), ['Microsoft Learn MCP Server 1.0.0', '2026-07-28 (modern)', 'stateful']);
  assert.match(text, /\nSessions\n {2}context7, ado are stateless: they keep no sessions\.\n/);
});

it('has the time until failures were known, of the operations that have some', () => {
  const text = renderText(reportFixture());
  const failures = text.slice(text.indexOf('\nFailures\n'), text.indexOf('\nWarnings\n'));
  assert.match(failures, /Time until a failure was known, in ms/);
  assert.match(failures, /\ngithub\n {2}tools\/call:search_code +3 +64 +71 +71\n/);
  assert.doesNotMatch(renderText(reportVariants().passed), /Time until a failure/);
});

it('leaves sentences that are the same in every report to HTML, and keeps the notes of this run', () => {
  const note = 'Tool look of web: its outputSchema cannot be used.';
  const samples = [{}];
  const targets = [{ ...(reportFixture().targets[0] as ReportTarget), notes: [note] }];
  const run = { runId: 'r', planHash: 'h', plan: aPlan(), startAtMs: 0, endedAtMs: 0, targets };
  const { notes } = makeReport({ ...run, summary: summaryOf(samples), judged: judgedRun({ samples }) });
  assert.ok(notes.length > 3 && notes.at(-1) === note);
  const report = reportFixture({ notes });
  const text = renderText(report, { width: 2000 });
  assert.match(text, new RegExp(`\\nNotes\\n  ${note}\\n`));
  const page = renderHtml(report);
  for (const constant of [...notes.slice(0, -1), 'A request is useful when', 'Time to first byte is not latency']) {
    assert.ok(page.includes(constant.replaceAll("'", '&#39;')), constant);
    assert.ok(!text.includes(constant), constant);
  }
});

it('has a line with the figures of every operation', () => {
  const report = reportFixture();
  const lines = operationLines(report);
  assert.ok(report.operations.length > 20);
  for (const { target, operation, count, failures, latencyMs, requestsPerSecond } of report.operations) {
    const line = lines.slice(lines.indexOf(target)).find((each) => each.startsWith(`  ${operation} `)) ?? '';
    const cells = line.trim().split(/\s{2,}/);
    assert.deepEqual(cells.slice(1, 3), [formatCount(count), formatCount(failures)], operation);
    const latencies = [latencyMs?.p50, latencyMs?.p95, latencyMs?.p99, latencyMs?.max];
    assert.deepEqual(cells.slice(3, 7), latencies.map(formatMs), operation);
    assert.deepEqual(cells.slice(7), [formatRate(requestsPerSecond)], operation);
  }
});

it('aligns figures under their headings', () => {
  const lines = operationLines(reportFixture());
  const at = lines.findIndex((line) => line.startsWith('Operation  '));
  const heading = lines[at] ?? '';
  const rows = lines.slice(at + 1, lines.indexOf('', at)).filter((line) => /^ {2}\S+ {2,}/.test(line));
  assert.ok(rows.length > 20);
  for (const name of ['Requests', 'Failures', 'p50', 'p95', 'p99', 'max', 'Req/s']) {
    const end = heading.indexOf(name) + name.length;
    for (const row of rows) assert.match(row.slice(end - 1), /^[\d–]( |$)/, `${name}: ${row}`);
  }
});

it('keeps every line within the given width, whatever the names are', () => {
  for (const width of [80, 100, 140]) {
    for (const [name, report] of variants) {
      for (const line of renderText(report, { width }).split('\n')) {
        assert.ok(stringWidth(line) <= width, `${name} at ${width}: ${line}`);
      }
    }
  }
});

it('adds colours only when given, and changes nothing else then', () => {
  for (const [name, report] of variants) {
    const plain = renderText(report);
    const coloured = renderText(report, { paint: ansiInk });
    assert.doesNotMatch(plain, /(?!\n)[\p{Cc}\p{Bidi_Control}]/u, name);
    assert.notEqual(coloured, plain, name);
    assert.equal(stripVTControlCharacters(coloured), plain, name);
  }
});

it('leaves no hole in any kind of report', () => {
  for (const [name, report] of variants) {
    assert.doesNotMatch(renderText(report), /undefined|NaN|Infinity|\[object|\bnull\b/, name);
  }
});

it('says that the figures of an invalid run prove nothing, and which rules were broken', () => {
  const text = renderText(reportVariants().invalid);
  assert.match(text, /^⚠ INVALID: .*prove nothing/);
  assert.match(text, /✗ not met +event loop kept up +delay p99 412 ms; 50 ms allowed/);
  assert.match(text, /2 of 4 rules were not met/);
});

it('says that no requests were sent, and leaves out the failures when there are none', () => {
  assert.match(renderText(reportVariants().empty), /No requests were sent\./);
  assert.match(renderText(reportVariants().empty), /✗ not met {2}mcp_failures .*no samples/);
  assert.doesNotMatch(renderText(reportVariants().passed), /^Failures$/m);
});

it('shows pauses that a target asked for with the totals', () => {
  const text = renderText(reportVariants().troubled, { width: 200 });
  const totals = text.slice(text.indexOf('\nTotals\n'), text.indexOf('\nOperations'));
  assert.match(
    totals,
    /\n {2}github asked for 12 pauses \(Retry-After\), 48 s in total and 10 s at most; virtual users sent nothing in them\.\n/,
  );
  assert.match(totals, /\n {2}context7 asked for 1 pause of 2 s \(Retry-After\)/);
  assert.doesNotMatch(renderText(reportFixture()), /Retry-After/);
});

it('has a line for each operation that opened, waited for or lost connections, and a sentence for each oddity', () => {
  const { troubled, single } = reportVariants();
  const text = renderText(troubled, { width: 200 });
  const lines = text.slice(text.indexOf('\nConnections'), text.indexOf('\nThresholds')).split('\n');
  const cells = (operation: string) =>
    lines
      .find((line) => line.startsWith(`  ${operation} `))
      ?.trim()
      .split(/\s{2,}/);
  const search = ['12', '0.10', '0.19', '17', '26', '21', '33', '0.20', '251', '17', '0', '0'];
  assert.deepEqual(cells('tools/call:microsoft_docs_search')?.slice(1), search);
  assert.deepEqual(cells('tools/call:wit_work_item')?.slice(1, 7), ['0', '38', '194', '–', '–', '–']);
  assert.equal(cells('tools/call:pipelines_build'), undefined);
  assert.ok(lines.includes('  3 requests to learn were retries; their first attempts count as requests too.'));
  assert.doesNotMatch(renderText(single), /^Connections/m);
});

it('names a target that was given up in the verdict and among the broken rules', () => {
  const text = renderText(reportVariants().rejected, { width: 200 });
  assert.match(text, /^⚠ INVALID/);
  assert.equal(text.match(/ado was given up 12\.3 s after the start: it refused fresh credentials twice/g)?.length, 2);
});

it('rejects a report of another schema and says how to get it', () => {
  const old = { ...reportFixture(), schemaVersion: 3 as 4 };
  for (const render of [renderText, renderHtml]) {
    assert.throws(
      () => render(old),
      /^Error: The report of run 20260509-140000-k3v9qd has schemaVersion 3, .* can only render 4\. Get it as JSON/,
    );
  }
  assert.equal(JSON.parse(renderJson(old)).schemaVersion, 3);
});

it('cuts names in the middle and messages at the end, by columns of the terminal', () => {
  assert.equal(cliTruncate('tools/call:search_code', 22, { position: 'middle' }), 'tools/call:search_code');
  assert.equal(cliTruncate('tools/call:search_code', 11, { position: 'middle' }), 'tools…_code');
  assert.equal(cliTruncate('漢字漢字漢字', 7, { position: 'middle' }), '漢…字');
  assert.equal(cliTruncate('one two three', 9, { preferTruncationOnSpace: true }), 'one two…');
  assert.equal(stringWidth('漢字 🚀 é'), 9);
});

it('shows scenarios, cold calls, sessions, the warm-up and where thresholds broke for a run with arrival rates', () => {
  const text = renderText(reportVariants().modelled, { width: 140 });
  const cells = (start: string) => {
    const line = text.split('\n').find((each) => each.startsWith(start)) ?? '';
    return line.trim().split(/\s{2,}/);
  };
  assert.match(text, /Warm-up of 1 min: 151 requests \(2 failed\) left out of all figures except/);
  assert.deepEqual(cells('github-agents '), GITHUB_AGENTS_ROW);
  assert.deepEqual(cells('idle-sessions ').slice(1, 5), ['–', '500', '0', '–']);
  const checks = text.slice(text.indexOf('\nChecks\n'), text.indexOf('\nLoad generator'));
  assert.match(checks, /\nlearn-agents\n {2}notEmpty +tools\/call:microsoft_docs_search \(step 1\) +300 +0 +100 %\n/);
  assert.match(checks, /\n {2}contains "Azure" +tools\/call:microsoft_docs_search \(step 1\) +287 +13 +95\.7 %\n/);
  const cold = text.slice(text.indexOf('\nCold and warm calls'), text.indexOf('\nSessions'));
  assert.match(cold, /microsoft_docs_search +5 +910 +1,480 +0 +– +– +290 +310 +720\n/);
  assert.match(text, /\nlearn +14 +12 +2 +12 +12 min 20 s +15 min 1 s +15 min 1 s +2 SESS_LOST\n/);
  assert.match(
    text,
    /✗ not met +mcp_request_duration +p\(95\)<2500 +over each stage +2,650\.5\n +in stage 2, 5:00–10:00\n/,
  );
  assert.match(text, /✓ met +mcp_failures +rate<0\.1 +over every 30 s +0\.05\n +in 2:00–2:30\n/);
  assert.match(text, /Planned starts +1,012; 1,001 made, 9 dropped, 3 late, 71 ms at most\n/);
  for (const part of [/Warm-up/, /^Scenarios/m, /^Cold/m, /Planned starts/, / over /]) {
    assert.doesNotMatch(renderText(reportFixture()).split('\nNotes\n')[0] ?? '', part);
  }
});
