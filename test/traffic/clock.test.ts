import assert from 'node:assert/strict';
import { it } from 'node:test';
import { type Precision, systemClock } from '../../src/traffic/clock.ts';

it('systemClock gives the time of day, with fractions, and never runs backwards', () => {
  assert.ok(Math.abs(systemClock.now() - Date.now()) < 1000);
  let last = systemClock.now();
  let fractions = 0;
  for (let i = 0; i < 10_000; i++) {
    const now = systemClock.now();
    assert.ok(now >= last);
    if (!Number.isInteger(now)) fractions++;
    last = now;
  }
  assert.ok(fractions > 0);
});

it('systemClock sleeps until an instant, and never wakes early', async () => {
  for (const ms of [0.3, 1, 2.7]) {
    const untilMs = systemClock.now() + ms;
    await systemClock.sleepUntil(untilMs);
    assert.ok(systemClock.now() >= untilMs);
  }
});

it('systemClock sleeps to the nearest tick when asked, at most half a tick too early', async () => {
  for (let i = 0; i < 40; i++) {
    const untilMs = systemClock.now() + 1.1 + i / 20;
    await systemClock.sleepUntil(untilMs, undefined, 'nearest');
    assert.ok(systemClock.now() >= untilMs - 0.5);
  }
});

it('systemClock sleeps to a fraction of a tick when asked', async () => {
  const lateMs: Record<'fine' | 'tick', number[]> = { fine: [], tick: [] };
  const sleep = async (ms: number, precision: Precision & keyof typeof lateMs) => {
    const untilMs = systemClock.now() + ms;
    await systemClock.sleepUntil(untilMs, undefined, precision);
    lateMs[precision].push(systemClock.now() - untilMs);
  };
  for (let i = 0; i < 40; i++) {
    await sleep(2.3 + i / 40, 'fine');
    await sleep(2.3 + i / 40, 'tick');
  }
  assert.ok(lateMs.fine.every((ms) => ms >= 0));
  // Quartiles, in turns: other processes may take the processor for a while, and then do so to both.
  const quartile = (list: readonly number[]) => list.toSorted((a, b) => a - b)[10] as number;
  const [fineMs, tickMs] = [quartile(lateMs.fine), quartile(lateMs.tick)];
  assert.ok(fineMs < tickMs / 2, `${fineMs} ms late, ${tickMs} ms without`);
});

it('systemClock can be woken from a sleep to a fraction of a tick', async () => {
  const stopping = new AbortController();
  const far = systemClock.sleepUntil(systemClock.now() + 1e12, stopping.signal, 'fine');
  stopping.abort();
  await far;
});

it('systemClock does not sleep when the instant has passed or the signal has aborted', async () => {
  await systemClock.sleepUntil(systemClock.now() - 1000);
  await systemClock.sleepUntil(systemClock.now() + 1e12, AbortSignal.abort());
});

it('systemClock wakes a thousand sleepers when their signal aborts, without a warning', async (t) => {
  const warnings: Error[] = [];
  const listen = (warning: Error) => warnings.push(warning);
  process.on('warning', listen);
  t.after(() => process.off('warning', listen));
  const stopping = new AbortController();
  // Longer than any timer of Node's.
  const untilMs = systemClock.now() + 1e12;
  const sleepers = Array.from({ length: 1000 }, () => systemClock.sleepUntil(untilMs, stopping.signal));
  stopping.abort();
  await Promise.all(sleepers);
  await new Promise<void>((resolve) => setImmediate(resolve));
  assert.deepEqual(warnings, []);
});
