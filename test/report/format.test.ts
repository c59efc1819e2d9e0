import assert from 'node:assert/strict';
import { it } from 'node:test';
import {
  formatCount,
  formatDuration,
  formatInstant,
  formatMoment,
  formatMs,
  formatObserved,
  formatRate,
  formatShare,
  formatTimeOfDay,
} from '../../src/report/format.ts';

const table = <T>(name: string, format: (value: T) => string, cases: readonly (readonly [T, string])[]) =>
  it(name, () =>
    assert.deepEqual(
      cases.map(([value]) => format(value)),
      cases.map(([, text]) => text),
    ),
  );

table('formats milliseconds as precisely as a reader needs', formatMs, [
  [null, '–'],
  [0, '0.00'],
  [0.4249, '0.42'],
  [0.996, '1.0'],
  [8.44, '8.4'],
  [9.96, '10'],
  [331.4, '331'],
  [999.6, '1,000'],
  [1411, '1,411'],
  [3_600_000, '3,600,000'],
]);

table('keeps two significant digits of small rates', formatRate, [
  [0, '0'],
  [0.002171, '0.0022'],
  [0.0949, '0.095'],
  [0.0951, '0.10'],
  [2.4897, '2.49'],
  [9.996, '10.0'],
  [99.96, '100'],
  [1204.4, '1,204'],
]);

table('never rounds a share to 0 % or 100 %', formatShare, [
  [0, '0 %'],
  [0.00001, '<0.01 %'],
  [3 / 2293, '0.13 %'],
  [0.25, '25.0 %'],
  [0.9987, '99.87 %'],
  [0.99999, '>99.99 %'],
  [1, '100 %'],
]);

table('formats a compared value exactly to the microsecond', formatObserved, [
  [null, '–'],
  [499.9996, '500'],
  [499.999, '499.999'],
  [831.2144, '831.214'],
  [0.00130833, '0.001308'],
  [3070, '3,070'],
]);

table('formats durations with their units', formatDuration, [
  [0, '0 s'],
  [0.0084, '8.4 ms'],
  [4.24, '4.2 s'],
  [59.96, '1 min'],
  [921, '15 min 21 s'],
  [3600, '1 h'],
  [7380, '2 h 3 min'],
]);

table('counts moments of a run up from 0:00', formatMoment, [
  [0, '0:00'],
  [7.5, '0:07.5'],
  [59.97, '1:00'],
  [920, '15:20'],
  [3723, '1:02:03'],
]);

it('separates the thousands of counts', () => assert.equal(formatCount(2_293_000), '2,293,000'));

it('formats instants in UTC, with only the time on the day of the run', () => {
  assert.equal(formatInstant('2026-05-09T23:59:59.999+02:00'), '2026-05-09 21:59:59');
  assert.equal(formatInstant('not a time'), 'not a time');
  assert.equal(formatTimeOfDay('2026-05-09T14:02:11Z', '2026-05-09T14:00:00Z'), '14:02:11');
  assert.equal(formatTimeOfDay('2026-05-10T00:02:11Z', '2026-05-09T14:00:00Z'), '2026-05-10 00:02:11');
});
