import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { decodeText } from '../../src/plan/decode-text.ts';
import { parsePlan } from '../../src/plan/parse-plan.ts';
import { YAML } from './refused-plan.ts';

const TEXT = 'description: "café – 10 €, 日本語"\n';
const utf16le = (text: string) => Buffer.from(text, 'utf16le');
const utf16be = (text: string) => Buffer.from(text, 'utf16le').swap16();

describe('the bytes of a plan', () => {
  const READ: Record<string, Uint8Array> = {
    'UTF-8': Buffer.from(TEXT),
    'UTF-8 with a byte order mark': Buffer.from(`\uFEFF${TEXT}`),
    'UTF-16 of PowerShell, with its byte order mark': utf16le(`\uFEFF${TEXT}`),
    'big-endian UTF-16 with its byte order mark': utf16be(`\uFEFF${TEXT}`),
  };
  for (const [name, bytes] of Object.entries(READ)) {
    it(`can be ${name}`, () => {
      assert.equal(decodeText(bytes), TEXT);
      const withPlan = name.includes('16')
        ? [bytes, (name.startsWith('big') ? utf16be : utf16le)(YAML)]
        : [bytes, Buffer.from(YAML)];
      const parsed = parsePlan(Buffer.concat(withPlan));
      assert.ok(parsed.ok, JSON.stringify(parsed));
      assert.equal(parsed.plan.description, 'café – 10 €, 日本語');
    });
  }

  const latin1 = (text: string) => Buffer.from(text, 'latin1');
  const REFUSED: Record<string, readonly [bytes: Uint8Array, line: number, column: number, message: string]> = {
    'Windows-1252': [latin1('name: a\ndescription: café\n'), 2, 17, 'the byte 0xE9 here, which is "é" in Windows-1252'],
    'Windows-1252 at the end of the file': [latin1('name: café'), 1, 10, 'the byte 0xE9 here, which is "é"'],
    'a quotation mark of Windows': [Buffer.from('name: \x93a', 'latin1'), 1, 7, 'the byte 0x93 here, which is "“"'],
    'a byte without a meaning': [Buffer.from('a: \x81', 'latin1'), 1, 4, 'it has the byte 0x81 here; save it'],
    'mixed with UTF-8': [Buffer.concat([Buffer.from('é: '), latin1('ü\n')]), 1, 4, 'the byte 0xFC here, which is "ü"'],
    'UTF-16 without a byte order mark': [utf16le(YAML), 1, 1, 'looks like UTF-16 without a byte order mark; save it'],
    'big-endian UTF-16 without one': [utf16be(YAML), 1, 1, 'looks like UTF-16 without a byte order mark'],
    'UTF-16 that is cut': [
      utf16le(`\uFEFF${YAML}`).subarray(0, 21),
      1,
      1,
      'UTF-16 with a character that is cut in two',
    ],
    'UTF-32': [Buffer.from([0xff, 0xfe, 0, 0, 0x61, 0, 0, 0]), 1, 1, 'the file is UTF-32; save it as UTF-8'],
  };
  for (const [name, [bytes, line, column, message]] of Object.entries(REFUSED)) {
    it(`cannot be ${name}, which is named with its place`, () => {
      const parsed = parsePlan(bytes);
      assert.ok(!parsed.ok);
      const [problem] = parsed.problems;
      assert.deepEqual({ line: problem?.line, column: problem?.column }, { line, column });
      assert.ok(problem?.message.includes(message), problem?.message);
    });
  }

  it('keep every text, whatever it contains', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const plain = `x${text}`;
        assert.equal(decodeText(Buffer.from(plain)), plain);
        assert.equal(decodeText(utf16le(`\uFEFF${plain}`)), plain);
      }),
    );
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        const text = decodeText(bytes);
        assert.ok(typeof text === 'string' || (text.line >= 1 && text.column >= 1));
      }),
    );
  });
});
