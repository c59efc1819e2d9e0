import assert from 'node:assert/strict';
import { it } from 'node:test';
import { type LeaseOptions, runUnderLease } from '../../src/run/lease.ts';
import { testContext } from '../support/run-context.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const RUN = '20261123-120000000-00000000';
const SLICE = 'w0000-l0000';

/** Several deliveries of one piece of work, and what its holder shows of itself. */
function deliveries() {
  const clock = new VirtualClock(1_000_000);
  const context = testContext({ clock });
  const shown: { result?: string; aliveMs?: number } = {};
  const worked: string[] = [];
  const options = (holder: string, work: () => Promise<string>): LeaseOptions<string> => ({
    runId: RUN,
    unit: SLICE,
    attempt: 0,
    holder,
    result: async () => shown.result,
    lastSignOfLife: async () => shown.aliveMs,
    work: async () => {
      worked.push(holder);
      return work();
    },
  });
  return { clock, context, shown, worked, options };
}

it('makes a duplicate wait for the holder and return its result, without working', async () => {
  const { clock, context, shown, worked, options } = deliveries();
  const first = runUnderLease(
    context,
    options('first', async () => {
      // Longer than a silent holder is waited for, but with signs of life.
      for (let second = 0; second < 60; second++) {
        await clock.sleepUntil(clock.now() + 1000);
        shown.aliveMs = clock.now();
      }
      shown.result = 'measured';
      return 'measured';
    }),
  );
  const second = runUnderLease(
    context,
    options('second', async () => 'never'),
  );
  assert.deepEqual(await clock.run(Promise.all([first, second])), ['measured', 'measured']);
  assert.deepEqual(worked, ['first']);
  const { leases, duplicates } = await context.store.readAttempts(RUN, SLICE);
  assert.deepEqual(leases, [{ attempt: 0, holder: 'first' }]);
  assert.deepEqual(duplicates, [{ attempt: 0, holder: 'second' }]);
});

it('lets one of several waiting deliveries take over when the holder dies', async () => {
  const { clock, context, shown, worked, options } = deliveries();
  await context.store.takeLease(RUN, SLICE, 0, 'dead');
  shown.aliveMs = clock.now();
  const work = async () => {
    shown.result = 'measured later';
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
  const { leases, supersededHolders } = await context.store.readAttempts(RUN, SLICE);
  assert.deepEqual(leases, [{ attempt: 0, holder: worked[0] }]);
  assert.deepEqual(supersededHolders, [{ attempt: 0, holder: 'dead' }]);
});

/**
 * A holder that gives a last sign of life after so long. A waiting delivery checks every 500 ms, so that this decides how
 * long the holder has been silent when it is checked 30.5 s after the delivery began.
 */
async function waitAfterLastSign(lastSignMs: number, resultMs: number) {
  const { clock, context, shown, worked, options } = deliveries();
  const beganMs = clock.now();
  await context.store.takeLease(RUN, SLICE, 0, 'holder');
  const holder = async () => {
    await clock.sleepUntil(beganMs + lastSignMs);
    shown.aliveMs = clock.now();
    await clock.sleepUntil(beganMs + resultMs);
    shown.result ??= 'by the holder';
  };
  let tookOverMs: number | undefined;
  const waiting = runUnderLease(
    context,
    options('second', async () => {
      tookOverMs = clock.now() - beganMs;
      shown.result = 'by the second';
      return shown.result;
    }),
  );
  const [result] = await clock.run(Promise.all([waiting, holder()]));
  return { result, tookOverMs, worked };
}

it('waits for a holder that has been silent for 29.9 s', async () => {
  // Silent for 29.9 s at 30.5 s; at the next check, 31 s, the result is there.
  const waited = await waitAfterLastSign(600, 30_900);
  assert.deepEqual(waited, { result: 'by the holder', tookOverMs: undefined, worked: [] });
});

it('takes over from a holder that has been silent for 30.1 s', async () => {
  // Silent for 29.6 s at 30 s and for 30.1 s at 30.5 s.
  const waited = await waitAfterLastSign(400, 40_000);
  assert.deepEqual(waited, { result: 'by the second', tookOverMs: 30_500, worked: ['second'] });
});

it('waits for the same time when the holder has never renewed its lease', async () => {
  const { clock, context, options } = deliveries();
  const beganMs = clock.now();
  await context.store.takeLease(RUN, SLICE, 0, 'silent');
  const tookOverMs = await clock.run(
    runUnderLease(
      context,
      options('second', async () => String(clock.now() - beganMs)),
    ),
  );
  // At 30 s, the silence is not longer than 30 s; it is at the next check.
  assert.equal(tookOverMs, '30500');
});

it('fails a delivery if its work fails', async () => {
  const { clock, context, options } = deliveries();
  const failing = runUnderLease(
    context,
    options('first', () => Promise.reject(new Error('the store is gone'))),
  );
  await assert.rejects(clock.run(failing), /the store is gone/);
});
