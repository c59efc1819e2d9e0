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

  it('does not fail an orchestrator, because its episode is repeated', async (t) => {
    const folder = await folderWith(t);
    await app.api('POST', 'orchestrators/exits/once', { file: path.join(folder, 'died') });
    assert.equal((await app.end('once')).output, 'survived');
  });
});

it('an orchestrator that kills every worker fails in the end', async (t) => {
  const app = await durableApp(t);
  await app.api('POST', 'orchestrators/always-exits/fatal', {});
  const { runtimeStatus, output } = await app.end('fatal', 15_000);
  assert.equal(runtimeStatus, 'Failed');
  assert.match(String(output), /'always-exits' failed: node exited with code 4/);
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
