import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type LeaseOptions, runUnderLease } from '../../src/run/lease.ts';
import { testContext } from '../support/run-context.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const RUN = '20261123-120000000-00000000';

/** Two deliveries of one piece of work, and what the first one leaves behind. */
function deliveries() {
  const clock = new VirtualClock(1_000_000);
  const context = testContext({ clock });
  const left: { result?: string; aliveMs?: number } = {};
  const worked: string[] = [];
  const options = (holder: string, work: () => Promise<string>): LeaseOptions<string> => ({
    runId: RUN,
    unit: 'w0000-l0000',
    attempt: 0,
    holder,
    result: async () => left.result,
    lastSignOfLife: async () => left.aliveMs,
    work: async () => {
      worked.push(holder);
      return work();
    },
  });
  return { clock, context, left, worked, options };
}

test('a second delivery waits for the first one and returns the same, without working', async () => {
  const { clock, context, left, worked, options } = deliveries();
  const first = runUnderLease(
    context,
    options('first', async () => {
      // Longer than a dead holder is waited for, but with signs of life.
      for (let second = 0; second < 60; second++) {
        await clock.sleepUntil(clock.now() + 1000);
        left.aliveMs = clock.now();
      }
      left.result = 'measured';
      return 'measured';
    }),
  );
  const second = runUnderLease(
    context,
    options('second', async () => 'never'),
  );
  assert.deepEqual(await clock.run(Promise.all([first, second])), ['measured', 'measured']);
  assert.deepEqual(worked, ['first']);
  const { leases, duplicates } = await context.store.readLedger(RUN, 'w0000-l0000');
  assert.deepEqual(leases, [{ attempt: 0, holder: 'first' }]);
  assert.deepEqual(duplicates, [{ attempt: 0, holder: 'second' }]);
});

test('when the first one dies, a further delivery takes over, and only one of several', async () => {
  const { clock, context, left, worked, options } = deliveries();
  await context.store.takeLease(RUN, 'w0000-l0000', 0, 'dead');
  left.aliveMs = clock.now();
  const work = async () => {
    left.result = 'measured later';
    return 'measured later';
  };
  const beganMs = clock.now();
  const both = Promise.all([
    runUnderLease(context, options('second', work)),
    runUnderLease(context, options('third', work)),
  ]);
  assert.deepEqual(await clock.run(both), ['measured later', 'measured later']);
  assert.equal(worked.length, 1);
  assert.ok(clock.now() - beganMs >= 30_000, 'a holder that may be alive was given up too early');
  const { leases, replaced } = await context.store.readLedger(RUN, 'w0000-l0000');
  assert.deepEqual(leases, [{ attempt: 0, holder: worked[0] }]);
  assert.deepEqual(replaced, [{ attempt: 0, holder: 'dead' }]);
});

test('a failure of the work is the failure of its delivery', async () => {
  const { clock, context, options } = deliveries();
  const failing = runUnderLease(
    context,
    options('first', () => Promise.reject(new Error('the store is gone'))),
  );
  await assert.rejects(clock.run(failing), /the store is gone/);
});
