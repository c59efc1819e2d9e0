import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { it } from 'node:test';
import { parse } from 'yaml';

const root = join(import.meta.dirname, '../..');

it('azd deploys the built package as it is', async () => {
  const project = parse(await readFile(join(root, 'azure.yaml'), 'utf8'));
  assert.deepEqual(project.services, {
    api: { project: '.', language: 'js', host: 'function', dist: 'dist/package', remoteBuild: false },
  });
  const scripts = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')).scripts;
  assert.ok(scripts.build, 'azd runs the script "build" of package.json before it zips the folder');
});

it('.funcignore leaves node_modules alone, which azd demands of a package that is not built remotely', async () => {
  const patterns = (await readFile(join(root, '.funcignore'), 'utf8'))
    .split('\n')
    .filter((line) => !/^(#|$)/.test(line));
  assert.ok(patterns.length > 0);
  assert.deepEqual(
    patterns.filter((pattern) => /^(\*+\/?|.*node_modules.*)$/.test(pattern)),
    [],
  );
});
