import assert from 'node:assert/strict';
import { after, before, describe, it, mock, type TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { TableClient } from '@azure/data-tables';
import type { Report } from '../../src/report/report.ts';
import { conclude } from '../../src/run/conclude.ts';
import { preflight } from '../../src/run/preflight.ts';
import type { RunContext } from '../../src/run/run-context.ts';
import { readReport } from '../../src/run/run-documents.ts';
import { runSlice, type SliceResult } from '../../src/run/run-slice.ts';
import { timingOf } from '../../src/run/timing.ts';
import { tableRunStore } from '../../src/store/open-run-store.ts';
import { type Azurite, startAzurite } from '../../tools/functions-host/azurite/azurite.ts';
import { type Fault, type FaultyProxy, startFaultyProxy } from '../store/faulty-proxy.ts';
import { legacyServer, type McpServer, startMcpServer } from '../support/mcp-server.ts';
import { testContext } from '../support/run-context.ts';
import { createRunOf } from './run-plan.ts';

/** A silent holder is dead after 6 s instead of 30. */
const TIMING = timingOf(6000);
const { proofMs, deadAfterMs } = TIMING;
/** What 20 s are by this scale, and a time that is longer than the dead-after time. */
const SHORT_MS = (20 / 30) * deadAfterMs;
const LONG_MS = deadAfterMs + 1000;
const RATE = 40;

let azurite: Azurite;
let tables = 0;

before(async () => {
  // The tests run at the same time, so that they cannot mock these for themselves.
  mock.method(console, 'error', () => {});
  mock.method(console, 'warn', () => {});
  azurite = await startAzurite();
});
after(() => azurite?.stop());

type StoredRun = {
  readonly context: RunContext;
  readonly runId: string;
  readonly server: McpServer;
  readonly proxy: FaultyProxy;
  readonly startAtMs: number;
  /** How many requests preflight had sent. */
  readonly before: number;
};

/** A run of so many seconds at a rate, in one lane, whose preflight has passed. Its table is behind the proxy. */
async function aRun(t: TestContext, seconds: number, windowMs = 60_000): Promise<StoredRun> {
  const server = await startMcpServer(legacyServer);
  const proxy = await startFaultyProxy(azurite);
  t.after(() => Promise.all([server.close(), proxy.stop()]));
  const client = TableClient.fromConnectionString(proxy.connectionString, `run${tables++}`, {
    allowInsecureConnection: true,
    retryOptions: { retryDelayInMs: 1, maxRetryDelayInMs: 4 },
  });
  const sizing = { vusPerLane: 100, ratePerLane: 1000, windowMs };
  const context = testContext({ store: tableRunStore(client), timing: TIMING, sizing, startDelayMs: 1000 });
  const calls = {
    executor: 'constant-arrival-rate',
    rate: RATE,
    duration: `${seconds}s`,
    preAllocatedVUs: 40,
    steps: [{ tool: 'look', arguments: { start: '{{$iteration}}' } }],
  };
  const runId = await createRunOf(context, server.origin, { calls });
  const found = await preflight(context, runId, 'preflight');
  const { startAtMs } = 'schedule' in found ? found.schedule : assert.fail();
  return { context, runId, server, proxy, startAtMs, before: server.incoming.length };
}

function deliver({ context, runId, startAtMs }: StoredRun, holder: string, { window = 0, attempt = 0 } = {}) {
  return runSlice(context, { runId, lane: 0, window, attempt, holder, endAtMs: startAtMs + 60_000 });
}

/** From `fromMs` on, for `forMs`, after the run's start, the store has a fault. */
function faultFrom(
  { startAtMs, proxy }: StoredRun,
  fromMs: number,
  forMs: number,
  fault: (count: number) => Fault,
): void {
  let count = 0;
  proxy.fault = () => {
    const atMs = Date.now() - startAtMs;
    return atMs >= fromMs && atMs < fromMs + forMs ? fault(count++) : 'pass';
  };
}

async function concluded({ context, runId, proxy }: StoredRun): Promise<Report> {
  proxy.fault = () => 'pass';
  await conclude(context, runId);
  return (await readReport(context.store, runId)) ?? assert.fail('no report');
}

/**
 * Asserts that the report has exactly the requests that the server has counted, apart from those that it says are missing.
 * @returns the number of calls
 */
function assertCounted({ server, before }: StoredRun, report: Report): number {
  const reported = report.operations.reduce((sum, { count }) => sum + count, 0);
  assert.equal(reported + (report.generator.store.unkeptRequests ?? 0), server.incoming.length - before);
  return server.of('tools/call').length;
}

/**
 * Asserts that no start of the plan was made twice, none early, and that the server never got more calls in a second than
 * planned and 5 % more, apart from starts that this machine made late.
 */
function assertRate({ server, startAtMs }: StoredRun): void {
  const { timeOrigin } = performance;
  const calls = server.of('tools/call').map(({ atMs, params }) => {
    const start = Number((params.arguments as { readonly start: number }).start);
    return { start, atMs: timeOrigin + atMs, lagMs: timeOrigin + atMs - startAtMs - (start * 1000) / RATE };
  });
  assert.equal(new Set(calls.map(({ start }) => start)).size, calls.length, 'a start was made twice');
  assert.ok(calls.every(({ lagMs }) => lagMs > -2));
  for (const { atMs } of calls) {
    const within = calls.filter((call) => call.atMs >= atMs && call.atMs < atMs + 1000);
    const lateMs = Math.max(...within.map(({ lagMs }) => lagMs));
    assert.ok(within.length <= RATE * 1.05 + (RATE * lateMs) / 1000 + 1, `${within.length} calls in a second`);
  }
}

const ruleOf = (report: Report, rule: string) =>
  report.generator.rules.find((each) => each.rule === rule) ?? assert.fail();

/** Asserts that the report says how many planned starts nobody made; the calls of a few of those made were not sent. */
function assertMissing(report: Report, planned: number, sent: number): void {
  const { started, dropped } = report.generator.starts;
  assert.ok(started !== null && dropped !== null);
  assert.ok(started >= sent && started - sent < 10, `${started} started, ${sent} sent`);
  const { detail } = ruleOf(report, 'starts made');
  assert.ok(detail.includes(`: ${planned - started - dropped} of ${planned} planned starts missing`), detail);
}

// All at the same time, because they mostly wait.
describe('a slice and a store with faults', { concurrency: true }, () => {
  describe('counts every request, and makes the whole load, while the store', { concurrency: true }, () => {
    const kinds: readonly (readonly [what: string, fault: (count: number) => Fault])[] = [
      ['is slow', () => 'slow'],
      ['throttles half of the calls', (count) => (count % 2 === 0 ? 'throttle' : 'pass')],
      ['refuses connections for 20 s of the real times', () => 'refuse'],
      ['does not answer for as long', () => 'hang'],
      ['stores what it is given, and loses every third answer', (count) => (count % 3 === 0 ? 'lose' : 'pass')],
    ];
    for (const [what, fault] of kinds) {
      it(what, async (t) => {
        const run = await aRun(t, 6);
        faultFrom(run, 500, SHORT_MS, fault);
        assert.deepEqual((await deliver(run, 'a')).state, 'committed');
        const report = await concluded(run);
        const sent = assertCounted(run, report);
        assert.ok(sent >= 0.95 * 6 * RATE, `${sent} calls`);
        assertRate(run);
        assert.equal(report.generator.slices.committed, 1);
        assert.equal(ruleOf(report, 'samples stored').ok, true);
      });
    }
  });

  describe('a store that is away for longer than a silent holder is waited for', { concurrency: true }, () => {
    it('ends the load, gets all samples later, and lets another attempt make the rest', async (t) => {
      const run = await aRun(t, 12);
      faultFrom(run, 500, LONG_MS, () => 'refuse');
      const first = await deliver(run, 'a');
      assert.equal(first.state, 'fenced');
      const fencedMs = Math.max(...run.server.of('tools/call').map(({ atMs }) => atMs));
      const second = await deliver(run, 'b', { attempt: 1 });
      assert.equal(second.state, 'committed');
      const report = await concluded(run);
      const sent = assertCounted(run, report);
      assertRate(run);
      const laterCalls = run.server.of('tools/call').filter(({ atMs }) => atMs > fencedMs);
      assert.ok(
        laterCalls.length > RATE && sent < 12 * RATE,
        `${laterCalls.length} of ${sent} calls in the second attempt`,
      );
      assert.equal(report.generator.slices.partial, 1);
      assert.equal(
        report.generator.endedEarly?.[0]?.reason,
        `the store could not be reached for ${Math.round(proofMs / 100) / 10} s`,
      );
      // Starts of both attempts are known, so the missing ones are exact.
      assertMissing(report, 12 * RATE, sent);
    });

    it('is waited for by a duplicate as well, and the target gets no request twice', async (t) => {
      const run = await aRun(t, 9);
      faultFrom(run, 200, proofMs + 300, () => 'refuse');
      const both = await Promise.all([deliver(run, 'a'), delay(300).then(() => deliver(run, 'b'))]);
      assert.deepEqual(both.map(({ state }) => state).toSorted(), [
        'committed',
        'fenced',
      ] satisfies SliceResult['state'][]);
      const report = await concluded(run);
      assertCounted(run, report);
      assertRate(run);
      assert.deepEqual([report.generator.slices.partial, report.generator.slices.duplicates], [1, 1]);
    });

    it('costs a window only the time until it is back, if it goes away before the window begins', async (t) => {
      const run = await aRun(t, 8, 4000);
      faultFrom(run, 3300, 1200, () => 'refuse');
      const second = delay(run.startAtMs + 3500 - Date.now()).then(() => deliver(run, 'b', { window: 1 }));
      const results = await Promise.all([deliver(run, 'a'), second]);
      assert.deepEqual(
        results.map(({ state }) => state),
        ['committed', 'committed'],
      );
      const report = await concluded(run);
      const sent = assertCounted(run, report);
      assertRate(run);
      // A try comes at the latest after as long again as the store was away.
      assert.ok(sent > 5.2 * RATE && sent < 7.8 * RATE, `${sent} calls`);
      assertMissing(report, 8 * RATE, sent);
    });
  });

  it('says exactly how many requests are missing if the store accepts no samples for the whole time of late writes', async (t) => {
    const run = await aRun(t, 2);
    const { store } = run.context;
    let accepted = 0;
    const brittle = {
      ...store,
      // Accepts two blocks and then no more, while everything else is accepted.
      appendBlock: (...args: Parameters<typeof store.appendBlock>) =>
        accepted++ < 2 ? store.appendBlock(...args) : Promise.reject(new Error('no more blocks')),
    };
    const context = { ...run.context, store: brittle, timing: { ...TIMING, lateWriteMs: 1000 } };
    assert.equal((await deliver({ ...run, context }, 'a')).state, 'committed');
    const report = await concluded(run);
    assertCounted(run, report);
    const { unkept = 0, unkeptRequests = 0 } = report.generator.store;
    assert.ok(report.totals.requests > 0 && unkeptRequests > 0 && unkept > unkeptRequests);
    assert.equal(report.verdict.status, 'invalid');
    const missing = `${unkept} samples could not be stored, among them ${unkeptRequests} requests`;
    assert.ok(ruleOf(report, 'samples stored').detail.includes(missing));
  });
});
