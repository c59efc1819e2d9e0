import assert from 'node:assert/strict';
import { it } from 'node:test';
import { systemClock } from '../../src/traffic/clock.ts';

it('tells the time of day, with fractions, and never runs backwards', () => {
  assert.ok(Math.abs(systemClock.now() - Date.now()) < 1000);
  let last = systemClock.now();
  for (let i = 0; i < 10_000; i++) {
    const now = systemClock.now();
    assert.ok(now >= last);
    last = now;
  }
});

it('sleeps until an instant and not a moment less', async () => {
  for (const ms of [0.3, 1, 2.7]) {
    const untilMs = systemClock.now() + ms;
    await systemClock.sleepUntil(untilMs);
    assert.ok(systemClock.now() >= untilMs);
  }
});

it('sleeps to the nearest tick when asked: never more than half of one too early', async () => {
  for (let i = 0; i < 40; i++) {
    const untilMs = systemClock.now() + 1.1 + i / 20;
    await systemClock.sleepUntil(untilMs, undefined, 'nearest');
    assert.ok(systemClock.now() >= untilMs - 0.5);
  }
});

it('sleeps to a fraction of a tick when asked, reads what arrives meanwhile, and can be woken', async () => {
  const lateMs: number[] = [];
  for (let i = 0; i < 40; i++) {
    const untilMs = systemClock.now() + 2.3 + i / 40;
    await systemClock.sleepUntil(untilMs, undefined, 'fine');
    lateMs.push(systemClock.now() - untilMs);
  }
  assert.ok(lateMs.every((ms) => ms >= 0));
  // The median, because other processes may take the processor for a while.
  assert.ok((lateMs.toSorted((a, b) => a - b)[20] as number) < 0.3, lateMs.join(' '));
  const stopping = new AbortController();
  const far = systemClock.sleepUntil(systemClock.now() + 1e12, stopping.signal, 'fine');
  stopping.abort();
  await far;
});

it('does not sleep for the past, nor once the signal has aborted', async () => {
  await systemClock.sleepUntil(systemClock.now() - 1000);
  await systemClock.sleepUntil(systemClock.now() + 1e12, AbortSignal.abort());
});

it('wakes a thousand sleepers at once when their signal aborts, and warns of nothing', async () => {
  const warnings: Error[] = [];
  const listen = (warning: Error) => warnings.push(warning);
  process.on('warning', listen);
  const stopping = new AbortController();
  // Longer than any timer of Node's.
  const untilMs = systemClock.now() + 1e12;
  const sleepers = Array.from({ length: 1000 }, () => systemClock.sleepUntil(untilMs, stopping.signal));
  stopping.abort();
  await Promise.all(sleepers);
  await new Promise<void>((resolve) => setImmediate(resolve));
  process.off('warning', listen);
  assert.deepEqual(warnings, []);
});
