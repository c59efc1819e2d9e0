import assert from 'node:assert/strict';
import { it } from 'node:test';
import { printable } from '../../src/report/format.ts';

it('makes text one line without anything that controls a terminal', () => {
  assert.equal(printable('a\r\n\tb\u2028c'), 'a b c');
  assert.equal(printable('\u001b[31mred\u007f'), '␛[31mred␡');
  assert.equal(printable('\u009b31m'), '\uFFFD31m');
  assert.equal(printable('user\u202egnp.exe'), 'user\uFFFDgnp.exe');
  assert.equal(printable('\ud800 lone'), '\uFFFD lone');
});

it('changes strings at any depth and keeps everything else', () => {
  const value = { a: [{ b: 'x\u0000' }, 1, null, true], c: 'fine: äö 漢字 🚀' };
  assert.deepEqual(printable(value), { a: [{ b: 'x␀' }, 1, null, true], c: 'fine: äö 漢字 🚀' });
});
