import assert from 'node:assert/strict';
import { it } from 'node:test';
import { compareRuns } from '../../src/comparison/compare-runs.ts';
import type { ComparedOperation, ComparedRun } from '../../src/comparison/comparison.ts';
import { comparisonSchema } from '../../src/plan/plan-schema.ts';
import { parseBaseline } from '../../src/report/parse-baseline.ts';
import { simulatedOperation, simulatedRun } from './simulated-runs.ts';

const rules = comparisonSchema.parse({});
const named = (operation: string, seed: number, requests = 1000) => simulatedOperation(seed, { operation, requests });

/** A report of schemaVersion 3, as it was stored: its rows have no kind. */
function oldReport(operations: readonly ComparedOperation[]): ComparedRun {
  const rows = operations.map(({ kind: _, ...row }) => row);
  const report = { schemaVersion: 3, ...simulatedRun(operations), operations: rows };
  const parsed = parseBaseline(JSON.parse(JSON.stringify(report)));
  assert.ok(!('problem' in parsed), JSON.stringify(parsed));
  return parsed;
}

const protocol = (operation: ComparedOperation): ComparedOperation => ({ ...operation, kind: 'protocol' });

it('compares a baseline of schemaVersion 3 by names, and says what its rows lack', () => {
  const baseline = oldReport([named('tools/call:search', 1), named('initialize', 2), named('gone', 3)]);
  const current = simulatedRun([named('tools/call:search', 4), protocol(named('initialize', 5)), named('new', 6)]);
  const { operations, onlyInBaseline, onlyInCurrent, notes } = compareRuns(baseline, current, rules);
  assert.deepEqual(
    operations.map(({ operation, change }) => [operation, change !== null]),
    [
      ['tools/call:search', true],
      ['initialize', true],
    ],
  );
  assert.deepEqual(
    [onlyInBaseline, onlyInCurrent].flat().map(({ operation }) => operation),
    ['gone', 'new'],
  );
  assert.match(notes.at(-1) ?? '', /^The baseline's report was made by an earlier version: its latencies leave out/);
});

it('leaves out an operation that is both a step and a request of the protocol, and names it', () => {
  const baseline = oldReport([named('tools/list', 1), named('ping', 2)]);
  const current = simulatedRun([named('tools/list', 3), named('ping', 4), protocol(named('tools/list', 5))]);
  const { operations, notes } = compareRuns(baseline, current, rules);
  assert.deepEqual(
    operations.map(({ operation }) => operation),
    ['ping'],
  );
  assert.match(notes.at(-1) ?? '', /Both kinds are in this run, so they are not compared: tools\/list of learn\.$/);
});

it('compares operations of the same name by their kind, and only steps in total', () => {
  const rows = (seed: number, steps: number) => [
    named('tools/list', seed, steps),
    protocol(named('tools/list', seed + 1, 2000)),
  ];
  const { operations, totals, notes } = compareRuns(simulatedRun(rows(1, 500)), simulatedRun(rows(3, 600)), rules);
  assert.deepEqual(
    operations.map(({ baseline, current }) => [baseline.requests, current.requests]),
    [
      [500, 600],
      [2000, 2000],
    ],
  );
  assert.deepEqual([totals?.baseline.requests, totals?.current.requests], [500, 600]);
  assert.deepEqual(notes, []);
});

it('counts requests without an answer as at least as slow as their wait, on both sides', () => {
  const run = (seed: number, silentRate: number) =>
    simulatedRun([simulatedOperation(seed, { requests: 2000, silentRate })]);
  const [answered, silent] = [run(1, 0), run(2, 0.1)];
  const [worse] = compareRuns(answered, silent, rules).operations;
  assert.deepEqual([worse?.usefulVerdict, worse?.verdict], ['fails-more', 'slower']);
  assert.deepEqual([worse?.current.latencyMs, worse?.current.atLeast], [30_000, true]);
  const [better] = compareRuns(silent, answered, rules).operations;
  assert.deepEqual([better?.usefulVerdict, better?.verdict], ['fails-less', 'faster']);
  const [alike] = compareRuns(silent, run(3, 0.1), rules).operations;
  assert.equal(alike?.verdict, 'too-little-data');
  assert.match(alike.reason, /^p95 is only known as a lower bound/);
  // Where fewer have no answer than the percentile leaves out, it is exact.
  const [few] = compareRuns(run(4, 0.02), run(5, 0.02), comparisonSchema.parse({ tolerance: 0.5 })).operations;
  assert.deepEqual([few?.verdict, few?.current.atLeast], ['same', undefined]);
});

it('never calls a run faster whose percentile is only a lower bound, and slower only when the bound proves it', () => {
  const bounded = (factor: number, seed: number) => {
    const operation = simulatedOperation(seed, { requests: 2000, factor });
    assert.ok(operation.latencyMs !== null);
    return { ...operation, latencyMs: { ...operation.latencyMs, atLeast: ['p95', 'p99'] as const } };
  };
  const exact = simulatedRun([simulatedOperation(1, { requests: 2000 })]);
  const verdictOf = (baseline: ComparedRun, current: ComparedRun) => {
    const [operation] = compareRuns(baseline, current, rules).operations;
    return [operation?.verdict, operation?.reason.includes('lower bound')];
  };
  assert.deepEqual(verdictOf(exact, simulatedRun([bounded(0.4, 2)])), ['too-little-data', true]);
  assert.deepEqual(verdictOf(exact, simulatedRun([bounded(1, 2)])), ['too-little-data', true]);
  assert.deepEqual(verdictOf(exact, simulatedRun([bounded(2, 2)])), ['slower', false]);
  assert.deepEqual(verdictOf(simulatedRun([bounded(2, 2)]), exact), ['faster', false]);
  assert.deepEqual(verdictOf(simulatedRun([bounded(0.4, 2)]), exact), ['too-little-data', true]);
});
