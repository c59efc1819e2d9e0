import assert from 'node:assert/strict';
import { it } from 'node:test';
import { timerSchedule, timeSpanMs } from '../timers.ts';

function next(schedule: string, after: string): string | undefined {
  const ms = timerSchedule(schedule).nextMs(Date.parse(after));
  return ms === undefined ? undefined : new Date(ms).toISOString();
}

it('NCRONTAB starts with seconds in six fields and with minutes in five, and is in UTC', () => {
  assert.equal(next('*/15 * * * * *', '2026-03-29T00:59:50Z'), '2026-03-29T01:00:00.000Z');
  assert.equal(next('0 30 9 * * 1-5', '2026-11-20T09:30:00Z'), '2026-11-23T09:30:00.000Z');
  assert.equal(next('30 9 * * MON', '2026-11-20T00:00:00Z'), '2026-11-23T09:30:00.000Z');
});

it('day of month and day of week must both match, as in NCRONTAB', () => {
  assert.equal(next('0 0 0 13 * 5', '2026-01-01T00:00:00Z'), '2026-02-13T00:00:00.000Z');
});

it('a step after a value runs to the end of the field, and names can be written in full, as in NCRONTAB', () => {
  assert.equal(next('0 5/10 * * * *', '2026-01-01T00:46:00Z'), '2026-01-01T00:55:00.000Z');
  assert.equal(next('0 5/10 * * * *', '2026-01-01T00:55:00Z'), '2026-01-01T01:05:00.000Z');
  assert.equal(next('0 0 0 * March Monday', '2026-01-01T00:00:00Z'), '2026-03-02T00:00:00.000Z');
});

it('a time span is the interval between two runs', () => {
  assert.equal(next('00:05:00', '2026-11-23T10:00:01Z'), '2026-11-23T10:05:01.000Z');
  assert.equal(timeSpanMs('1.02:03:04.5'), 93_784_500);
  assert.equal(timeSpanMs('5 minutes'), undefined);
});

it('any other schedule is refused, and the error quotes it', () => {
  assert.throws(() => timerSchedule('every now and then'), /Schedule "every now and then" is neither NCRONTAB/);
  assert.throws(() => timerSchedule('61 * * * * *'), /is neither NCRONTAB/);
  assert.throws(() => timerSchedule('00:00:00'), /longer than zero/);
});
