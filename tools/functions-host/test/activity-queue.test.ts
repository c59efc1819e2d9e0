import assert from 'node:assert/strict';
import { it, type TestContext } from 'node:test';
import { ActivityQueue } from '../durable/activity-queue.ts';
import { WorkerStates } from '../durable/worker-states.ts';
import { Draws, type SecondDeliveries, secondDelivery } from '../faults.ts';
import type { RunFunction } from '../function-runner.ts';
import type { InvocationOutcome } from '../worker/worker-protocol.ts';

type Begun = {
  readonly name: string;
  readonly worker: number | undefined;
  readonly atMs: number;
  readonly end: (outcome?: InvocationOutcome) => Promise<void>;
};

const returned: InvocationOutcome = { ok: true, value: null };
const exited: InvocationOutcome = { ok: false, failure: { kind: 'workerExited', exitCode: 1, pid: 1 } };

/** A queue with a virtual clock that begins at 0, whose activities end when the test says so. */
function queueOf(t: TestContext, options: { workers?: number; limit?: number; twice?: SecondDeliveries } = {}) {
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 0 });
  const begun: Begun[] = [];
  const ended: string[] = [];
  const workers = new WorkerStates(options.workers ?? 1);
  const draws = new Draws(1);
  const run: RunFunction = ({ name }, _input, _metadata, worker) => {
    const { promise, resolve } = Promise.withResolvers<InvocationOutcome>();
    const end = async (outcome = returned) => {
      resolve(outcome);
      await new Promise(setImmediate);
    };
    begun.push({ name, worker, atMs: Date.now(), end });
    return promise;
  };
  const queue = new ActivityQueue({
    workers,
    limit: options.limit ?? 10,
    visibilityTimeoutMs: 1_000,
    secondDelivery: (activity) => secondDelivery(options.twice, activity, draws),
    run,
    log: () => undefined,
  });
  const add = (name: string, visibleAtMs?: number) =>
    queue.add(
      { definition: { type: 'activity', name, triggerName: 'input', durableClients: [] }, input: '0', instanceId: 'i' },
      { begun: () => undefined, ended: ({ ok }) => ended.push(`${name} ${ok ? 'ended' : 'failed'}`) },
      visibleAtMs,
    );
  const seen = () => begun.map(({ name, worker, atMs }) => `${name} on ${worker} at ${atMs}`);
  return { queue, workers, add, begun, ended, seen, tick: (ms: number) => t.mock.timers.tick(ms) };
}

it('activities begin in order, on the worker with the most free slots, when they become visible', (t) => {
  const { add, seen, tick } = queueOf(t, { workers: 2, limit: 2 });
  add('late', 500);
  for (const name of ['a', 'b', 'c']) add(name);
  tick(500);
  add('waits');
  assert.deepEqual(seen(), ['a on 0 at 0', 'b on 1 at 0', 'c on 0 at 0', 'late on 1 at 500']);
});

it('a frozen worker gets nothing, and after the visibility timeout another worker gets what it had', async (t) => {
  const { workers, add, begun, ended, seen, tick } = queueOf(t, { workers: 2 });
  add('a');
  tick(100);
  workers.freeze(0);
  add('b');
  tick(999);
  assert.deepEqual(seen(), ['a on 0 at 0', 'b on 1 at 100']);
  tick(1);
  assert.equal(seen()[2], 'a on 1 at 1100');
  workers.thaw(0);
  await begun[2]?.end();
  await begun[0]?.end();
  assert.deepEqual(ended, ['a ended'], 'the first result counts');
});

it('a worker that thaws in time keeps what it had', async (t) => {
  const { workers, add, begun, ended, tick } = queueOf(t, { workers: 2 });
  add('a');
  workers.freeze(0);
  tick(999);
  workers.thaw(0);
  tick(5_000);
  await begun[0]?.end();
  assert.deepEqual([begun.length, ended], [1, ['a ended']]);
});

it('the end of a frozen worker fails nothing: its activities are delivered again', async (t) => {
  const { workers, add, begun, ended, seen, tick } = queueOf(t);
  add('a');
  workers.freeze(0);
  await begun[0]?.end(exited);
  tick(1_000);
  assert.deepEqual([ended, begun.length], [[], 1], 'there is no other worker');
  workers.thaw(0);
  assert.equal(seen()[1], 'a on 0 at 1000');
  await begun[1]?.end();
  assert.deepEqual(ended, ['a ended']);
});

it('a second delivery comes at the same time or later, to another worker if that is asked for', async (t) => {
  const names = ['twice'];
  const { add, begun, seen, ended, tick } = queueOf(t, { workers: 2, twice: { names, onAnotherWorker: true } });
  add('twice');
  add('once');
  assert.deepEqual(seen(), ['twice on 0 at 0', 'twice on 1 at 0', 'once on 0 at 0']);
  for (const each of begun) await each.end();
  assert.deepEqual(ended, ['twice ended', 'once ended']);
  tick(60_000);
  assert.equal(begun.length, 3);
});

it('a late second delivery takes place although the first has ended', async (t) => {
  const { add, begun, seen, tick } = queueOf(t, { twice: () => ({ afterMs: 3_000, onAnotherWorker: false }) });
  add('a');
  await begun[0]?.end();
  tick(3_000);
  assert.deepEqual(seen(), ['a on 0 at 0', 'a on 0 at 3000']);
});

it('a share of the activities is delivered twice, the same ones for the same seed', () => {
  const chosen = (seed: number) => {
    const draws = new Draws(seed);
    const all = Array.from({ length: 400 }, () =>
      secondDelivery({ share: 0.25, afterMs: [100, 200] }, { name: 'a', input: '' }, draws),
    );
    return all.map((second) => second?.afterMs);
  };
  const delays = chosen(7).filter((afterMs) => afterMs !== undefined);
  assert.ok(delays.length > 70 && delays.length < 130, `${delays.length} of 400`);
  assert.ok(delays.every((afterMs) => afterMs >= 100 && afterMs < 200));
  assert.deepEqual(chosen(7), chosen(7));
  assert.notDeepEqual(chosen(7), chosen(8));
});

it('close() drops what waits, and waits for both deliveries of what has begun', async (t) => {
  const { queue, add, begun, ended, tick } = queueOf(t, { limit: 1, twice: { names: ['twice'] } });
  add('twice');
  add('dropped');
  add('invisible', 100);
  let isClosed = false;
  const closing = queue.close().then(() => (isClosed = true));
  await begun[0]?.end();
  assert.deepEqual([begun.map(({ name }) => name), isClosed], [['twice', 'twice'], false]);
  await begun[1]?.end();
  await closing;
  tick(1_000);
  assert.deepEqual([begun.length, ended], [2, ['twice ended']]);
});
