import assert from 'node:assert/strict';
import { it } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import stringWidth from 'string-width';
import { renderHtml } from '../../src/report/html/html.ts';
import { renderText } from '../../src/report/text/text.ts';
import { plainInk } from '../../src/report/text/text-table.ts';
import { ceilingSentence } from '../../src/verdict/judge.ts';
import type { Ceiling } from '../../src/verdict/verdict.ts';
import { ansiInk } from '../support/ansi-ink.ts';
import { reportFixture } from '../support/report-fixture.ts';

const BROKEN = { metric: 'mcp_request_duration{operation:tools/call:<b>}', expression: 'p(95)<500', observed: 731.5 };
const CEILING: Ceiling = {
  scenario: 'climb',
  unit: 'starts/s',
  stages: [
    { index: 0, level: 80, fromSeconds: 0, toSeconds: 30, held: true, broken: [] },
    { index: 2, level: 90.5, fromSeconds: 30, toSeconds: 60, held: false, broken: [BROKEN] },
    { index: 4, level: 1600, fromSeconds: 60, toSeconds: 90, held: null, broken: [] },
  ],
  held: 80,
  broke: 90.5,
};

/** The lines of the ceiling section in text, without its heading. */
function ceilingLines(ceiling: Ceiling, width: number, paint = plainInk): string[] {
  const lines = renderText(reportFixture({ ceiling }), { width, paint }).split('\n');
  const from = lines.findIndex((line) => stripVTControlCharacters(line) === 'Ceiling');
  return lines.slice(from + 1, lines.indexOf('', from));
}

it('the ceiling of a report is a sentence and a line per stage in text', () => {
  const [, finding = '', , heading = '', ...rows] = ceilingLines(CEILING, 140);
  assert.equal(finding.trim(), ceilingSentence(CEILING));
  assert.match(finding, /^ {2}Scenario climb held at 80 starts\/s.* broke at 90\.5/);
  assert.deepEqual(heading.trim().split(/ {2,}/), ['Result', 'Stage', 'Starts/s', 'Time', 'Conditions not met']);
  assert.deepEqual(
    rows.map((row) => row.trim().split(/ {2,}/)),
    [
      ['✓ held', '1', '80', '0:00 to 0:30'],
      ['✗ broke', '3', '90.5', '0:30 to 1:00', `${BROKEN.metric} p(95)<500: 731.5`],
      ['– not run', '5', '1,600', '1:00 to 1:30'],
    ],
  );
});

it('the ceiling of a report stays within the width, in colour as well', () => {
  for (const width of [80, 100]) {
    const lines = ceilingLines(CEILING, width, ansiInk);
    assert.ok(lines.length >= 6);
    for (const line of lines) assert.ok(stringWidth(stripVTControlCharacters(line)) <= width, line);
  }
});

it('the ceiling of a report is an escaped section of the page, and absent without conditions over stages', () => {
  const sectionOf = (page: string) => page.match(/<section id="ceiling">.*?<\/section>/s)?.[0];
  const markup = sectionOf(renderHtml(reportFixture({ ceiling: CEILING }))) ?? '';
  for (const part of ['id="ceiling"', 'held at 80 starts/s', '✓', '✗', 'not run', '731.5', '&lt;b&gt;']) {
    assert.ok(markup.includes(part), `${part} is not in ${markup}`);
  }
  assert.ok(!markup.includes('<b>'));
  assert.equal(sectionOf(renderHtml(reportFixture())), undefined);
  assert.doesNotMatch(renderText(reportFixture()), /^Ceiling$/m);
});

it('the ceiling of a report says what was found when the highest level that held, or the level that broke, is unknown', () => {
  const found = (held: number | null, broke: number | null) =>
    ceilingLines({ ...CEILING, unit: 'vus', held, broke }, 100)[1]?.trim();
  assert.equal(found(null, 5), 'Scenario climb broke at 5 virtual users, in its first stage.');
  assert.equal(found(20, null), 'Scenario climb held up to 20 virtual users.');
  assert.match(found(null, null) ?? '', /^Scenario climb (completed|ran) none of its stages/);
});
