import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { eventType } from '../durable/history-event.ts';
import type { LogLine } from '../log.ts';
import { type DurableApp, durableApp, startDurableApp, until } from './test-apps.ts';

let app: DurableApp;
const lines: LogLine[] = [];

before(async () => {
  app = await startDurableApp({ settings: { HUB: 'hub' }, log: (line) => lines.push(line) });
});
after(() => app?.host.stop());

it('values pass to activities and back unchanged; an orchestrator without input gets the empty string', async () => {
  const { output } = await app.run('echoes');
  const echoed = [null, null, 'text', '{"a":1}', 0, 1.5, true, [1], { a: 'b' }];
  assert.deepEqual(output, { input: '', echoed });
});

it('a failed activity throws in the orchestrator, with its message and a .NET exception', async () => {
  const { output } = await app.run('caught', { key: 'k', fail: true });
  const { caught } = output as { caught: string };
  assert.match(caught, /^Activity function 'work' failed: {2}k failed as planned \n \{"\$type":"System\.Exception/);
});

it('a failed task fails the orchestration only after the other tasks have ended', async () => {
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

it('the parent of a failing Task.all is told only after all its tasks have ended', async () => {
  const id = await app.start('waits-for-fan-out', [
    { key: 'fails at the start', fail: true },
    { key: 'ends late', ms: 150 },
  ]);
  const { output } = await app.end(id);
  assert.match((output as { caught: string }).caught, /^Orchestrator function 'fan-out' failed: /);
  const { endedMs = Infinity } = (await app.seen()).find(({ key }) => key === 'ends late') ?? {};
  const told = app.host.durable.history(id)?.find(({ EventType }) => EventType === eventType.subOrchestrationFailed);
  assert.ok(Date.parse(told?.Timestamp ?? '') >= endedMs);
});

it('tasks that are yielded again after a failed Task.all run a second time, as on Azure, and the host warns', async () => {
  const id = await app.start('repeats-after-failure');
  await app.end(id);
  const scheduled = (app.host.durable.history(id) ?? []).filter(
    ({ EventType }) => EventType === eventType.taskScheduled,
  );
  assert.equal(scheduled.length, 5);
  assert.ok(lines.some(({ level, message }) => level === 'warning' && message.includes(`${id} has ended, but tasks`)));
});

it('a failed child passes its message to its parent', async () => {
  const { output } = await app.run('parent');
  assert.match(
    (output as { caught: string }).caught,
    /^Orchestrator function 'throws' failed: no good: from above \n /,
  );
  assert.equal(app.host.durable.status('child-of-parent')?.runtimeStatus, 'Failed');
});

it('events that arrive before the orchestrator waits for them are kept in order', async () => {
  const id = await app.start('events', { ms: 50 });
  for (const event of [{ n: 1 }, { n: 2 }]) {
    assert.equal((await app.api('POST', `instances/${id}/raiseEvent/go`, event)).status, 202);
  }
  assert.deepEqual((await app.end(id)).output, [{ n: 1 }, { n: 2 }]);
});

it('an event wins against a later timer and loses against an earlier one', async () => {
  const early = await app.start('race', { ms: 60_000 });
  await until(() => app.host.durable.history(early)?.some(({ EventType }) => EventType === eventType.timerCreated));
  await app.api('POST', `instances/${early}/raiseEvent/stop`, null);
  assert.equal((await app.end(early)).output, 'event');
  const started = Date.now();
  const late = await app.run('race', { ms: 80 });
  assert.equal(late.output, 'timer');
  assert.ok(Date.now() - started >= 80);
});

it('durable timers act early or late on request', async (t) => {
  const offset = await durableApp(t, { faults: { timerOffsetMs: [-60_000, -59_900] } });
  const startedMs = performance.now();
  assert.equal((await offset.run('race', { ms: 60_000 })).output, 'timer');
  assert.ok(performance.now() - startedMs < 10_000);
});

it('continueAsNew begins a new history under the same id and keeps the custom status', async () => {
  const { output, customStatus, input, instanceId } = await app.run('counts', 3);
  assert.deepEqual({ output, customStatus, input }, { output: 0, customStatus: { left: 0 }, input: 0 });
  const history = app.host.durable.history(instanceId) ?? [];
  assert.equal(history.filter(({ EventType }) => EventType === eventType.taskScheduled).length, 1);
});

it('a result for an older generation is dropped', async () => {
  assert.equal((await app.run('leaves-work-behind', 'first')).output, 'of the second');
});

it('retries run until one succeeds, and each has its own id', async () => {
  const { output } = await app.run('retries', { failures: 2 });
  assert.deepEqual(output, [['at last', 'at last'], 'after']);
});

it('exhausted retries fail the orchestration after the last pause', async () => {
  const id = await app.start('retries', { failures: 3 });
  const { runtimeStatus, output } = await app.end(id);
  assert.equal(runtimeStatus, 'Failed');
  assert.match(String(output), /failed: {2}attempt \d+/);
  const timers = (app.host.durable.history(id) ?? []).filter(({ EventType }) => EventType === eventType.timerFired);
  assert.equal(timers.length, 4, 'three pauses for the first activity, one for the second');
});

it('terminate ends the orchestration immediately and leaves its activity running', async () => {
  const id = await app.start('caught', { key: 'outlives', ms: 100 });
  await until(async () => (await app.seen()).some(({ key }) => key === 'outlives'));
  assert.equal((await app.api('POST', `instances/${id}/terminate?reason=enough`)).status, 202);
  const { runtimeStatus, output } = await app.end(id);
  assert.deepEqual({ runtimeStatus, output }, { runtimeStatus: 'Terminated', output: 'enough' });
  await until(async () => (await app.seen()).some(({ key, endedMs }) => key === 'outlives' && endedMs !== undefined));
  assert.equal(app.host.durable.status(id)?.output, 'enough');
});

it('terminate of a parent leaves its children and their activities running', async () => {
  const id = await app.start('waits-for-children', [{ key: 'of an orphan', ms: 100 }]);
  await until(async () => (await app.seen()).some(({ key }) => key === 'of an orphan'));
  await app.api('POST', `instances/${id}/terminate?reason=enough`);
  assert.equal((await app.end(id)).runtimeStatus, 'Terminated');
  assert.equal(app.host.durable.status(`${id}-0`)?.runtimeStatus, 'Running');
  const child = await app.end(`${id}-0`);
  assert.deepEqual([child.runtimeStatus, child.output], ['Completed', 'of an orphan']);
});

it('terminate of a child fails its parent, whose catch never runs', async () => {
  const id = await app.start('waits-for-children', [{ key: 'of a child', ms: 100 }]);
  await until(async () => (await app.seen()).some(({ key }) => key === 'of a child'));
  await app.api('POST', `instances/${id}-0/terminate?reason=enough`);
  const { runtimeStatus, output } = await app.end(id);
  assert.equal(runtimeStatus, 'Failed');
  assert.match(
    String(output),
    /^Non-Deterministic workflow detected: .* scheduled a sub-orchestration task with sequence/,
  );
  const told = app.host.durable.history(id)?.find(({ EventType }) => EventType === eventType.subOrchestrationFailed);
  assert.deepEqual([told?.Reason, told?.Details], ['enough', null]);
});

it('a suspended orchestration continues only after it is resumed', async () => {
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

it('the id of an active instance is refused, and that of a finished instance can be used again', async () => {
  const id = await app.start('race', { ms: 60_000 }, 'same-id');
  const again = await app.api('POST', `orchestrators/race/${id}`, { ms: 1 });
  assert.equal(again.status, 409);
  await app.api('POST', `instances/${id}/terminate?reason=x`);
  await app.end(id);
  assert.equal((await app.api('POST', `orchestrators/echoes/${id}`, {})).status, 202);
  assert.equal((await app.end(id)).name, 'echoes');
});

it('commands answer 410 for a finished instance, 404 for a missing one and 501 when they are not supported', async () => {
  const { instanceId } = await app.run('echoes');
  for (const command of ['terminate', 'suspend', 'resume', 'raiseEvent/go']) {
    assert.equal((await app.api('POST', `instances/${instanceId}/${command}`, {})).status, 410, command);
    assert.equal((await app.api('POST', `instances/missing/${command}`, {})).status, 404, command);
  }
  assert.equal((await app.api('DELETE', 'instances/missing')).status, 404);
  assert.equal((await app.api('POST', `instances/${instanceId}/rewind`)).status, 501);
  assert.equal((await app.api('GET', 'entities/counter/one')).status, 501);
});

it('an unknown orchestrator starts and fails, and an unknown activity fails its orchestration', async () => {
  const id = ((await app.api('POST', 'orchestrators/nobody', {})).body as { id: string }).id;
  const unknown = await app.end(id);
  assert.equal(unknown.runtimeStatus, 'Failed');
  assert.match(String(unknown.output), /'nobody' doesn't exist.*known orchestrator functions: 'echoes'/);
  assert.match(String((await app.run('unknown-activity')).output), /'nowhere' doesn't exist/);
});

it('callHttp and entities fail the orchestration with the name of the unsupported feature', async () => {
  assert.match(String((await app.run('calls-http')).output), /does not support callHttp/);
  assert.match(String((await app.run('uses-entity')).output), /does not support durable entities/);
});

it('an orchestrator that schedules other work on replay fails as non-deterministic', async () => {
  const { runtimeStatus, output } = await app.run('undecided');
  assert.equal(runtimeStatus, 'Failed');
  assert.match(
    String(output),
    /Non-Deterministic workflow detected: .* with sequence ID 0 and name 'work'.* instead scheduled an activity task named 'echo'/,
  );
});

it('instances are listed and purged by status and creation time', async () => {
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

it("the management URLs in the starter's response work", async () => {
  const response = await fetch(`${app.host.url}/api/start/race`, { method: 'POST', body: '{"ms":60000}' });
  const urls = (await response.json()) as Record<'id' | 'statusQueryGetUri' | 'terminatePostUri', string>;
  assert.equal((await fetch(urls.statusQueryGetUri)).status, 202);
  await fetch(urls.terminatePostUri.replace('{text}', 'by%20URL'), { method: 'POST' });
  assert.equal((await app.end(urls.id)).output, 'by URL');
});

it('200 sub-orchestrations end within five seconds', async () => {
  const work = Array.from({ length: 200 }, (_, key) => ({ key: String(key) }));
  const startedAt = performance.now();
  const { output } = await app.run('guarded-fan-out', work);
  assert.equal((output as unknown[]).length, 200);
  assert.ok(performance.now() - startedAt < 5_000);
});
