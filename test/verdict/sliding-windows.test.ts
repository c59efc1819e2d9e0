import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { slidingWindows } from '../../src/verdict/judge-thresholds.ts';

const END = Number.POSITIVE_INFINITY;

it('slidingWindows moves by one interval at a time', () => {
  assert.deepEqual(slidingWindows({ fromMs: 0, toMs: 4000 }, 1000, 2000), [
    { fromInterval: 0, toInterval: 2, fromMs: 0, toMs: 2000 },
    { fromInterval: 1, toInterval: 3, fromMs: 1000, toMs: 3000 },
    { fromInterval: 2, toInterval: END, fromMs: 2000, toMs: 4000 },
  ]);
});

it('slidingWindows gives fractions of an interval to the first and the last window', () => {
  assert.deepEqual(slidingWindows({ fromMs: 1500, toMs: 4200 }, 1000, 1000), [
    { fromInterval: 0, toInterval: 3, fromMs: 1500, toMs: 3000 },
    { fromInterval: 3, toInterval: END, fromMs: 3000, toMs: 4200 },
  ]);
});

it('slidingWindows makes one window of a run that is shorter than the length', () => {
  const whole = [{ fromInterval: 0, toInterval: END, fromMs: 0, toMs: 2500 }];
  assert.deepEqual(slidingWindows({ fromMs: 0, toMs: 2500 }, 1000, 10_000), whole);
  assert.deepEqual(slidingWindows({ fromMs: 0, toMs: 2500 }, 1000, 2000), whole);
});

it('slidingWindows rounds a length up to a multiple of the interval', () => {
  const lengths = slidingWindows({ fromMs: 0, toMs: 60_000 }, 5000, 6000).map(({ fromMs, toMs }) => toMs - fromMs);
  assert.deepEqual(new Set(lengths), new Set([10_000]));
});

it('slidingWindows covers the whole run without gaps, with windows of at least the length', () => {
  const times = fc.record({ fromMs: fc.nat(20_000), lastsMs: fc.integer({ min: 1, max: 60_000 }) });
  fc.assert(
    fc.property(
      times,
      fc.integer({ min: 1, max: 10 }),
      fc.integer({ min: 1, max: 30_000 }),
      (time, seconds, lengthMs) => {
        const span = { fromMs: time.fromMs, toMs: time.fromMs + time.lastsMs };
        const windows = slidingWindows(span, seconds * 1000, lengthMs);
        assert.ok(windows.length > 0);
        assert.equal(windows[0]?.fromMs, span.fromMs);
        assert.equal(windows[0]?.fromInterval, 0);
        assert.equal(windows.at(-1)?.toMs, span.toMs);
        assert.equal(windows.at(-1)?.toInterval, END);
        for (const { fromMs, toMs } of windows) {
          assert.ok(toMs > fromMs);
          assert.ok(windows.length === 1 || toMs - fromMs >= lengthMs);
        }
        windows.slice(1).forEach(({ fromMs, fromInterval }, index) => {
          assert.ok(fromMs <= (windows[index]?.toMs ?? 0), 'a gap');
          assert.equal(fromMs, fromInterval * seconds * 1000);
        });
      },
    ),
  );
});
