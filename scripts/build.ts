import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

// Builds dist/package/, the complete deployment package of the Functions app, and dist/cli.js. A folder other than dist can
// be given; it must be empty or not exist.

const root = fileURLToPath(new URL('..', import.meta.url));
const [given] = process.argv.slice(2);
const dist = given === undefined ? `${root}dist/` : `${resolve(given)}/`;
const { name, version, engines } = JSON.parse(await readFile(`${root}package.json`, 'utf8'));

// CommonJS packages in an ESM bundle need require.
const banner = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";

const shared = {
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node22',
  minify: true,
  keepNames: true,
  legalComments: 'none',
  logLevel: 'warning',
} as const;

if (given === undefined) await rm(dist, { recursive: true, force: true });
await mkdir(`${dist}package`, { recursive: true });
await Promise.all([
  build({
    ...shared,
    entryPoints: [`${root}src/functions/main.ts`],
    outfile: `${dist}package/main.js`,
    banner: { js: banner },
    // The host's worker provides this module in the process.
    external: ['@azure/functions-core'],
  }),
  build({
    ...shared,
    entryPoints: [`${root}src/functions/plan-parser/main.ts`],
    outfile: `${dist}package/plan-parser.js`,
    banner: { js: banner },
  }),
  build({ ...shared, entryPoints: [`${root}src/cli/main.ts`], outfile: `${dist}cli.js`, banner: { js: banner } }),
  cp(`${root}host.json`, `${dist}package/host.json`),
  cp(`${root}plans`, `${dist}package/plans`, { recursive: true }),
]);
const manifest = { name, version, private: true, type: 'module', main: 'main.js', engines };
await writeFile(`${dist}package/package.json`, `${JSON.stringify(manifest, null, 2)}\n`);
console.log(`${dist}package is ready to deploy, version ${version}.`);
