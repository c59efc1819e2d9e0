import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { LogLine } from '../log.ts';
import { type DurableApp, durableApp, folderWith, startDurableApp, until } from './test-apps.ts';

const durable = 'AzureFunctionsJobHost__extensions__durableTask__';

describe('a worker that dies', () => {
  let app: DurableApp;
  const lines: LogLine[] = [];
  before(async () => {
    app = await startDurableApp({ log: (line) => lines.push(line) });
  });
  after(() => app?.host.stop());

  it('fails every activity in flight on it immediately, and another worker takes over', async () => {
    const firstPid = app.host.workerPid();
    const startedAt = performance.now();
    const { output } = await app.run('guarded-fan-out', [
      { key: 'dies', ms: 50, exitCode: 7 },
      { key: 'neighbour', ms: 20_000 },
    ]);
    assert.ok(performance.now() - startedAt < 5_000, 'the other activity did not run to its end');
    assert.equal((output as unknown[]).length, 2);
    for (const { caught } of output as { caught: string }[]) {
      assert.match(
        caught,
        /^Activity function 'work' failed: node exited with code 7 \(0x7\) \n \{"\$type":"[\w.]*WorkerProcessExitException/,
      );
    }
    assert.equal((await app.run('echoes')).runtimeStatus, 'Completed');
    assert.notEqual(app.host.workerPid(), firstPid);
    assert.ok(
      lines.some(({ message }) => /Worker \d+: node exited with code 7 \(0x7\)\. Starting another\./.test(message)),
    );
  });

  it('answers 500 with an empty body to requests in flight, even when it is killed from outside', async () => {
    const pending = fetch(`${app.host.url}/api/hang`);
    await fetch(`${app.host.url}/api/seen`);
    process.kill(app.host.workerPid(), 'SIGKILL');
    const response = await pending;
    assert.equal(response.status, 500);
    assert.equal(await response.text(), '');
    assert.equal((await fetch(`${app.host.url}/api/seen`)).status, 200);
  });
});

describe('an orchestration whose episode is lost with a worker', () => {
  const died =
    /Orchestrator function 'exits' failed: One or more errors occurred\. \(node exited with code 3 \(0x3\)\)/;
  const previous =
    /Non-Deterministic workflow detected: A previous execution of this orchestration scheduled an activity task with sequence ID 0 and name 'echo' \(version ''\), but the current replay execution hasn't \(yet\?\) scheduled this task\./;

  it('fails for good, and its parent is told', async (t) => {
    const app = await durableApp(t);
    const folder = await folderWith(t);
    const { runtimeStatus, output } = await app.run('exits', { file: path.join(folder, 'first') });
    assert.equal(runtimeStatus, 'Failed');
    assert.match(String(output), died);
    // An orchestration that had scheduled work before is taken for one that now schedules none.
    const parent = await app.run('child-exits', { file: path.join(folder, 'second'), after: 'an activity' });
    assert.equal(parent.runtimeStatus, 'Completed');
    assert.match((parent.output as { caught: string }).caught, previous);
  });

  it('fails when it becomes due while the host has no worker', async (t) => {
    // With this seed, some of the children become due in the first milliseconds, and their parent does not.
    const app = await durableApp(t, { faults: { workerGapMs: 100, messageDelayMs: 1_000, seed: 1195 } });
    const works = Array.from({ length: 5 }, (_, key) => ({ key: String(key), ms: 60_000 }));
    const id = await app.start('waits-for-children', works);
    await until(async () => (await app.seen()).length === works.length);
    process.kill(app.host.workerPid(), 'SIGKILL');
    const { runtimeStatus, output } = await app.end(id);
    const children = works.map((_, index) => app.host.durable.status(`${id}-${index}`));
    const outputs = children.filter((child) => child?.runtimeStatus === 'Failed').map((child) => child?.output);
    assert.ok(outputs.length > 0 && outputs.length < works.length, `${outputs.length} of ${works.length} lost`);
    for (const lost of outputs) assert.match(String(lost), /^Non-Deterministic workflow detected: /);
    assert.equal(runtimeStatus, 'Completed', 'the parent became due later and caught the failure');
    assert.match((output as { caught: string }).caught, /^Non-Deterministic workflow detected: /);
  });

  it('fails with the reason when it had scheduled nothing', async (t) => {
    const app = await durableApp(t, { faults: { workerGapMs: 60_000 } });
    process.kill(app.host.workerPid(), 'SIGKILL');
    await until(async () => (await fetch(`${app.host.url}/api/seen`)).status === 500);
    await app.api('POST', 'orchestrators/echoes/too-late', {});
    const { output } = await app.end('too-late');
    assert.match(String(output), /'echoes' failed: .*\(Did not find any initialized language workers\)$/);
  });
});

it('functionTimeout fails the activity and the others on its worker, and replaces the worker', async (t) => {
  const app = await durableApp(t, { settings: { AzureFunctionsJobHost__functionTimeout: '00:00:01' } });
  const firstPid = app.host.workerPid();
  const id = await app.start('guarded-fan-out', [{ key: 'long', ms: 60_000 }]);
  await until(async () => (await app.seen()).some(({ key }) => key === 'long'));
  const neighbour = await app.start('guarded-fan-out', [{ key: 'short', ms: 30_000 }]);
  const [{ caught: long }] = (await app.end(id)).output as [{ caught: string }];
  const [{ caught: short }] = (await app.end(neighbour)).output as [{ caught: string }];
  assert.match(
    long,
    /failed: Timeout value of 00:00:01 was exceeded by function: Functions\.work \n .*FunctionTimeoutException/,
  );
  assert.match(short, /failed: node exited with code 137 \(0x89\)/);
  assert.notEqual(app.host.workerPid(), firstPid);
});

it('at most maxConcurrentActivityFunctions activities run at the same time, in the order of scheduling', async (t) => {
  const app = await durableApp(t, { settings: { [`${durable}maxConcurrentActivityFunctions`]: '2' } });
  await app.run(
    'fan-out',
    ['a', 'b', 'c', 'd', 'e'].map((key) => ({ key, ms: 30 })),
  );
  const seen = await app.seen();
  assert.deepEqual(
    seen.map(({ key }) => key),
    ['a', 'b', 'c', 'd', 'e'],
  );
  const concurrent = seen.map(
    ({ startedMs }) => seen.filter((o) => o.startedMs <= startedMs && (o.endedMs ?? 0) > startedMs).length,
  );
  assert.equal(Math.max(...concurrent), 2);
});

describe('deliverActivitiesTwice', () => {
  it('runs every activity twice at the same time and takes the first result', async (t) => {
    const lines: string[] = [];
    const app = await durableApp(t, { deliverActivitiesTwice: true, log: ({ message }) => lines.push(message) });
    const { output } = await app.run('fan-out', [{ key: 'a', ms: 60 }]);
    assert.deepEqual(output, ['a']);
    const [first, second, ...others] = await app.seen();
    assert.deepEqual([first?.key, second?.key, others], ['a', 'a', []]);
    assert.notEqual(first?.invocationId, second?.invocationId);
    assert.ok((second?.startedMs ?? Infinity) < (first?.startedMs ?? 0) + 50, 'the second began while the first ran');
    await until(() => lines.some((line) => line.startsWith("The second delivery of activity 'work'")));
  });

  it('respects a limit of one activity at a time without a deadlock', async (t) => {
    const settings = { [`${durable}maxConcurrentActivityFunctions`]: '1' };
    const app = await durableApp(t, { deliverActivitiesTwice: true, settings });
    assert.deepEqual((await app.run('guarded-fan-out', [{ key: 'a' }, { key: 'b' }, { key: 'c' }])).output, [
      'a',
      'b',
      'c',
    ]);
    await until(async () => (await app.seen()).length === 6);
  });

  it('lets both deliveries end before the worker is stopped, even when they run one after the other', async (t) => {
    for (const limit of ['1', '2']) {
      const lines: string[] = [];
      const settings = { [`${durable}maxConcurrentActivityFunctions`]: limit };
      const log = ({ message }: LogLine) => lines.push(message);
      const app = await durableApp(t, { deliverActivitiesTwice: true, settings, log });
      const id = await app.start('fan-out', [{ key: 'a', ms: 200 }, { key: 'never begins' }]);
      await until(async () => (await app.seen()).length > 0);
      await app.host.stop();
      const ignored = lines.filter((line) => line.includes(`of ${id} ended too (succeeded)`));
      assert.equal(ignored.length, 1, `limit ${limit}`);
    }
  });
});
