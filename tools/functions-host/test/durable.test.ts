import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { eventType } from '../durable/history-event.ts';
import type { LogLine } from '../log.ts';
import { type DurableApp, startDurableApp } from './durable-app.ts';
import { until } from './until.ts';

let app: DurableApp;
const lines: LogLine[] = [];

before(async () => {
  app = await startDurableApp({ settings: { HUB: 'hub' }, log: (line) => lines.push(line) });
});
after(() => app.host.stop());

test('values reach activities and come back as they are; no input is the empty string', async () => {
  const { output } = await app.run('echoes');
  const echoed = [null, null, 'text', '{"a":1}', 0, 1.5, true, [1], { a: 'b' }];
  assert.deepEqual(output, { input: '', echoed });
});

test('a failed activity is an error in the orchestrator, with the message and the exception', async () => {
  const { output } = await app.run('caught', { key: 'k', fail: true });
  const { caught } = output as { caught: string };
  assert.match(caught, /^Activity function 'work' failed: {2}k failed as planned \n \{"\$type":"System\.Exception/);
});

test('a failed task fails an orchestration only after its neighbours are over', async () => {
  const id = await app.start('fan-out', [
    { key: 'bad', fail: true },
    { key: 'slow', ms: 150 },
  ]);
  const history = () => app.host.durable.history(id) ?? [];
  await until(() => history().some(({ EventType }) => EventType === eventType.taskFailed));
  assert.equal(app.host.durable.status(id)?.runtimeStatus, 'Running');
  assert.equal((await app.end(id)).runtimeStatus, 'Failed');
  assert.equal(history().filter(({ EventType }) => EventType === eventType.taskCompleted).length, 1);
});

test('yielding the rest of a failed Task.all schedules it a second time, as on Azure, with a warning', async () => {
  const id = await app.start('repeats-after-failure');
  await app.end(id);
  const scheduled = (app.host.durable.history(id) ?? []).filter(
    ({ EventType }) => EventType === eventType.taskScheduled,
  );
  assert.equal(scheduled.length, 5);
  assert.ok(lines.some(({ level, message }) => level === 'warning' && message.includes(`${id} has ended, but tasks`)));
});

test("a child's failure reaches its parent with the child's message", async () => {
  const { output } = await app.run('parent');
  assert.match(
    (output as { caught: string }).caught,
    /^Orchestrator function 'throws' failed: no good: from above \n /,
  );
  assert.equal(app.host.durable.status('child-of-parent')?.runtimeStatus, 'Failed');
});

test('events that come before anybody waits for them are kept, in order', async () => {
  const id = await app.start('events', { ms: 50 });
  for (const event of [{ n: 1 }, { n: 2 }]) {
    assert.equal((await app.api('POST', `instances/${id}/raiseEvent/go`, event)).status, 202);
  }
  assert.deepEqual((await app.end(id)).output, [{ n: 1 }, { n: 2 }]);
});

test('an event wins the race against a timer that is later, and loses against one that is earlier', async () => {
  const early = await app.start('race', { ms: 60_000 });
  await until(() => app.host.durable.history(early)?.some(({ EventType }) => EventType === eventType.timerCreated));
  await app.api('POST', `instances/${early}/raiseEvent/stop`, null);
  assert.equal((await app.end(early)).output, 'event');
  const started = Date.now();
  const late = await app.run('race', { ms: 80 });
  assert.equal(late.output, 'timer');
  assert.ok(Date.now() - started >= 80);
});

test('continue as new begins a new history under the same id and keeps the custom status', async () => {
  const { output, customStatus, input, instanceId } = await app.run('counts', 3);
  assert.deepEqual({ output, customStatus, input }, { output: 0, customStatus: { left: 0 }, input: 0 });
  const history = app.host.durable.history(instanceId) ?? [];
  assert.equal(history.filter(({ EventType }) => EventType === eventType.taskScheduled).length, 1);
});

test('a result that comes for an older generation is not taken for one of the present', async () => {
  assert.equal((await app.run('leaves-work-behind', 'first')).output, 'of the second');
});

test('retries run until they succeed, each under ids of their own', async () => {
  const { output } = await app.run('retries', { failures: 2 });
  assert.deepEqual(output, [['at last', 'at last'], 'after']);
});

test('retries that are used up fail the orchestration after the last pause', async () => {
  const id = await app.start('retries', { failures: 3 });
  const { runtimeStatus, output } = await app.end(id);
  assert.equal(runtimeStatus, 'Failed');
  assert.match(String(output), /failed: {2}attempt \d+/);
  const timers = (app.host.durable.history(id) ?? []).filter(({ EventType }) => EventType === eventType.timerFired);
  assert.equal(timers.length, 4, 'three pauses for the one, one for the other');
});

test('terminating ends the orchestration at once and leaves its activity running', async () => {
  const id = await app.start('caught', { key: 'outlives', ms: 100 });
  await until(async () => (await app.seen()).some(({ key }) => key === 'outlives'));
  assert.equal((await app.api('POST', `instances/${id}/terminate?reason=enough`)).status, 202);
  const { runtimeStatus, output } = await app.end(id);
  assert.deepEqual({ runtimeStatus, output }, { runtimeStatus: 'Terminated', output: 'enough' });
  await until(async () => (await app.seen()).some(({ key, endedMs }) => key === 'outlives' && endedMs !== undefined));
  assert.equal(app.host.durable.status(id)?.output, 'enough');
});

test('a suspended orchestration goes on when it is resumed, not before', async () => {
  const id = await app.start('race', { ms: 60_000 });
  await until(() => app.host.durable.history(id)?.some(({ EventType }) => EventType === eventType.timerCreated));
  await app.api('POST', `instances/${id}/suspend?reason=wait`);
  await app.api('POST', `instances/${id}/raiseEvent/stop`, null);
  const suspended = await app.api('GET', `instances/${id}`);
  assert.equal(suspended.status, 202);
  assert.equal((suspended.body as { runtimeStatus: string }).runtimeStatus, 'Suspended');
  await app.api('POST', `instances/${id}/resume?reason=go`);
  assert.equal((await app.end(id)).output, 'event');
});

test('an id that is active is refused; one that is finished is used again', async () => {
  const id = await app.start('race', { ms: 60_000 }, 'same-id');
  const again = await app.api('POST', `orchestrators/race/${id}`, { ms: 1 });
  assert.equal(again.status, 409);
  await app.api('POST', `instances/${id}/terminate?reason=x`);
  await app.end(id);
  assert.equal((await app.api('POST', `orchestrators/echoes/${id}`, {})).status, 202);
  assert.equal((await app.end(id)).name, 'echoes');
});

test('what is finished answers 410 to orders, what is missing 404', async () => {
  const { instanceId } = await app.run('echoes');
  for (const order of ['terminate', 'suspend', 'resume', 'raiseEvent/go']) {
    assert.equal((await app.api('POST', `instances/${instanceId}/${order}`, {})).status, 410, order);
    assert.equal((await app.api('POST', `instances/missing/${order}`, {})).status, 404, order);
  }
  assert.equal((await app.api('DELETE', 'instances/missing')).status, 404);
  assert.equal((await app.api('POST', `instances/${instanceId}/rewind`)).status, 501);
  assert.equal((await app.api('GET', 'entities/counter/one')).status, 501);
});

test('an unknown orchestrator starts and fails; an unknown activity fails its orchestration', async () => {
  const id = ((await app.api('POST', 'orchestrators/nobody', {})).body as { id: string }).id;
  const unknown = await app.end(id);
  assert.equal(unknown.runtimeStatus, 'Failed');
  assert.match(String(unknown.output), /'nobody' doesn't exist.*known orchestrator functions: 'echoes'/);
  assert.match(String((await app.run('unknown-activity')).output), /'nowhere' doesn't exist/);
});

test('what the local host does not do is refused by name', async () => {
  assert.match(String((await app.run('calls-http')).output), /does not run callHttp/);
  assert.match(String((await app.run('uses-entity')).output), /does not run durable entities/);
});

test('an orchestrator that decides otherwise on replay is found out', async () => {
  const { runtimeStatus, output } = await app.run('undecided');
  assert.equal(runtimeStatus, 'Failed');
  assert.match(
    String(output),
    /Non-deterministic workflow detected: .* scheduled 'work' as number 0, and this one scheduled echo/,
  );
});

test('instances are listed and purged by status and time of creation', async () => {
  const from = new Date().toISOString();
  const done = await app.run('echoes');
  const running = await app.start('race', { ms: 60_000 });
  const ids = async (query: string) => {
    const { body } = await app.api('GET', `instances/?createdTimeFrom=${from}${query}`);
    return (body as { instanceId: string }[]).map(({ instanceId }) => instanceId);
  };
  assert.deepEqual((await ids('')).sort(), [done.instanceId, running].sort());
  assert.deepEqual(await ids('&runtimeStatus=Completed,Failed'), [done.instanceId]);
  assert.deepEqual(await ids('&createdTimeTo=2000-01-01T00:00:00Z'), []);
  assert.equal((await app.api('DELETE', 'instances/')).status, 400);
  assert.deepEqual(await app.api('DELETE', `instances/?createdTimeFrom=${from}`), {
    status: 200,
    body: { instancesDeleted: 1 },
  });
  assert.deepEqual(await ids(''), [running]);
  assert.equal((await app.api('DELETE', `instances/${running}`)).status, 200);
  assert.equal((await app.api('GET', `instances/${running}`)).status, 404);
});

test('the URLs that a starter hands out work', async () => {
  const response = await fetch(`${app.host.url}/api/start/race`, { method: 'POST', body: '{"ms":60000}' });
  const urls = (await response.json()) as Record<'id' | 'statusQueryGetUri' | 'terminatePostUri', string>;
  assert.equal((await fetch(urls.statusQueryGetUri)).status, 202);
  await fetch(urls.terminatePostUri.replace('{text}', 'by%20URL'), { method: 'POST' });
  assert.equal((await app.end(urls.id)).output, 'by URL');
});

test('a few hundred small slices take a few seconds at most', async () => {
  const work = Array.from({ length: 200 }, (_, key) => ({ key: String(key) }));
  const startedAt = performance.now();
  const { output } = await app.run('guarded-fan-out', work);
  assert.equal((output as unknown[]).length, 200);
  assert.ok(performance.now() - startedAt < 5_000);
});
