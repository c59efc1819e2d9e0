import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, it } from 'node:test';
import { parsePlan } from '../../src/plan/parse-plan.ts';
import { readBounded, relativeFileReader } from '../../src/run/text-file.ts';
import { planText } from '../support/a-plan.ts';

const folder = mkdtempSync(join(tmpdir(), 'mcp-surge-text-'));
after(() => rmSync(folder, { recursive: true }));
writeFileSync(join(folder, 'words.csv'), Buffer.from('id,text\n1,café\n', 'latin1'));
writeFileSync(join(folder, 'utf16.csv'), Buffer.from('\uFEFFid,text\n1,café\n', 'utf16le'));
execFileSync('mkfifo', [join(folder, 'pipe.csv')]);

const CASES: readonly (readonly [file: string, expected: string])[] = [
  ['words.csv', 'words.csv: line 2, column 6: the file is not UTF-8: it has the byte 0xE9 here'],
  ['pipe.csv', 'pipe.csv: expected a regular file'],
  ['/dev/zero', '/dev/zero: expected a regular file'],
  ['.', '.: expected a regular file'],
  ['/proc/nope', 'cannot read the file "/proc/nope"'],
  ['words.csv/below', 'words.csv/below: ENOTDIR'],
];
for (const [file, expected] of CASES) {
  it(`refuses the feed file ${file} without waiting, and says why`, () => {
    const parsed = parsePlan(planText({ plan: { feeds: { words: { file } } } }), relativeFileReader(folder));
    assert.ok(!parsed.ok);
    assert.ok(parsed.problems[0]?.message.startsWith(expected), parsed.problems[0]?.message);
    assert.equal(parsed.problems[0]?.path, 'feeds.words.file');
  });
}

it('reads a feed file in the UTF-16 of PowerShell', () => {
  const parsed = parsePlan(planText({ plan: { feeds: { words: { file: 'utf16.csv' } } } }), relativeFileReader(folder));
  assert.ok(parsed.ok, JSON.stringify(parsed));
  assert.deepEqual(parsed.plan.feeds.words?.rows, [['1', 'café']]);
});

it('reads no more of an endless device than the limit', () => {
  assert.throws(() => readBounded('/dev/zero', 1_000_000), /the file has more than 1 MB/);
});
