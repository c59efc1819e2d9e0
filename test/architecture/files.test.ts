import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { it } from 'node:test';
import { fileURLToPath } from 'node:url';

const MAX_LINES = 250;
const root = fileURLToPath(new URL('../../', import.meta.url));

const files = ['src', 'fleet', 'demo'].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.(ts|js|css|html)$/.test(file))
    .map((file) => join(folder, file)),
);

it('finds the sources', () => {
  assert.ok(files.length > 100, String(files.length));
});

it(`lets no file grow above ${MAX_LINES} lines`, () => {
  const long = files
    .map((file) => ({ file, lines: readFileSync(join(root, file), 'utf8').trimEnd().split('\n').length }))
    .filter(({ lines }) => lines > MAX_LINES);
  assert.deepEqual(long, []);
});

it('names files in kebab-case, and every folder on their way', () => {
  const odd = files.filter((file) => {
    const parts = file.split('/');
    const name = parts.pop() ?? '';
    return (
      !/^[a-z0-9]+(-[a-z0-9]+)*(\.d)?\.[a-z]+$/.test(name) ||
      parts.some((part) => !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(part))
    );
  });
  assert.deepEqual(odd, []);
});

it('names no file or folder for being of use in general', () => {
  const vague = files.filter((file) =>
    file
      .split('/')
      .some((part) => /^(utils?|commons?|helpers?|types|index|misc|shared)$/.test(basename(part).replace(/\..*/, ''))),
  );
  assert.deepEqual(vague, []);
});
