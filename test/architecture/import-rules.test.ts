import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, it } from 'node:test';
import { fileURLToPath } from 'node:url';

/** The way of the data: a folder imports those before it, never those after it. */
const WAY = [
  'plan',
  'sample',
  'secrets',
  'traffic',
  'mcp',
  'scenario',
  'summary',
  'verdict',
  'report',
  'store',
  'run',
  'functions',
] as const;
const PURE = ['plan', 'sample', 'summary', 'verdict', 'report'];
const AZURE = ['secrets', 'mcp/auth', 'store', 'functions'];
const NO_AZURE = [
  'plan',
  'sample',
  'traffic',
  'mcp',
  'scenario',
  'summary',
  'verdict',
  'report',
  'run',
  'cli',
  'dashboard',
];

/** `from` is a folder of src, or one file that has a rule of its own. */
type Planted = { readonly from: string; readonly imports: string };

const forbidden: Planted[] = [
  ...WAY.flatMap((from, at) => WAY.slice(at + 1).map((to) => ({ from, imports: `../${to}/x.ts` }))),
  ...WAY.map((from) => ({ from, imports: '../local/x.ts' })),
  ...WAY.map((from) => ({ from, imports: '../../demo/x.ts' })),
  ...WAY.map((from) => ({ from, imports: '../cli/x.ts' })),
  { from: 'cli', imports: '../functions/x.ts' },
  { from: 'cli', imports: '../local/x.ts' },
  { from: 'mcp/auth', imports: '../../scenario/x.ts' },
  { from: 'mcp/exchange/classify.ts', imports: 'node:fs' },
  { from: 'mcp/exchange/sse-decoder.ts', imports: 'undici' },
  { from: 'mcp/exchange/json-rpc.ts', imports: '../../run/x.ts' },
  { from: 'traffic/constant-vus.ts', imports: 'node:timers' },
  ...PURE.map((from) => ({ from, imports: 'node:fs' })),
  ...NO_AZURE.flatMap((from) => ['@azure/data-tables', 'durable-functions'].map((imports) => ({ from, imports }))),
];
const allowed: Planted[] = [
  ...WAY.flatMap((from, at) => WAY.slice(0, at).map((to) => ({ from, imports: `../${to}/x.ts` }))),
  ...AZURE.map((from) => ({ from, imports: '@azure/identity' })),
  { from: 'mcp/auth', imports: '../../secrets/x.ts' },
  { from: 'cli', imports: '../run/x.ts' },
  { from: 'run', imports: 'node:crypto' },
];

const root = fileURLToPath(new URL('../../', import.meta.url));
const key = ({ from, imports }: Planted) => `src/${from} importing ${imports}`;
let complaints: ReadonlySet<string>;
let folder: string;

// One run of Biome over all planted files, in a copy of the tree's shape: a run for each would take minutes.
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'mcp-surge-rules-'));
  symlinkSync(join(root, 'biome.json'), join(folder, 'biome.json'));
  const planted = [...forbidden, ...allowed];
  const pathOf = ({ from }: Planted, index: number) => (from.endsWith('.ts') ? from : `${from}/planted-${index}.ts`);
  for (const [index, one] of planted.entries()) {
    const file = join(folder, 'src', pathOf(one, index));
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `import { x } from '${one.imports}';\n\nexport const y = x;\n`);
  }
  const args = [
    'lint',
    '--vcs-enabled=false',
    '--reporter=json',
    '--max-diagnostics=none',
    '--only=style/noRestrictedImports',
    'src',
  ];
  const { stdout, stderr } = spawnSync(join(root, 'node_modules/.bin/biome'), args, {
    cwd: folder,
    encoding: 'utf8',
    timeout: 60_000,
    maxBuffer: 64 * 1024 * 1024,
  });
  complaints = new Set(planted.filter((one, index) => stdout.includes(`src/${pathOf(one, index)}"`)).map(key));
  assert.match(stdout, /noRestrictedImports/, stderr);
});

after(() => rmSync(folder, { recursive: true, force: true }));

it('complains about every import against the way of the data, of node:* in pure folders, and of Azure elsewhere', () => {
  assert.deepEqual(
    forbidden.map(key).filter((name) => !complaints.has(name)),
    [],
  );
});

it('lets every import pass that goes the way of the data', () => {
  assert.deepEqual(
    allowed.map(key).filter((name) => complaints.has(name)),
    [],
  );
});
