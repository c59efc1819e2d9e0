import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { SAMPLE_FLAG } from '../../src/sample/block.ts';
import { distributionOf } from '../../src/summary/summarise-operations.ts';
import type { CallLatency, Clocks, OperationSummary } from '../../src/summary/summary.ts';
import type { SampleParts } from '../support/blocks-of.ts';
import { summaryOf } from '../support/summary-of.ts';

describe('an operation', () => {
  it('has each percentile of useful and of failed latencies in its own field', () => {
    // 1 to 1,000 ms, useful; three times as long, failed.
    const samples = Array.from({ length: 1000 }, (_, index): SampleParts[] => [
      { durationMs: index + 1 },
      { durationMs: 3 * (index + 1), outcome: 'TOOL_ERROR' },
    ]).flat();
    const [look] = summaryOf(samples).operations;
    const useful = { min: 1, mean: 500.5, p50: 500, p75: 750, p90: 900, p95: 950, p99: 990, p999: 999, max: 1000 };
    assert.deepEqual(look?.latencyMs, useful);
    const failed = {
      min: 3,
      mean: 1501.5,
      p50: 1500,
      p75: 2250,
      p90: 2700,
      p95: 2850,
      p99: 2970,
      p999: 2997,
      max: 3000,
    };
    assert.deepEqual(look?.failedLatencyMs, failed);
  });

  it('has each clock in its own field', () => {
    const [look] = summaryOf([
      {
        lagMs: 1,
        socketMs: 2,
        connectMs: 3,
        tlsMs: 4,
        headersMs: 5,
        firstEventMs: 6,
        durationMs: 7,
        closeMs: 15,
      },
    ]).operations;
    const medians = Object.entries(look?.clocksMs ?? {}).map(([clock, percentiles]) => [clock, percentiles?.p50]);
    assert.deepEqual(Object.fromEntries(medians), {
      lag: 1,
      socket: 2,
      connect: 3,
      tls: 4,
      headers: 5,
      firstEvent: 6,
      close: 15,
      hold: 8,
    });
  });

  it('has first calls, calls after idle time and warm calls separately, with exact percentiles', () => {
    const { firstOfSession, afterIdle } = SAMPLE_FLAG;
    const { operations } = summaryOf([
      { operation: 'tools/call:look', durationMs: 90, flags: firstOfSession },
      { operation: 'tools/call:look', durationMs: 50, flags: afterIdle },
      { operation: 'tools/call:look', durationMs: 50 },
      { operation: 'tools/call:look', durationMs: 90 },
      { operation: 'tools/call:look', durationMs: 10 },
      { operation: 'tools/call:look', durationMs: 99, outcome: 'HTTP_500', flags: firstOfSession },
      { operation: 'initialize' },
    ]);
    const [initialize, look] = operations;
    assert.equal(initialize?.calls, null);
    const range = ({ count, latencyMs }: CallLatency) => [count, latencyMs?.min, latencyMs?.p50, latencyMs?.max];
    assert.deepEqual(
      Object.entries(look?.calls ?? {}).map(([kind, calls]) => [kind, ...range(calls)]),
      [
        ['firstOfSession', 1, 90, 90, 90],
        ['afterIdle', 1, 50, 50, 50],
        ['warm', 3, 10, 50, 90],
      ],
    );
  });

  it('has how requests got their connections, and how long streams stayed open after the answer', () => {
    const { operations } = summaryOf([
      { connectMs: 20, tlsMs: 30, socketMs: 51, durationMs: 100, closeMs: 100 },
      { connectMs: 40, tlsMs: undefined, socketMs: 41, durationMs: 100, closeMs: 350, flags: SAMPLE_FLAG.held },
      {
        socketMs: 1,
        durationMs: 100,
        closeMs: 104,
        flags: SAMPLE_FLAG.retry | SAMPLE_FLAG.resumed | SAMPLE_FLAG.resent,
      },
      // A failed request gets its connection like any other. The end of its stream says nothing about answers.
      { connectMs: 60, tlsMs: 70, socketMs: 131, closeMs: 900, outcome: 'HTTP_503', flags: SAMPLE_FLAG.retry },
      { connectMs: 99, tlsMs: 99, socketMs: undefined, outcome: 'CLIENT_ABORT', flags: SAMPLE_FLAG.held },
      { socketMs: undefined, outcome: 'NET_REFUSED' },
    ]);
    const [look] = operations;
    const { newConnections, heldStreams, resumedAnswers, retries, resent } = look as OperationSummary;
    assert.deepEqual(
      { newConnections, heldStreams, resumedAnswers, retries, resent },
      { newConnections: 3, heldStreams: 1, resumedAnswers: 1, retries: 2, resent: 1 },
    );
    const range = (clock: keyof Clocks) => [
      look?.clocksMs[clock]?.min,
      look?.clocksMs[clock]?.p50,
      look?.clocksMs[clock]?.max,
    ];
    assert.deepEqual(range('socket'), [1, 41, 131]);
    assert.deepEqual(range('connect'), [20, 40, 60]);
    assert.deepEqual(range('tls'), [30, 30, 70]);
    assert.deepEqual(range('hold'), [0, 4, 250]);
    assert.equal(look?.clocksMs.close?.max, 350);
  });

  it('leaves out of the hold what had its answer after the close of its stream, in another reply', () => {
    const { operations } = summaryOf([
      { durationMs: 3000, closeMs: 12 },
      { durationMs: 100, closeMs: 104 },
    ]);
    assert.deepEqual([operations[0]?.clocksMs.hold?.min, operations[0]?.clocksMs.close?.min], [4, 12]);
  });
});

describe('series', () => {
  it('cover all intervals, including those after the planned end', () => {
    const { series } = summaryOf([
      { atMs: 200, durationMs: 10 },
      { atMs: 12_300, operation: 'DELETE', outcome: 'HTTP_500' },
    ]);
    assert.deepEqual(
      series.map(({ operation, points }) => [operation, points.length]),
      [
        ['*', 13],
        ['DELETE', 13],
        ['tools/call:look', 13],
      ],
    );
    const all = series[0]?.points ?? [];
    const same = { requestsPerSecond: 1, activeSessions: 0 };
    const nothing = { p50Ms: null, p95Ms: null, p99Ms: null };
    assert.deepEqual(all[0], { atSeconds: 0, requests: 1, failures: 0, p50Ms: 10, p95Ms: 10, p99Ms: 10, ...same });
    assert.deepEqual(all[5], { atSeconds: 5, requests: 0, failures: 0, ...nothing, ...same, requestsPerSecond: 0 });
    assert.deepEqual(all[12], { atSeconds: 12, requests: 1, failures: 1, ...nothing, ...same });
  });

  it('have p50, p95 and p99 of the useful requests of each interval', () => {
    const samples = Array.from({ length: 100 }, (_, index): SampleParts => ({ atMs: 1200, durationMs: index + 1 }));
    const [all] = summaryOf([...samples, { atMs: 1200, durationMs: 5000, outcome: 'TOOL_ERROR' }]).series;
    const [, second] = all?.points ?? [];
    assert.deepEqual([second?.p50Ms, second?.p95Ms, second?.p99Ms], [50, 95, 99]);
  });
});

describe('a distribution', () => {
  it('counts every value in its bin and leaves no gap between bins', () => {
    const ranges = fc.constantFrom(1, 5, 40, 1000, 60_000_000);
    const values = ranges.chain((range) => fc.array(fc.nat(range), { minLength: 1, maxLength: 200 }));
    fc.assert(
      fc.property(values, fc.nat(100_000), (list, base) => {
        const sorted = Uint32Array.from(list, (value) => value + base).sort();
        const bins = distributionOf(sorted);
        assert.ok(bins.length >= 1 && bins.length <= 30);
        assert.equal(bins[0]?.fromMs, (sorted[0] as number) / 1000);
        assert.ok((bins[bins.length - 1]?.toMs ?? 0) > (sorted[sorted.length - 1] as number) / 1000);
        for (const [index, { fromMs, toMs, count }] of bins.entries()) {
          assert.ok(toMs > fromMs);
          if (index > 0) assert.equal(fromMs, bins[index - 1]?.toMs);
          assert.equal(count, sorted.filter((us) => us / 1000 >= fromMs && us / 1000 < toMs).length);
        }
      }),
    );
  });

  it('has one bin for one value, for equal values and for zeros, and no bin without values', () => {
    assert.deepEqual(distributionOf(new Uint32Array()), []);
    assert.deepEqual(distributionOf(Uint32Array.of(2000)), [{ fromMs: 2, toMs: 2.001, count: 1 }]);
    assert.deepEqual(distributionOf(Uint32Array.of(7000, 7000)), [{ fromMs: 7, toMs: 7.001, count: 2 }]);
    assert.deepEqual(distributionOf(Uint32Array.of(0, 0, 0)), [{ fromMs: 0, toMs: 0.002, count: 3 }]);
  });

  it('has no bin narrower than a microsecond', () => {
    const bins = distributionOf(Uint32Array.from({ length: 30 }, (_, index) => index + 1));
    assert.ok(bins.length > 1);
    for (const { fromMs, toMs } of bins) assert.ok(toMs - fromMs >= 0.000999, `${fromMs} ${toMs}`);
  });
});
