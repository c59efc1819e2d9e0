import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import path from 'node:path';
import { it, type TestContext } from 'node:test';
import { build } from 'esbuild';
import { type FunctionsHost, type FunctionsHostOptions, startFunctionsHost } from '../functions-host.ts';
import { durableApp, fixtureApp, folderWith, isAlive, until } from './test-apps.ts';

/** A folder with host.json and these files. */
function appWith(t: TestContext, files: Readonly<Record<string, string>>): Promise<string> {
  return folderWith(t, { 'host.json': '{"version":"2.0"}', ...files });
}

async function startHost(t: TestContext, options: FunctionsHostOptions): Promise<FunctionsHost> {
  const host = await startFunctionsHost(options);
  t.after(() => host.stop());
  return host;
}

type Parent = {
  readonly azurite: number;
  readonly worker: number;
  readonly url: string;
};
/** Runs a host and Azurite in a child process, which is killed when the test ends. */
function startParent(t: TestContext, ...args: string[]) {
  const script = path.join(fixtureApp('parent'), 'host-and-azurite.ts');
  const child = spawn(process.execPath, [script, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => child.kill('SIGKILL'));
  const started = once(child.stdout, 'data').then(([text]) => JSON.parse(String(text)) as Parent);
  return { child, started };
}

it('the worker and Azurite exit when the host is killed', async (t) => {
  const { child, started } = startParent(t);
  const { azurite, worker } = await started;
  assert.deepEqual([isAlive(azurite), isAlive(worker)], [true, true]);
  child.kill('SIGKILL');
  await until(() => !isAlive(azurite) && !isAlive(worker));
});

it('the worker ignores Ctrl-C, which reaches the whole process group', async (t) => {
  const app = await durableApp(t);
  const worker = app.host.workerPid();
  process.kill(worker, 'SIGINT');
  assert.equal((await app.run('echoes')).runtimeStatus, 'Completed');
  assert.equal(app.host.workerPid(), worker);
});

it('the program can exit after stop()', async (t) => {
  const { child, started } = startParent(t, 'stop');
  const { azurite, worker, url } = await started;
  const [code] = await once(child, 'exit', { signal: AbortSignal.timeout(8_000) });
  assert.equal(code, 0);
  assert.deepEqual([isAlive(azurite), isAlive(worker)], [false, false]);
  await assert.rejects(fetch(url));
});

it('stop() takes less than five seconds whatever is in flight, and can be called twice', async (t) => {
  const app = await durableApp(t);
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

it('a host that stops takes no further request on a connection that is kept open', async (t) => {
  const app = await durableApp(t);
  const id = await app.start('caught', { key: 'in flight', ms: 600 });
  await until(async () => (await app.seen()).length > 0);
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  t.after(() => agent.destroy());
  const send = (path: string) =>
    new Promise<number | undefined>((resolve, reject) => {
      const sent = request(`${app.host.url}${path}`, { agent }, (response) => {
        response.resume().once('end', () => resolve(response.statusCode));
      });
      sent.on('error', reject).end();
    });
  assert.equal(await send('/api/seen'), 200);
  const stopping = app.host.stop();
  await assert.rejects(send('/api/seen'));
  await stopping;
  assert.equal(app.host.durable.status(id)?.runtimeStatus, 'Running', 'its result waits for the next host');
});

it('an app that cannot be loaded fails with its own error and the file and line', async (t) => {
  const syntax = await appWith(t, { 'bad.mjs': 'export const a = 1;\nconst = 2;\n' });
  await assert.rejects(startHost(t, { appRoot: syntax, entry: 'bad.mjs' }), (error: Error) => {
    assert.match(error.message, /The function app failed to load: .*\n[\s\S]*bad\.mjs:2\nconst = 2;/);
    assert.match(error.message, /SyntaxError/);
    return true;
  });
  const throws = await appWith(t, { 'bad.mjs': 'throw new TypeError("not today");' });
  await assert.rejects(
    startHost(t, { appRoot: throws, entry: 'bad.mjs' }),
    /not today[\s\S]*TypeError[\s\S]*bad\.mjs:1/,
  );
  const missing = await appWith(t, { 'bad.mjs': 'import "./nowhere.mjs";' });
  await assert.rejects(startHost(t, { appRoot: missing, entry: 'bad.mjs' }), /Cannot find module .*nowhere\.mjs/);
  const exits = await appWith(t, { 'bad.mjs': 'process.exit(9);' });
  await assert.rejects(startHost(t, { appRoot: exits, entry: 'bad.mjs' }), /node exited with code 9/);
});

it('an app whose entry is missing or not built is refused with how to fix it', async (t) => {
  await assert.rejects(startHost(t, { appRoot: await appWith(t, {}) }), /Name it as "main" in package\.json/);
  const unbuilt = await appWith(t, { 'package.json': '{"main":"dist/main.js"}' });
  await assert.rejects(startHost(t, { appRoot: unbuilt }), /dist\/main\.js does not exist. Build the app first/);
});

it('an app with a durable entity is refused by the name of the function', async (t) => {
  await assert.rejects(startHost(t, { appRoot: fixtureApp('entity') }), /Function "counter" is a durable entity/);
});

it('a port in use is refused by its number', async (t) => {
  const app = await durableApp(t);
  await assert.rejects(durableApp(t, { port: app.host.port }), new RegExp(`Port ${app.host.port} is in use`));
});

it('an app that is bundled into a single ESM file runs', async (t) => {
  const root = await appWith(t, { 'package.json': '{"type":"module","main":"dist/main.js"}' });
  await build({
    entryPoints: [path.join(fixtureApp('durable'), 'app.ts')],
    outfile: path.join(root, 'dist/main.js'),
    bundle: true,
    platform: 'node',
    format: 'esm',
    external: ['@azure/functions-core'],
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    logLevel: 'silent',
  });
  const app = await durableApp(t, { appRoot: root });
  assert.equal((await app.run('guarded-fan-out', [{ key: 'a' }])).runtimeStatus, 'Completed');
});
