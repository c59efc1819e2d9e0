import assert from 'node:assert/strict';
import { it } from 'node:test';
import { renderHtml } from '../../src/report/html/html.ts';
import { type SectionId, sectionsOf } from '../../src/report/sections.ts';
import type { Table } from '../../src/report/table.ts';
import { renderText } from '../../src/report/text/text.ts';
import { plainInk } from '../../src/report/text/text-table.ts';
import type { OutcomeGroup } from '../../src/summary/summary.ts';
import { SILENT } from '../support/report-unanswered.ts';
import { reportVariants } from '../support/report-variants.ts';

const { unanswered: report, passed, unjudged, modelled } = reportVariants();
const silent = report.operations.find(({ operation }) => operation === SILENT.operation) ?? assert.fail();

function tableOf(section: SectionId, of = report): Table {
  return sectionsOf(of, 'html').get(section)?.tables[0] ?? assert.fail(`no section ${section}`);
}

/** The cells of a row, by the title of their column. */
function rowOf({ columns, groups }: Table, name: string): Record<string, string> {
  const row = groups.flatMap(({ rows }) => rows).find((cells) => cells.some(({ text }) => text === name));
  return Object.fromEntries((row ?? assert.fail(`no row ${name}`)).map(({ text }, at) => [columns[at]?.title, text]));
}

it('the table of operations shows how many requests had no answer and the longest wait, and marks lower bounds', () => {
  const { p50, p95, p99, max, ...row } = rowOf(tableOf('operations'), SILENT.operation);
  assert.deepEqual([row['No answer'], row['Longest wait']], [String(silent.withoutAnswer), '30,000']);
  assert.match(p50 ?? '', /^\d+$/);
  assert.deepEqual([p95, p99, max], ['≥ 30,000', '≥ 30,000', '≥ 30,000']);
  const other = rowOf(tableOf('operations'), 'tools/call:query-docs');
  assert.deepEqual([other['No answer'], other['Longest wait']], ['0', '–']);
  const titles = tableOf('operations', passed).columns.map(({ title }) => title);
  assert.ok(!titles.includes('No answer') && !titles.includes('Longest wait'));
});

it('the table of operations shows the calls for which no session was opened, with an operation that was never sent', () => {
  const operations = report.operations.map((each) =>
    each === silent ? { ...each, count: 0, useful: 0, failures: 0, censored: 0, withoutAnswer: 0, blocked: 41 } : each,
  );
  const row = rowOf(tableOf('operations', { ...report, operations }), SILENT.operation);
  assert.deepEqual(
    [row.Requests, row['No session'], row['No answer'], row['Longest wait']],
    ['0', '41', '0', '30,000'],
  );
  assert.ok(!tableOf('operations').columns.some(({ title }) => title === 'No session'));
});

it('text keeps the requests without an answer on a narrow terminal, where it leaves out other columns', () => {
  const headingAt = (width: number) =>
    renderText(report, { width })
      .split('\nOperations\n')[1]
      ?.split('\n')
      .find((line) => line.startsWith('Operation '));
  assert.match(headingAt(140) ?? '', /Failures +No answer +Longest wait +p50 +p95 +p99 +max +Req\/s$/);
  assert.match(headingAt(80) ?? '', /Failures +No answer +p50 +p95 +p99$/);
});

it('every table of operations has the steps of the plan first and the requests of the protocol in groups of their own', () => {
  const ids = ['operations', 'clocks', 'connections'] as const;
  for (const id of ids) {
    const groups = tableOf(id).groups.map(({ title }) => title ?? '');
    const first = groups.findIndex((title) => title.startsWith('Protocol: '));
    assert.ok(first >= (id === 'connections' ? 0 : 1), id);
    assert.ok(
      groups.slice(first).every((title) => title.startsWith('Protocol: ')),
      id,
    );
  }
  const names = tableOf('operations').groups.flatMap(({ title, rows }) =>
    rows.map(([cell]) => [title?.startsWith('Protocol: '), cell?.text.startsWith('tools/call:')]),
  );
  assert.equal(names.length, report.operations.length);
  for (const [isProtocol, isCall] of names) assert.equal(isProtocol, !isCall);
});

it('the failures of steps come before those of the protocol, and the sentence counts both', () => {
  const { groups } = tableOf('failures');
  assert.deepEqual(
    groups.map(({ title, rows }) => [title, rows.map(([, outcome]) => outcome?.text)]),
    [
      [null, ['TMO_TOTAL', 'TOOL_ERROR']],
      ['Protocol', ['HTTP_503']],
    ],
  );
  const { totals, protocol } = report;
  assert.deepEqual(sectionsOf(report, 'text').get('failures')?.findings, [
    `${totals.failures} of ${(totals.useful + totals.failures).toLocaleString('en')} step requests failed, and 1 of ${protocol.useful + 1} protocol requests.`,
  ]);
});

it('the totals are about steps, with the requests of the protocol and those that a stop ended beside them', () => {
  const rows = tableOf('totals').groups.flatMap((group) => group.rows.map((row) => row.map(({ text }) => text)));
  const { totals, protocol } = report;
  const of = (name: string) => rows.find(([figure]) => figure === name)?.slice(1);
  assert.equal(of('Step requests')?.[0], totals.requests.toLocaleString('en'));
  assert.match(of('Failures')?.[1] ?? '', new RegExp(`% · ${silent.failures} by silence$`));
  assert.deepEqual(of('Ended by us before an answer'), [`${silent.censored}`, 'neither useful nor failures']);
  assert.deepEqual(of('Protocol requests'), [`${protocol.requests}`, '1 failed']);
  for (const name of ['Ended by us before an answer', 'Protocol requests']) {
    assert.doesNotMatch(renderText(passed), new RegExp(name));
  }
});

it('the totals of a plan without steps are about all requests', () => {
  const all = {
    ...report,
    series: report.series.map((each) => (each.target === '*' ? { ...each, kind: 'all' as const } : each)),
  };
  const names = tableOf('totals', all).groups.flatMap(({ rows }) => rows.map(([name]) => name?.text));
  assert.deepEqual(names.slice(0, 2), ['Requests', 'Useful']);
  assert.ok(!names.includes('Protocol requests'));
});

it('text shows an unjudged run in yellow, with the useful share and the worst operation in its first line', () => {
  const yellow = (text: string) => `<${text}>`;
  const [first] = renderText(unjudged, { paint: { ...plainInk, yellow }, width: 200 }).split('\n');
  assert.match(
    first ?? '',
    /^<\? UNJUDGED: The plan has no thresholds: 99\.05 % of 2217 requests were useful; the worst operation was tools\/call:microsoft_docs_search of learn with 94\.91 %\.>$/,
  );
});

it('a threshold shows an observed value that is only a lower bound', () => {
  assert.equal(rowOf(tableOf('thresholds'), 'mcp_request_duration{target:learn}').Observed, '≥ 30,000');
  assert.match(renderText(report, { width: 140 }), /✗ not met +mcp_request_duration\{target:learn\} .* ≥ 30,000\n/);
  assert.match(renderHtml(report), /≥ 30,000/);
});

it('unfinished iterations are in the totals and in the table of scenarios, where there are any', () => {
  const scenarios = modelled.scenarios.map((each, at) => ({ ...each, unfinishedIterations: [5, 0, 1200][at] ?? 0 }));
  const cut = { ...modelled, scenarios };
  const total = rowOf(tableOf('totals', cut), 'Unfinished iterations');
  assert.deepEqual([total.Value, total.Detail], ['1,205', 'began and did not reach their end']);
  const column = scenarios.map(({ scenario }) => rowOf(tableOf('scenarios', cut), scenario).Unfinished);
  assert.deepEqual(column, ['5', '0', '1,200']);
  assert.match(renderText(cut, { width: 200 }), /\nUnfinished iterations +1,205 +began and did not reach their end\n/);
  const none = [tableOf('totals', modelled), tableOf('scenarios', modelled)];
  assert.ok(!JSON.stringify(none).includes('Unfinished'));
});

it('failures that are not listed are counted, and the caption says in which order the others are', () => {
  const group = (at: number, kind: Pick<OutcomeGroup, 'kind'> = {}): OutcomeGroup => {
    const [first] = report.failures.filter((each) => each.kind === undefined);
    return { ...(first ?? assert.fail()), outcome: `RPC_${at}`, count: 100 - at, ...kind };
  };
  const steps = Array.from({ length: 18 }, (_, at) => group(2 * at));
  const protocol = Array.from({ length: 4 }, (_, at) => group(2 * at + 1, { kind: 'protocol' }));
  const failures = [...steps, ...protocol].toSorted((a, b) => b.count - a.count);
  const section = sectionsOf({ ...report, failures }, 'text').get('failures') ?? assert.fail();
  assert.deepEqual(
    section.tables[0]?.groups.map(({ title, rows }) => [title, rows.length]),
    [
      [null, 18],
      ['Protocol', 2],
    ],
  );
  // Frequent failures of the protocol can be among these, because steps come first.
  assert.deepEqual(section.footnotes, ['Not listed: 2 more groups with 188 requests. The JSON report has them all.']);
  assert.match(section.tables[0]?.caption ?? '', /^Steps before the protocol, each with the most frequent first; /);
  const [only] = sectionsOf({ ...report, failures: steps }, 'text').get('failures')?.tables ?? [];
  assert.equal(only?.caption, 'Most frequent first; times in UTC');
});

it('a run in which no session could be opened has charts of its failures', () => {
  const blocked = 41;
  const none = { requests: 0, requestsPerSecond: 0, failures: 0, p50Ms: null, p95Ms: null, p99Ms: null };
  const operations = report.operations.flatMap((each) =>
    each === silent
      ? [{ ...each, count: 0, useful: 0, failures: 0, censored: 0, withoutAnswer: 0, latencyMs: null, blocked }]
      : [],
  );
  const series = report.series.map((each) => ({
    ...each,
    points: each.points.map((point, at) => ({ ...point, ...none, ...(at === 0 ? { blocked } : {}) })),
  }));
  const totals = { ...report.totals, requests: 0, useful: 0, failures: 0, blocked };
  const page = renderHtml({ ...report, operations, series, totals });
  assert.equal(page.match(/aria-label="Failures over time: 41 in total/g)?.length, 2);
  assert.match(page, /<p>0 requests · <b class="bad">41 without a session<\/b><\/p>/);
  assert.match(page, /<table class="series dense">.*<th scope="col" class="n">No session<\/th>/s);
});
