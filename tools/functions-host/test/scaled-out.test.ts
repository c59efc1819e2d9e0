import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { it, type TestContext } from 'node:test';
import { startHostProcess } from '../host-process/host-process.ts';
import { durableApp, durableAppOn, fixtureApp, folderWith, isAlive, until } from './test-apps.ts';

type Line = { readonly key: string; readonly pid: number; readonly what: string };

/** A file to which activities write when they begin and end. */
async function activityLog(t: TestContext): Promise<{ readonly logFile: string; lines(): readonly Line[] }> {
  const logFile = path.join(await folderWith(t, { log: '' }), 'log');
  const lines = () =>
    readFileSync(logFile, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => line.split(' '))
      .map(([key = '', pid, what = '']) => ({ key, pid: Number(pid), what }));
  return { logFile, lines };
}

it('activities are spread over the durable workers, and a frozen one loses them to another', async (t) => {
  const { logFile, lines } = await activityLog(t);
  const faults = { visibilityTimeoutMs: 300 };
  const app = await durableApp(t, { durableWorkers: 2, separateDurableWorker: true, faults });
  const [first = 0, second = 0] = app.host.workerPids();
  const works = ['a', 'b', 'c', 'd'].map((key) => ({ key, ms: 700, logFile }));
  const id = await app.start('waits-for-children', works);
  await until(() => lines().length === 4);
  assert.deepEqual(
    lines()
      .map(({ pid }) => pid)
      .sort(),
    [first, first, second, second].sort(),
  );

  app.host.freezeWorker(0);
  assert.deepEqual((await app.end(id)).output, ['a', 'b', 'c', 'd']);
  const ended = () => lines().filter(({ what }) => what === 'ends');
  assert.deepEqual([...new Set(ended().map(({ pid }) => pid))], [second]);
  assert.equal((await app.run('echoes')).runtimeStatus, 'Completed', 'orchestrations run on the other worker');

  app.host.thawWorker(0);
  await until(() => ended().length === 6);
  assert.equal(ended().filter(({ pid }) => pid === first).length, 2, 'what it had runs on');
  assert.throws(() => app.host.freezeWorker(2), /no durable worker 2/);
});

it('an episode on a frozen worker is taken over by another one', async (t) => {
  const faults = { visibilityTimeoutMs: 300 };
  const app = await durableApp(t, { durableWorkers: 2, separateDurableWorker: true, faults });
  // The process is stopped before the host knows of it, so that it gets the episode.
  for (const pid of app.host.workerPids()) process.kill(pid, 'SIGSTOP');
  // The first id belongs to worker 0, the second one to worker 1.
  for (const id of ['b', 'a']) await app.start('echoes', null, id);
  app.host.freezeWorker(0);
  app.host.thawWorker(1);
  for (const id of ['b', 'a']) assert.equal((await app.end(id)).runtimeStatus, 'Completed');
  app.host.thawWorker(0);
  assert.equal((await app.run('echoes')).runtimeStatus, 'Completed');
});

it('a second delivery can go to another worker', async (t) => {
  const { logFile, lines } = await activityLog(t);
  const faults = { deliverTwice: { names: ['work'], onAnotherWorker: true } };
  const app = await durableApp(t, { durableWorkers: 2, separateDurableWorker: true, faults });
  assert.deepEqual((await app.run('fan-out', [{ key: 'a', ms: 50, logFile }])).output, ['a']);
  await until(() => lines().length === 4);
  const pids = lines()
    .filter(({ what }) => what === 'begins')
    .map(({ pid }) => pid);
  assert.deepEqual(pids.sort(), [...app.host.workerPids()].sort());
});

it('a frozen worker ends with its host when the host is killed', async (t) => {
  const hubFolder = path.join(await folderWith(t), 'hub');
  const options = { appRoot: fixtureApp('durable'), hubFolder, durableWorkers: 2, separateDurableWorker: true };
  const host = await startHostProcess({ ...options, faults: { visibilityTimeoutMs: 300 } });
  t.after(() => host.kill());
  const { logFile, lines } = await activityLog(t);
  const app = durableAppOn(host.url, () => host.durable.rpcBaseUrl());
  const id = await app.start('fan-out', [{ key: 'a', ms: 500, logFile }]);
  await until(() => lines().length === 1);
  const pids = await host.workerPids();
  await host.freezeWorker(pids.indexOf(lines()[0]?.pid ?? 0));
  await host.kill();
  await until(() => pids.every((pid) => !isAlive(pid)));
  await host.start();
  await until(async () => (await host.durable.status(id))?.runtimeStatus === 'Completed', 10_000);
  assert.deepEqual(
    lines().map(({ what }) => what),
    ['begins', 'begins', 'ends'],
  );
});
