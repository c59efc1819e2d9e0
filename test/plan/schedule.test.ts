import assert from 'node:assert/strict';
import { it } from 'node:test';
import { isSchedule } from '../../src/plan/primitives.ts';

it('takes the NCRONTAB that Azure timer triggers take', () => {
  for (const text of [
    '0 */5 * * * *',
    '30 0 9-17 * * 1-5',
    '0 0 0 * Jan,JUL MON-FRI',
    '0,30 * * * * *',
    '0 0 0 29 2 *',
    ' 0 0  0 1 1 0 ',
    '0 0 0 */7 * 1-5/2',
  ]) {
    assert.ok(isSchedule(text), text);
  }
});

it('refuses five fields, and values out of range', () => {
  for (const text of [
    '*/5 * * * *',
    '',
    '0 0 0 * * * *',
    '60 * * * * *',
    '0 0 24 * * *',
    '0 0 0 0 * *',
    'a b c d e f',
  ]) {
    assert.equal(isSchedule(text), false, text);
  }
});

it('refuses what other crons know and a timer trigger does not', () => {
  for (const text of [
    '0 0 0 L * *',
    '0 0 0 15W * *',
    '0 0 0 ? * *',
    '0 0 0 * * 5#2',
    '0 0 0 * * 5L',
    '0 0 0 * * L',
    '0 0 0 * * 7',
    '0 0 0 * * 5-7',
    '@daily',
    '0 0 0 * * +1',
  ]) {
    assert.equal(isSchedule(text), false, text);
  }
});
