import assert from 'node:assert/strict';
import { availableParallelism } from 'node:os';
import { it } from 'node:test';
import type { LogLine } from '../log.ts';
import { readAppSettings, readHostSettings } from '../settings.ts';
import { folderWith } from './test-apps.ts';

const quiet = () => undefined;

it('the caller overrides the environment, which overrides local.settings.json', async (t) => {
  const Values = { A: 'file', B: 'file', C: 'file', N: 1 };
  const root = await folderWith(t, { 'local.settings.json': { IsEncrypted: false, Values } });
  const settings = await readAppSettings(root, { B: 'environment', C: 'environment' }, { C: 'caller' });
  assert.deepEqual(settings, { A: 'file', B: 'environment', C: 'caller', N: '1' });
});

it('local.settings.json may be missing, and may start with a byte order mark', async (t) => {
  assert.deepEqual(await readAppSettings(await folderWith(t, {}), {}, {}), {});
  const root = await folderWith(t, { 'local.settings.json': '\uFEFF{"Values":{"A":"b"}}' });
  assert.deepEqual(await readAppSettings(root, {}, {}), { A: 'b' });
});

it('an encrypted or broken local.settings.json is refused with the reason', async (t) => {
  const encrypted = await folderWith(t, { 'local.settings.json': { IsEncrypted: true, Values: {} } });
  await assert.rejects(readAppSettings(encrypted, {}, {}), /is encrypted.*func settings decrypt/);
  const broken = await folderWith(t, { 'local.settings.json': '{ "Values": ' });
  await assert.rejects(readAppSettings(broken, {}, {}), /local\.settings\.json is not valid JSON/);
  const wrong = await folderWith(t, { 'local.settings.json': { Values: { A: {} } } });
  await assert.rejects(readAppSettings(wrong, {}, {}), /Values\.A/);
});

it('a host.json with only a version gets the defaults of the Functions host', async (t) => {
  const root = await folderWith(t, { 'host.json': { version: '2.0' } });
  assert.deepEqual(await readHostSettings(root, {}, quiet), {
    routePrefix: 'api',
    functionTimeout: { ms: 1_800_000, text: '00:30:00' },
    hubName: 'TestHubName',
    maxConcurrentActivityFunctions: 10 * availableParallelism(),
    maxConcurrentOrchestratorFunctions: 5,
    controlQueueVisibilityTimeoutMs: 300_000,
    workItemQueueVisibilityTimeoutMs: 300_000,
  });
});

it('settings override host.json regardless of case, and %NAME% in it is replaced by a setting', async (t) => {
  const storageProvider = { controlQueueVisibilityTimeout: '00:01:00', workItemQueueVisibilityTimeout: '00:02:00' };
  const durableTask = { hubName: '%HUB%x', maxConcurrentActivityFunctions: 7, storageProvider };
  const extensions = { http: { routePrefix: '/v1/' }, durableTask };
  const root = await folderWith(t, { 'host.json': { version: '2.0', functionTimeout: '-1', extensions } });
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
    controlQueueVisibilityTimeoutMs: 60_000,
    workItemQueueVisibilityTimeoutMs: 120_000,
  });
});

it('a reference in host.json to a missing setting logs a warning, and the default applies', async (t) => {
  const lines: LogLine[] = [];
  const root = await folderWith(t, {
    'host.json': { version: '2.0', extensions: { durableTask: { hubName: '%HUB%' } } },
  });
  const { hubName } = await readHostSettings(root, {}, (line) => lines.push(line));
  assert.equal(hubName, 'TestHubName');
  assert.match(lines[0]?.message ?? '', /extensions\.durableTask\.hubName refers to the setting HUB, which is not set/);
});

it('a wrong host.json is refused, and the error names the field', async (t) => {
  await assert.rejects(readHostSettings(await folderWith(t, {}), {}, quiet), /There is no host\.json/);
  const cases: readonly [content: unknown, message: RegExp][] = [
    [{ version: '1.0' }, /version/],
    [{ version: '2.0', functionTimeout: 'soon' }, /functionTimeout is "soon": it must be hh:mm:ss/],
    [
      { version: '2.0', extensions: { durableTask: { maxConcurrentActivityFunctions: 0 } } },
      /extensions\.durableTask\.maxConcurrentActivityFunctions is 0/,
    ],
  ];
  for (const [content, message] of cases) {
    await assert.rejects(readHostSettings(await folderWith(t, { 'host.json': content as object }), {}, quiet), message);
  }
});
