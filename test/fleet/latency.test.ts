import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { latencyQuantile, latencySource, pause } from '../../fleet/latency.ts';
import { type LatencyPercentilesMs, latencyFigures, measuredLatencyMs } from '../../fleet/measured.ts';
import { summarizeDurations } from '../../fleet/server-stats.ts';
import { githubTools } from '../../fleet/tools/github-tools.ts';

const searchCode = 'tools/call:search_code';

function source({ scale = 1 } = {}) {
  return latencySource({ seed: 7, server: 'github', scale, percentilesMs: measuredLatencyMs.github });
}

function draw(count: number, next: () => number): number[] {
  return Array.from({ length: count }, next);
}

describe('latencySource', () => {
  it('draws latencies with the measured percentiles', () => {
    const next = source();
    const drawn = summarizeDurations(draw(20_000, () => next(searchCode)))!;
    const [min, p50, p75, p90, p95, , p99, max] = measuredLatencyMs.github[searchCode]!;
    const near = (actual: number, expected: number) =>
      assert.ok(Math.abs(actual / expected - 1) < 0.1, `${actual} is not near ${expected}`);
    near(drawn.p50, p50);
    near(drawn.p75, p75);
    near(drawn.p90, p90);
    near(drawn.p95, p95);
    near(drawn.p99, p99);
    assert.ok(drawn.min >= min && drawn.max <= max);
    // The measured mean, 552 ms, is not part of the figures that define the curve: an independent check of its shape.
    near(drawn.mean, 552);
  });

  it('repeats the latencies of a seed, and draws others for another seed, server or operation', () => {
    const figures = measuredLatencyMs.github[searchCode]!;
    const drawn = ({ seed = 7, server = 'github', operation = searchCode } = {}) => {
      const next = latencySource({ seed, server, scale: 1, percentilesMs: { [operation]: figures } });
      return draw(20, () => next(operation));
    };
    const reference = drawn();
    assert.deepEqual(drawn(), reference);
    assert.notDeepEqual(drawn({ seed: 8 }), reference);
    assert.notDeepEqual(drawn({ server: 'another' }), reference);
    assert.notDeepEqual(drawn({ operation: 'another' }), reference);
  });

  it('draws the same latencies for an operation when another one is called in between', () => {
    const alone = source();
    const mixed = source();
    const reference = draw(10, () => alone(searchCode));
    const among = draw(10, () => {
      mixed('initialize');
      return mixed(searchCode);
    });
    assert.deepEqual(among, reference);
  });

  it('multiplies latencies by the scale, and returns 0 for an operation without figures', () => {
    const whole = source();
    const half = source({ scale: 0.5 });
    assert.deepEqual(
      draw(10, () => half(searchCode)),
      draw(10, () => whole(searchCode) / 2),
    );
    assert.equal(source({ scale: 0 })(searchCode), 0);
    assert.equal(source()('ping'), 0);
  });
});

describe('latencyFigures', () => {
  it('gives a tool that was not measured the figures of the tool that it names', () => {
    const figures = latencyFigures('github', githubTools);
    assert.deepEqual(figures['tools/call:create_issue'], figures['tools/call:list_issues']);
    assert.deepEqual(figures['server/discover'], figures.initialize);
    for (const { name } of githubTools) assert.equal(figures[`tools/call:${name}`]?.length, 8, name);
    const unmeasured = githubTools.map((tool) => ({ ...tool, latencyOf: 'merge_everything' }));
    assert.throws(
      () => latencyFigures('github', unmeasured),
      /no latency was measured for tools\/call:merge_everything/,
    );
  });
});

describe('latencyQuantile', () => {
  const probabilities = [0, 0.5, 0.75, 0.9, 0.95, 0.98, 0.99, 1];
  const measured = Object.entries(measuredLatencyMs).flatMap(([server, operations]) =>
    Object.entries(operations).map(([operation, figures]) => ({ name: `${server}:${operation}`, figures })),
  );
  const anyFigures = fc
    .array(fc.double({ min: 0.5, max: 60_000, noNaN: true }), { minLength: 8, maxLength: 8 })
    .map((values) => values.sort((a, b) => a - b) as unknown as LatencyPercentilesMs);
  const anyProbability = fc.double({ min: 0, max: 1, noNaN: true });

  it('passes through every measured percentile', () => {
    assert.equal(measured.length, 27);
    for (const { name, figures } of measured) {
      assert.deepEqual(
        probabilities.map((p) => latencyQuantile(figures, p)),
        [...figures],
        name,
      );
    }
  });

  it('never decreases, and stays between minimum and maximum', () => {
    fc.assert(
      fc.property(anyFigures, anyProbability, anyProbability, (ms, one, other) => {
        const low = latencyQuantile(ms, Math.min(one, other));
        const high = latencyQuantile(ms, Math.max(one, other));
        assert.ok(low <= high * (1 + 1e-12), `${low} above ${high}`);
        assert.ok(low >= ms[0] && high <= ms[7]);
      }),
    );
  });

  it('is the geometric mean of two percentiles halfway between their probabilities', () => {
    fc.assert(
      fc.property(anyFigures, fc.integer({ min: 1, max: 7 }), (ms, upper) => {
        const halfway = (probabilities[upper - 1]! + probabilities[upper]!) / 2;
        const expected = Math.sqrt(ms[upper - 1]! * ms[upper]!);
        assert.ok(Math.abs(latencyQuantile(ms, halfway) / expected - 1) < 1e-9);
      }),
    );
  });

  it('refuses a probability outside 0 to 1', () => {
    const [{ figures: some } = assert.fail('no figures')] = measured;
    for (const wrong of [-0.01, 1.01, Number.NaN]) {
      assert.throws(() => latencyQuantile(some, wrong), { name: 'RangeError', message: /between 0 and 1/ });
    }
  });
});

describe('pause', () => {
  const never = new AbortController().signal;

  it('waits the given time', async () => {
    const startedAtMs = performance.now();
    await pause(8.4, never);
    const lastedMs = performance.now() - startedAtMs;
    // A timer can fire a millisecond early, and much later on a busy machine.
    assert.ok(lastedMs >= 7 && lastedMs < 500, `${lastedMs} ms`);
  });

  it('does not wait for the next turn of the event loop when the time rounds to 0 or less', async () => {
    const order: string[] = [];
    setImmediate(() => order.push('next turn'));
    await pause(0.4, never);
    await pause(-5, never);
    order.push('paused');
    assert.deepEqual(order, ['paused']);
  });

  it('ends when its signal fires, and clears its timer', { timeout: 5000 }, async () => {
    const disconnected = new AbortController();
    const paused = pause(3_600_000, disconnected.signal);
    const timers = () => process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;
    const whilePaused = timers();
    disconnected.abort();
    await paused;
    assert.equal(timers(), whilePaused - 1);
    await pause(3_600_000, disconnected.signal);
  });
});
