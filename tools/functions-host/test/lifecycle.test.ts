import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { startFunctionsHost } from '../functions-host.ts';
import { startDurableApp } from './durable-app.ts';
import { isAlive } from './is-alive.ts';
import { until } from './until.ts';

async function appWith(t: TestContext, files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'host-app-'));
  t.after(() => rm(folder, { recursive: true }));
  for (const [name, content] of Object.entries({ 'host.json': '{"version":"2.0"}', ...files })) {
    await mkdir(path.dirname(path.join(folder, name)), { recursive: true });
    await writeFile(path.join(folder, name), content);
  }
  return folder;
}

type Parent = {
  readonly azurite: number;
  readonly worker: number;
  readonly url: string;
};
function startParent(...args: string[]) {
  const script = fileURLToPath(new URL('./fixtures/apps/parent/host-and-azurite.ts', import.meta.url));
  const child = spawn(process.execPath, [script, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const said = once(child.stdout, 'data').then(([text]) => JSON.parse(String(text)) as Parent);
  return { child, said };
}

test('a host that is killed leaves neither worker nor Azurite behind', async (t) => {
  const { child, said } = startParent();
  t.after(() => child.kill('SIGKILL'));
  const { azurite, worker } = await said;
  assert.deepEqual([isAlive(azurite), isAlive(worker)], [true, true]);
  child.kill('SIGKILL');
  await until(() => !isAlive(azurite) && !isAlive(worker));
});

test('Ctrl-C, which reaches the whole process group, ends the host only when the host says so', async (t) => {
  const app = await startDurableApp();
  t.after(() => app.host.stop());
  const worker = app.host.workerPid();
  process.kill(worker, 'SIGINT');
  assert.equal((await app.run('echoes')).runtimeStatus, 'Completed');
  assert.equal(app.host.workerPid(), worker);
});

test('after stop() nothing keeps the program from ending', async (t) => {
  const { child, said } = startParent('stop');
  t.after(() => child.kill('SIGKILL'));
  const { azurite, worker, url } = await said;
  const [code] = await once(child, 'exit', { signal: AbortSignal.timeout(8_000) });
  assert.equal(code, 0);
  assert.deepEqual([isAlive(azurite), isAlive(worker)], [false, false]);
  await assert.rejects(fetch(url));
});

test('stop() is bounded whatever is in flight, and may be called twice', async () => {
  const app = await startDurableApp();
  const worker = app.host.workerPid();
  const hanging = fetch(`${app.host.url}/api/hang`);
  hanging.catch(() => undefined);
  await app.run('echoes');
  await app.start('caught', { key: 'endless', ms: 600_000 });
  await app.start('race', { ms: 600_000 });
  await until(async () => (await app.seen()).some(({ key }) => key === 'endless'));
  const startedAt = performance.now();
  await Promise.all([app.host.stop(), app.host.stop()]);
  assert.ok(performance.now() - startedAt < 5_000);
  assert.equal(isAlive(worker), false);
  await Promise.allSettled([hanging]);
});

test('an app that cannot be loaded says why, with the place', async (t) => {
  const syntax = await appWith(t, { 'bad.mjs': 'export const a = 1;\nconst = 2;\n' });
  await assert.rejects(startFunctionsHost({ appRoot: syntax, entry: 'bad.mjs' }), (error: Error) => {
    assert.match(error.message, /The function app failed to load: .*\n[\s\S]*bad\.mjs:2\nconst = 2;/);
    assert.match(error.message, /SyntaxError/);
    return true;
  });
  const throws = await appWith(t, { 'bad.mjs': 'throw new TypeError("not today");' });
  await assert.rejects(
    startFunctionsHost({ appRoot: throws, entry: 'bad.mjs' }),
    /not today[\s\S]*TypeError[\s\S]*bad\.mjs:1/,
  );
  const missing = await appWith(t, { 'bad.mjs': 'import "./nowhere.mjs";' });
  await assert.rejects(startFunctionsHost({ appRoot: missing, entry: 'bad.mjs' }), /Cannot find module .*nowhere\.mjs/);
  const exits = await appWith(t, { 'bad.mjs': 'process.exit(9);' });
  await assert.rejects(startFunctionsHost({ appRoot: exits, entry: 'bad.mjs' }), /node exited with code 9/);
});

test('an app without an entry, or with one that is not built, is refused with the way out', async (t) => {
  await assert.rejects(startFunctionsHost({ appRoot: await appWith(t, {}) }), /Name it as "main" in package\.json/);
  const unbuilt = await appWith(t, { 'package.json': '{"main":"dist/main.js"}' });
  await assert.rejects(startFunctionsHost({ appRoot: unbuilt }), /dist\/main\.js does not exist. Build the app first/);
});

test('an entity is refused, and so is a port that is taken', async (t) => {
  const app = await startDurableApp();
  t.after(() => app.host.stop());
  await assert.rejects(startDurableApp({ port: app.host.port }), new RegExp(`Port ${app.host.port} is in use`));
  const appRoot = fileURLToPath(new URL('./fixtures/apps/entity/', import.meta.url));
  await assert.rejects(startFunctionsHost({ appRoot }), /Function "counter" is a durable entity/);
});

test('a single ESM bundle with nothing beside it runs', async (t) => {
  const root = await appWith(t, { 'package.json': '{"type":"module","main":"dist/main.js"}' });
  await build({
    entryPoints: [fileURLToPath(new URL('./fixtures/apps/durable/app.ts', import.meta.url))],
    outfile: path.join(root, 'dist/main.js'),
    bundle: true,
    platform: 'node',
    format: 'esm',
    external: ['@azure/functions-core'],
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    logLevel: 'silent',
  });
  const app = await startDurableApp({ appRoot: root });
  t.after(() => app.host.stop());
  assert.equal((await app.run('guarded-fan-out', [{ key: 'a' }])).runtimeStatus, 'Completed');
});
