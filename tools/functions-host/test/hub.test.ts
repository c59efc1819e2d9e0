import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { it, type TestContext } from 'node:test';
import { eventType } from '../durable/history-event.ts';
import { HubFolder } from '../durable/hub-folder.ts';
import { startFunctionsHost } from '../functions-host.ts';
import { type HostProcess, startHostProcess } from '../host-process/host-process.ts';
import type { SentOptions } from '../host-process/host-protocol.ts';
import { superviseFunctionsHost } from '../supervised-host.ts';
import { durableApp, durableAppOn, fixtureApp, folderWith, isAlive, until } from './test-apps.ts';

it('a host that starts again on its hub continues what the last one left', async (t) => {
  const hubFolder = path.join(await folderWith(t), 'hub');
  const first = await durableApp(t, { hubFolder, stopGraceMs: 100 });
  const finished = await first.run('echoes', { key: 'finished' });
  const waiting = await first.start('race', { ms: 60_000 });
  const timed = await first.start('race', { ms: 300 });
  const parent = await first.start('waits-for-children', [{ key: 'unfinished', ms: 2_000 }]);
  await first.api('POST', `instances/${waiting}/suspend?reason=wait`);
  await until(async () => (await first.seen()).some(({ key }) => key === 'unfinished'));
  await first.host.stop();
  assert.equal(await first.host.ended, 'stopped');

  const second = await durableApp(t, { hubFolder });
  assert.deepEqual(second.host.durable.status(finished.instanceId), finished);
  assert.equal(second.host.durable.status(waiting)?.runtimeStatus, 'Suspended');
  await until(async () => (await second.seen()).some(({ key }) => key === 'unfinished'), 1_500);
  assert.equal((await second.end(timed)).output, 'timer');
  await second.api('POST', `instances/${waiting}/raiseEvent/stop`, null);
  await second.api('POST', `instances/${waiting}/resume?reason=go`);
  assert.equal((await second.end(waiting)).output, 'event');
  assert.deepEqual((await second.end(parent)).output, ['unfinished']);
});

async function hostProcess(t: TestContext, options: Partial<SentOptions> = {}): Promise<HostProcess> {
  const hubFolder = path.join(await folderWith(t), 'hub');
  const host = await startHostProcess({ appRoot: fixtureApp('durable'), hubFolder, ...options });
  t.after(() => host.kill());
  return host;
}

it('a host that is killed loses nothing, and begins its activities again after the visibility timeout', async (t) => {
  const limit = 'AzureFunctionsJobHost__extensions__durableTask__maxConcurrentActivityFunctions';
  const visibilityTimeoutMs = 1_500;
  const host = await hostProcess(t, { faults: { visibilityTimeoutMs }, settings: { [limit]: '2' } });
  const app = durableAppOn(host.url, () => host.durable.rpcBaseUrl());
  const files = await folderWith(t);
  const slow = (key: string) => ({ key, ms: 60_000, onceFile: path.join(files, key) });
  const worker = (await host.workerPids())[0] ?? 0;
  const works = [slow('begun'), { key: 'quick' }, slow('begun-too'), { key: 'queued' }];
  const parent = await app.start('waits-for-children', works);
  const timed = await app.start('race', { ms: 400 });
  await until(async () => (await app.seen()).some(({ key }) => key === 'begun-too'));
  await until(async () => (await host.durable.history(timed))?.some((e) => e.EventType === eventType.timerCreated));
  const killedMs = Date.now();
  await host.kill();
  await until(() => !isAlive(worker));
  await assert.rejects(host.workerPids(), /does not run/);

  await host.start();
  await until(async () => (await host.durable.status(parent))?.runtimeStatus === 'Completed', 10_000);
  const keys = works.map(({ key }) => key);
  assert.deepEqual((await host.durable.status(parent))?.output, keys);
  const seen = await app.seen();
  assert.deepEqual(seen.map(({ key }) => key).sort(), ['begun', 'begun-too', 'queued']);
  // The timeout runs from the last sign of life, which is a quarter of a second old at most.
  const begun = seen.filter(({ key }) => key.startsWith('begun')).map(({ startedMs }) => startedMs - killedMs);
  assert.ok(Math.min(...begun) >= visibilityTimeoutMs - 300, `${begun} ms`);
  await until(async () => (await host.durable.status(timed))?.output === 'timer');
});

it('activities of a terminated orchestration begin again too, as on Azure', async (t) => {
  const host = await hostProcess(t, { faults: { visibilityTimeoutMs: 500 } });
  const app = durableAppOn(host.url, () => host.durable.rpcBaseUrl());
  const id = await app.start('caught', { key: 'outlives', ms: 300 });
  await until(async () => (await app.seen()).length > 0);
  await app.api('POST', `instances/${id}/terminate?reason=enough`);
  await until(async () => (await host.durable.status(id))?.runtimeStatus === 'Terminated');
  await host.kill();
  await host.start();
  await until(async () => (await app.seen()).some(({ endedMs }) => endedMs !== undefined));
  assert.equal((await host.durable.status(id))?.output, 'enough');
  await host.kill();
  await host.start();
  assert.deepEqual(await app.seen(), [], 'it ended, so it does not begin a third time');
});

it('at the third exit of a worker a host recycles itself: it starts again on its port and hub', async (t) => {
  const lines: string[] = [];
  const host = await superviseFunctionsHost({
    appRoot: fixtureApp('durable'),
    log: ({ message }) => lines.push(message),
  });
  t.after(() => host.stop());
  const app = durableAppOn(host.url, async () => host.durable.rpcBaseUrl);
  const waiting = await app.start('race', { ms: 60_000 });
  for (const exitCode of [1, 2, 3]) {
    const id = await app.start('caught', { key: 'dies', exitCode });
    await until(() => host.durable.status(id)?.runtimeStatus === 'Completed', 10_000);
    const { caught } = (host.durable.status(id)?.output ?? {}) as { caught?: string };
    assert.match(caught ?? '', new RegExp(`node exited with code ${exitCode}`), 'what failed with the worker is kept');
    assert.equal(lines.filter((line) => line.includes('The host recycles itself')).length, exitCode === 3 ? 1 : 0);
  }
  assert.equal((await app.api('POST', `instances/${waiting}/raiseEvent/stop`, null)).status, 202);
  await until(() => host.durable.status(waiting)?.output === 'event');
});

it('a hub folder that a host uses is refused to another one', async (t) => {
  const hubFolder = await folderWith(t);
  const first = new HubFolder(hubFolder, () => undefined);
  const message = new RegExp(`in use by the host in process ${process.pid}`);
  await assert.rejects(startFunctionsHost({ appRoot: fixtureApp('durable'), hubFolder }), message);
  first.close();
  new HubFolder(hubFolder, () => undefined).close();
});

it('a host without a sign of life loses its hub folder to the next one', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval', 'Date'], now: 1_000_000 });
  const folder = await folderWith(t);
  let lost = 0;
  const first = new HubFolder(folder, () => lost++);
  t.mock.timers.tick(3_000);
  assert.equal(lost, 0);
  t.mock.timers.setTime(1_009_000);
  const owner = path.join(folder, 'owner.json');
  await writeFile(owner, JSON.stringify({ ...JSON.parse(await readFile(owner, 'utf8')), aliveMs: 1_003_000 }));
  const second = new HubFolder(folder, () => assert.fail('the second one keeps it'));
  assert.equal(second.diedMs, 1_003_000);
  t.mock.timers.tick(1_000);
  assert.equal(lost, 1);
  first.close();
  assert.equal(JSON.parse(await readFile(owner, 'utf8')).hasStopped, false, 'the first one cannot release it');
  second.close();
  const third = new HubFolder(folder, () => undefined);
  third.close();
  assert.equal(third.diedMs, undefined);
});

it('a file that cannot be read is named, and ids that differ in case have different files', async (t) => {
  const folder = await folderWith(t);
  const hub = new HubFolder(folder, () => undefined);
  for (const id of ['a/b', 'a b', 'A/b']) hub.save({ instanceId: id } as never);
  assert.equal((await readdir(folder)).length, 4);
  hub.remove('a b');
  hub.close();
  const next = new HubFolder(folder, () => undefined);
  next.close();
  const ids = next.stored.map((stored) => stored.instanceId);
  assert.deepEqual(ids.sort(), ['A/b', 'a/b']);
  await writeFile(path.join(folder, 'half.json'), '{"instanceId":');
  await assert.rejects(async () => new HubFolder(folder, () => undefined), /half\.json cannot be read/);
});
