import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { scheduleProblem } from '../../src/plan/schedule.ts';
import { timerSchedule } from '../../tools/functions-host/timers.ts';
import { problemsOf } from '../support/a-plan.ts';

describe('a schedule', () => {
  const ACCEPTED = [
    '0 */5 * * * *',
    '0 0/5 * * * *',
    '30 0 9-17 * * 1-5',
    '0 0 0 * Jan,JUL MON-FRI',
    '0 0 0 1 September Sund',
    '0,30 * * * * *',
    '0 0 0 29 2 *',
    '0 0 0 31 1-12 *',
    ' 0 0  0 1 1 0 ',
    '0 0 0 */7 * 1-5/2',
    '05 00 09 * * *',
  ];
  for (const text of ACCEPTED) it(`can be "${text}"`, () => assert.equal(scheduleProblem(text), undefined));

  const REFUSED: readonly (readonly [text: string, ...parts: string[]])[] = [
    ['*/5 * * * *', 'expected NCRONTAB with six fields', 'got "*/5 * * * *": write the seconds first, "0 */5 * * * *"'],
    ['', 'expected NCRONTAB with six fields', 'got ""'],
    ['0 0 0 * * * *', 'expected NCRONTAB with six fields', 'got "0 0 0 * * * *"'],
    ['@daily', 'expected NCRONTAB with six fields', 'got "@daily"'],
    ['00:05:00', 'expected NCRONTAB with six fields', 'got "00:05:00"'],
    ['60 * * * * *', 'expected a number from 0 to 59 as the second; found "60"'],
    ['0 0 24 * * *', 'expected a number from 0 to 23 as the hour; found "24"'],
    ['0 0 0 0 * *', 'expected a number from 1 to 31 as the day of the month; found "0"'],
    ['0 0 0 * 13 *', 'expected a number from 1 to 12 or a name such as jan as the month; found "13"'],
    ['0 0 0 * * 7', 'as the day of the week; found "7"; Sunday is 0'],
    ['0 0 0 * * 5-7', 'found "7"; Sunday is 0'],
    ['0 0 0 * Ju *', 'as the month; found "Ju"'],
    ['0 0 0 L * *', 'expected a number from 1 to 31 as the day of the month; found "L"'],
    ['0 0 0 15W * *', 'found "15W"'],
    ['0 0 0 ? * *', 'as the day of the month, each with at most one step such as */5; found "?"'],
    ['0 0 0 * * 5#2', 'found "5#2"'],
    ['0 0 0 * * 5L', 'found "5L"'],
    ['0 0 0 * * +1', 'found "+1"'],
    ['0 1,,2 * * * *', 'found ""'],
    ['0 0 22-2 * * *', 'found "22-2": write "22-23,0-2" to go past the end'],
    ['0 */90 * * * *', 'expected a step up to 59 as part of the minute; "*/90" would fire at 0 only'],
    ['59/5 * * * * *', 'expected no step as part of the second; "59/5" would fire at 59 only'],
    ['0 */0 * * * *', 'expected a step of at least 1 as part of the minute; found "*/0"'],
    ['0 0 0 31 2 *', 'expected a schedule that fires: no month that it names has such a day, got "0 0 0 31 2 *"'],
    ['0 0 0 30 feb *', 'expected a schedule that fires'],
    ['0 0 0 31 4,6,9,11 *', 'expected a schedule that fires'],
  ];
  for (const [text, ...parts] of REFUSED) {
    it(`cannot be "${text}"`, () => {
      const said = scheduleProblem(text) ?? 'accepted';
      for (const part of parts) assert.ok(said.includes(part), said);
    });
  }

  it('that is refused is a problem of the plan', () => {
    assert.match(
      problemsOf({ plan: { schedule: '0 0 0 31 2 *' } }).join(),
      /^schedule: expected a schedule that fires/,
    );
  });

  it('that is accepted fires in the local host too', () => {
    const item = (min: number, max: number) => {
      const value = fc.integer({ min, max });
      const range = fc.tuple(value, value).map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`);
      const start = fc.oneof(fc.constant('*'), value.map(String), range);
      return fc.oneof(
        start,
        fc.tuple(start, fc.integer({ min: 1, max: 9 })).map(([from, step]) => `${from}/${step}`),
      );
    };
    const field = (min: number, max: number) =>
      fc.array(item(min, max), { minLength: 1, maxLength: 3 }).map((items) => items.join(','));
    const fields = [field(0, 59), field(0, 59), field(0, 23), field(1, 31), field(1, 12), field(0, 6)] as const;
    let accepted = 0;
    fc.assert(
      fc.property(fc.tuple(...fields), (parts) => {
        const text = parts.join(' ');
        if (scheduleProblem(text) !== undefined) return;
        accepted++;
        assert.ok(timerSchedule(text).nextMs(Date.UTC(2026, 0, 1)) !== undefined, text);
      }),
      { numRuns: 300 },
    );
    assert.ok(accepted > 30, `${accepted}`);
  });
});
