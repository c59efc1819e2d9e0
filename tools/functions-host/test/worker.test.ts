import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import type { LogLine } from '../log.ts';
import { type DurableApp, startDurableApp } from './durable-app.ts';
import { until } from './until.ts';

const durable = 'AzureFunctionsJobHost__extensions__durableTask__';

describe('a worker that dies', () => {
  let app: DurableApp;
  const lines: LogLine[] = [];
  after(() => app.host.stop());

  test('fails every activity in flight on it at once, and another worker goes on', async () => {
    app = await startDurableApp({ log: (line) => lines.push(line) });
    const before = app.host.workerPid();
    const startedAt = performance.now();
    const { output } = await app.run('guarded-fan-out', [
      { key: 'dies', ms: 50, exitCode: 7 },
      { key: 'neighbour', ms: 20_000 },
    ]);
    assert.ok(performance.now() - startedAt < 5_000, 'the neighbour did not wait for its own end');
    for (const { caught } of output as { caught: string }[]) {
      assert.match(
        caught,
        /^Activity function 'work' failed: node exited with code 7 \(0x7\) \n \{"\$type":"[\w.]*WorkerProcessExitException/,
      );
    }
    assert.equal((await app.run('echoes')).runtimeStatus, 'Completed');
    assert.notEqual(app.host.workerPid(), before);
    assert.ok(
      lines.some(({ message }) => /Worker \d+: node exited with code 7 \(0x7\)\. Starting another\./.test(message)),
    );
  });

  test('answers 500 with an empty body to requests in flight, also when it was killed from outside', async () => {
    const pending = fetch(`${app.host.url}/api/hang`);
    await fetch(`${app.host.url}/api/seen`);
    process.kill(app.host.workerPid(), 'SIGKILL');
    const response = await pending;
    assert.equal(response.status, 500);
    assert.equal(await response.text(), '');
    assert.equal((await fetch(`${app.host.url}/api/seen`)).status, 200);
  });

  test('costs an orchestrator nothing: its episode is run again', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'host-exits-'));
    await app.api('POST', 'orchestrators/exits/once', { file: path.join(folder, 'died') });
    assert.equal((await app.end('once')).output, 'survived');
    await rm(folder, { recursive: true });
  });
});

test('an orchestrator that kills every worker is given up', async (t) => {
  const app = await startDurableApp();
  t.after(() => app.host.stop());
  await app.api('POST', 'orchestrators/always-exits/fatal', {});
  const { runtimeStatus, output } = await app.end('fatal', 15_000);
  assert.equal(runtimeStatus, 'Failed');
  assert.match(String(output), /'always-exits' failed: node exited with code 4/);
});

test('functionTimeout fails the activity, takes its neighbours along and replaces the worker', async (t) => {
  const app = await startDurableApp({ settings: { AzureFunctionsJobHost__functionTimeout: '00:00:01' } });
  t.after(() => app.host.stop());
  const before = app.host.workerPid();
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
  assert.notEqual(app.host.workerPid(), before);
});

test('at most maxConcurrentActivityFunctions activities run at once, in the order of their coming', async (t) => {
  const app = await startDurableApp({ settings: { [`${durable}maxConcurrentActivityFunctions`]: '2' } });
  t.after(() => app.host.stop());
  await app.run(
    'fan-out',
    ['a', 'b', 'c', 'd', 'e'].map((key) => ({ key, ms: 30 })),
  );
  const seen = await app.seen();
  assert.deepEqual(
    seen.map(({ key }) => key),
    ['a', 'b', 'c', 'd', 'e'],
  );
  const atOnce = seen.map(
    ({ startedMs }) => seen.filter((o) => o.startedMs <= startedMs && (o.endedMs ?? 0) > startedMs).length,
  );
  assert.equal(Math.max(...atOnce), 2);
});

describe('deliverActivitiesTwice', () => {
  test('runs every activity twice at the same time and takes the first result', async (t) => {
    const lines: string[] = [];
    const app = await startDurableApp({ deliverActivitiesTwice: true, log: ({ message }) => lines.push(message) });
    t.after(() => app.host.stop());
    const { output } = await app.run('fan-out', [{ key: 'a', ms: 60 }]);
    assert.deepEqual(output, ['a']);
    const [first, second, ...others] = await app.seen();
    assert.deepEqual([first?.key, second?.key, others], ['a', 'a', []]);
    assert.notEqual(first?.invocationId, second?.invocationId);
    assert.ok((second?.startedMs ?? Infinity) < (first?.startedMs ?? 0) + 50, 'the second began while the first ran');
    await until(() => lines.some((line) => line.startsWith("The second delivery of activity 'work'")));
  });

  test('keeps to the limit of one activity at a time without getting stuck', async (t) => {
    const settings = { [`${durable}maxConcurrentActivityFunctions`]: '1' };
    const app = await startDurableApp({ deliverActivitiesTwice: true, settings });
    t.after(() => app.host.stop());
    assert.deepEqual((await app.run('guarded-fan-out', [{ key: 'a' }, { key: 'b' }, { key: 'c' }])).output, [
      'a',
      'b',
      'c',
    ]);
    await until(async () => (await app.seen()).length === 6);
  });

  test('lets both deliveries end before the worker is stopped, also one after the other', async () => {
    for (const limit of ['1', '2']) {
      const lines: string[] = [];
      const settings = { [`${durable}maxConcurrentActivityFunctions`]: limit };
      const log = ({ message }: LogLine) => lines.push(message);
      const app = await startDurableApp({ deliverActivitiesTwice: true, settings, log });
      const id = await app.start('fan-out', [{ key: 'a', ms: 200 }, { key: 'never begins' }]);
      await until(async () => (await app.seen()).length > 0);
      await app.host.stop();
      const ignored = lines.filter((line) => line.includes(`of ${id} ended too (succeeded)`));
      assert.equal(ignored.length, 1, `limit ${limit}`);
    }
  });
});
