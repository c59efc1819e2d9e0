import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import type { LogLine } from '../log.ts';
import { readAppSettings, readHostSettings } from '../settings.ts';

async function appWith(t: TestContext, files: Readonly<Record<string, unknown>>): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'host-settings-'));
  t.after(() => rm(folder, { recursive: true }));
  for (const [name, content] of Object.entries(files)) {
    await writeFile(path.join(folder, name), typeof content === 'string' ? content : JSON.stringify(content));
  }
  return folder;
}
const quiet = () => undefined;

test('the caller wins over the environment, which wins over local.settings.json', async (t) => {
  const Values = { A: 'file', B: 'file', C: 'file', N: 1 };
  const root = await appWith(t, { 'local.settings.json': { IsEncrypted: false, Values } });
  const settings = await readAppSettings(root, { B: 'environment', C: 'environment' }, { C: 'caller' });
  assert.deepEqual(settings, { A: 'file', B: 'environment', C: 'caller', N: '1' });
});

test('no local.settings.json is fine; a byte order mark is too', async (t) => {
  assert.deepEqual(await readAppSettings(await appWith(t, {}), {}, {}), {});
  const root = await appWith(t, { 'local.settings.json': '\uFEFF{"Values":{"A":"b"}}' });
  assert.deepEqual(await readAppSettings(root, {}, {}), { A: 'b' });
});

test('an encrypted or broken local.settings.json is refused with the way out', async (t) => {
  const encrypted = await appWith(t, { 'local.settings.json': { IsEncrypted: true, Values: {} } });
  await assert.rejects(readAppSettings(encrypted, {}, {}), /is encrypted.*func settings decrypt/);
  const broken = await appWith(t, { 'local.settings.json': '{ "Values": ' });
  await assert.rejects(readAppSettings(broken, {}, {}), /local\.settings\.json is not valid JSON/);
  const wrong = await appWith(t, { 'local.settings.json': { Values: { A: {} } } });
  await assert.rejects(readAppSettings(wrong, {}, {}), /Values\.A/);
});

test('host.json without anything has the defaults of the Functions host', async (t) => {
  const root = await appWith(t, { 'host.json': { version: '2.0' } });
  assert.deepEqual(await readHostSettings(root, {}, quiet), {
    routePrefix: 'api',
    functionTimeout: { ms: 1_800_000, text: '00:30:00' },
    hubName: 'TestHubName',
    maxConcurrentActivityFunctions: 10 * availableParallelism(),
    maxConcurrentOrchestratorFunctions: 5,
  });
});

test('settings override host.json whatever their case, and %NAME% in it stands for a setting', async (t) => {
  const durableTask = { hubName: '%HUB%x', maxConcurrentActivityFunctions: 7 };
  const extensions = { http: { routePrefix: '/v1/' }, durableTask };
  const root = await appWith(t, { 'host.json': { version: '2.0', functionTimeout: '-1', extensions } });
  const settings = {
    HUB: 'my',
    AzureFunctionsJobHost__extensions__durabletask__maxconcurrentactivityfunctions: '3',
    AzureFunctionsJobHost__extensions__durableTask__maxConcurrentOrchestratorFunctions: '2',
  };
  assert.deepEqual(await readHostSettings(root, settings, quiet), {
    routePrefix: 'v1',
    functionTimeout: { ms: 0, text: '-1' },
    hubName: 'myx',
    maxConcurrentActivityFunctions: 3,
    maxConcurrentOrchestratorFunctions: 2,
  });
});

test('a reference in host.json to nothing is a warning, and the default holds', async (t) => {
  const lines: LogLine[] = [];
  const root = await appWith(t, { 'host.json': { version: '2.0', extensions: { durableTask: { hubName: '%HUB%' } } } });
  const { hubName } = await readHostSettings(root, {}, (line) => lines.push(line));
  assert.equal(hubName, 'TestHubName');
  assert.match(lines[0]?.message ?? '', /extensions\.durableTask\.hubName refers to the setting HUB, which is not set/);
});

test('a wrong host.json is refused by field', async (t) => {
  await assert.rejects(readHostSettings(await appWith(t, {}), {}, quiet), /There is no host\.json/);
  const cases: readonly [content: unknown, message: RegExp][] = [
    [{ version: '1.0' }, /version/],
    [{ version: '2.0', functionTimeout: 'soon' }, /functionTimeout is "soon": it must be hh:mm:ss/],
    [
      { version: '2.0', extensions: { durableTask: { maxConcurrentActivityFunctions: 0 } } },
      /extensions\.durableTask\.maxConcurrentActivityFunctions is 0/,
    ],
  ];
  for (const [content, message] of cases) {
    await assert.rejects(readHostSettings(await appWith(t, { 'host.json': content as object }), {}, quiet), message);
  }
});
