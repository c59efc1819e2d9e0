import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { ceilingSection } from '../../src/report/html/section-verdict.ts';
import type { Report } from '../../src/report/report.ts';
import { displayWidth, ink } from '../../src/report/text/text-table.ts';
import { textCeiling } from '../../src/report/text/text-verdict.ts';
import { ceilingFinding } from '../../src/report/wording.ts';
import type { Ceiling } from '../../src/verdict/verdict.ts';

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

describe('the ceiling in a report', () => {
  it('is told in a line, then stage by stage, as text', () => {
    const [finding = '', heading = '', ...rows] = textCeiling(CEILING, 140, ink(false));
    assert.equal(finding, '  Scenario climb: Held at 80 starts/s, broke at 90.5 starts/s.');
    assert.deepEqual(heading.trim().split(/ {2,}/), ['stage', 'starts/s', 'time', 'broken']);
    assert.deepEqual(
      rows.map((row) => row.trim().split(/ {2,}/)),
      [
        ['✓ held', '1', '80', '0:00 to 0:30'],
        ['✗ broke', '3', '90.5', '0:30 to 1:00', `${BROKEN.metric} p(95)<500: 731.5`],
        ['– not run', '5', '1,600', '1:00 to 1:30'],
      ],
    );
  });

  it('stays within the width, in colour as well', () => {
    for (const width of [80, 100]) {
      for (const line of textCeiling(CEILING, width, ink(true))) {
        assert.ok(displayWidth(stripVTControlCharacters(line)) <= width, line);
      }
    }
  });

  it('is a section of the page, escaped; none without conditions over stages', () => {
    const { markup = '' } = ceilingSection({ ceiling: CEILING } as Report) ?? {};
    for (const part of ['id="ceiling"', 'Held at 80 starts/s', '✓', '✗', 'not run', '731.5', '&lt;b&gt;']) {
      assert.ok(markup.includes(part), `${part} is not in ${markup}`);
    }
    assert.ok(!markup.includes('<b>'));
    assert.equal(ceilingSection({} as Report), null);
  });

  it('says what was found when not both are known', () => {
    const found = (held: number | null, broke: number | null) =>
      ceilingFinding({ ...CEILING, unit: 'vus', held, broke });
    assert.equal(found(null, 5), 'Never held, broke at 5 virtual users.');
    assert.equal(found(20, null), 'Held at 20 virtual users; no stage broke.');
    assert.equal(found(null, null), 'No stage was run to its end.');
  });
});
