import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parsePlan } from '../../src/plan/parse-plan.ts';
import { relativeFileReader } from '../../src/run/text-file.ts';

const folder = new URL('../../plans/', import.meta.url);
const files = readdirSync(folder).filter((file) => file.endsWith('.yaml'));

it('finds the shipped plans', () => {
  assert.ok(files.length >= 3, files.join(', '));
});

for (const file of files) {
  it(`accepts plans/${file}`, () => {
    const parsed = parsePlan(readFileSync(new URL(file, folder), 'utf8'), relativeFileReader(fileURLToPath(folder)));
    assert.ok(parsed.ok, JSON.stringify(parsed, undefined, 2));
  });
}
