import assert from 'node:assert/strict';
import { test } from 'node:test';
import { printable } from '../../src/report/format.ts';

test('text becomes one line without anything that drives a terminal', () => {
  assert.equal(printable('a\r\n\tb\u2028c'), 'a b c');
  assert.equal(printable('\u001b[31mred\u007f'), '␛[31mred␡');
  assert.equal(printable('\u009b31m'), '\uFFFD31m');
  assert.equal(printable('user\u202egnp.exe'), 'user\uFFFDgnp.exe');
  assert.equal(printable('\ud800 lone'), '\uFFFD lone');
});

test('strings are found at any depth, everything else is kept', () => {
  const value = { a: [{ b: 'x\u0000' }, 1, null, true], c: 'fine: äö 漢字 🚀' };
  assert.deepEqual(printable(value), { a: [{ b: 'x␀' }, 1, null, true], c: 'fine: äö 漢字 🚀' });
});
