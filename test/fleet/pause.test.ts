import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pause } from '../../fleet/latency.ts';

const never = new AbortController().signal;

test('a pause lasts as long as asked', async () => {
  const startedAtMs = performance.now();
  await pause(8.4, never);
  const lastedMs = performance.now() - startedAtMs;
  // A timer may be a millisecond early, and any time late on a busy machine.
  assert.ok(lastedMs >= 7 && lastedMs < 500, `${lastedMs} ms`);
});

test('nothing to wait for is not waited for', async () => {
  const order: string[] = [];
  setImmediate(() => order.push('next turn'));
  await pause(0.4, never);
  await pause(-5, never);
  order.push('paused');
  assert.deepEqual(order, ['paused']);
});

test('a signal ends it early and leaves nothing behind', { timeout: 5000 }, async () => {
  const left = new AbortController();
  const paused = pause(3_600_000, left.signal);
  const timers = () => process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;
  const whilePaused = timers();
  left.abort();
  await paused;
  assert.equal(timers(), whilePaused - 1);
  await pause(3_600_000, left.signal);
});
