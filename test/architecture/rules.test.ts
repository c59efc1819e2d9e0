import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { violations } from './rules.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const sources = new Map(
  ['src', 'tools', 'fleet', 'demo'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .map((file) => `${folder}/${file}`)
      .filter((file) => /\.(ts|js|css|html)$/.test(file) && !file.includes('/test/'))
      .map((file) => [file, readFileSync(join(root, file), 'utf8')]),
  ),
);

/** A file that breaks one rule, and what is said of it. */
const PLANTED = [
  [
    'src/plan/planted.ts',
    "import { x } from '../sample/sample.ts';",
    'src/plan/planted.ts imports src/sample/sample.ts',
  ],
  [
    'src/net/planted.ts',
    "import type { x } from '../plan/slices.ts';",
    'src/net/planted.ts imports src/plan/slices.ts',
  ],
  [
    'src/mcp/auth/planted.ts',
    "import {\n  x,\n} from '../../run/x.ts';",
    'src/mcp/auth/planted.ts imports src/run/x.ts',
  ],
  ['src/cli/planted.ts', "import '../functions/x.ts';", 'src/cli/planted.ts imports src/functions/x.ts'],
  ['src/run/planted.ts', "await import('../cli/x.ts');", 'src/run/planted.ts imports src/cli/x.ts'],
  ['src/run/planted.ts', "import { x } from '../../fleet/x.ts';", 'src/run/planted.ts imports fleet/x.ts'],
  [
    'tools/functions-host/planted.ts',
    "import '../../src/net/x.ts';",
    'tools/functions-host/planted.ts imports src/net/x.ts',
  ],
  ['fleet/planted.ts', "import '../src/net/x.ts';", 'fleet/planted.ts imports src/net/x.ts'],
  ['src/report/planted.ts', "import fs from 'node:fs';", 'src/report/planted.ts imports node:fs'],
  ['src/traffic/planted.ts', "import 'node:timers';", 'src/traffic/planted.ts imports node:timers'],
  ['src/mcp/http/sse-decoder.ts', "import { Pool } from 'undici';", 'src/mcp/http/sse-decoder.ts imports undici'],
  ['src/mcp/http/planted.ts', "import '@azure/identity';", 'src/mcp/http/planted.ts imports @azure/identity'],
  ['src/cli/planted.ts', "import 'durable-functions';", 'src/cli/planted.ts imports durable-functions'],
  ['src/plan/planted.ts', "export { x } from './planted.ts';", 'src/plan/planted.ts imports itself through others'],
  ['src/plan/planted.ts', 'x;\n'.repeat(351), 'src/plan/planted.ts has more than 350 lines'],
  ['src/plan/planted.ts', 'x;', 'src/plan/planted.ts has fewer than 30 lines'],
  ['src/plan/utils/planted.ts', '', 'src/plan/utils/planted.ts has a vague name'],
  ['src/plan/Planted.ts', '', 'src/plan/Planted.ts is not named in kebab-case'],
] as const;

/** What must pass although it looks similar. */
const SOUND = [
  ['src/functions/planted.ts', "import 'durable-functions';"],
  ['src/mcp/auth/planted.ts', "import '@azure/identity';\nimport '../../secrets/x.ts';"],
  ['src/traffic/clock.ts', "import 'node:timers';"],
  ['src/cli/planted.ts', "import '../run/x.ts';"],
  ['demo/planted.ts', "import '../fleet/x.ts';\nimport '../tools/functions-host/x.ts';"],
  ['src/plan/planted.ts', 'x;\n'.repeat(350)],
] as const;

/** Long enough for a file of its own. */
function padded(text: string): string {
  return text.includes('x;\nx;') ? text : `${text}\n${'//\n'.repeat(30)}`;
}

it('finds no violation in the sources', () => {
  assert.ok(sources.size > 100, `${sources.size} sources`);
  assert.deepEqual(violations(sources), []);
});

for (const [file, text, complaint] of PLANTED) {
  it(`reports a planted violation: ${complaint}`, () => {
    assert.deepEqual(violations(new Map([[file, complaint.endsWith('lines') ? text : padded(text)]])), [complaint]);
  });
}

for (const [file, text] of SOUND) {
  it(`accepts ${file} with ${text.split('\n')[0]}`, () => {
    assert.deepEqual(violations(new Map([[file, padded(text)]])), []);
  });
}
