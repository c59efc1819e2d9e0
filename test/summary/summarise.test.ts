import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Outcome } from '../../src/sample/outcome.ts';
import { mergeFolds } from '../../src/summary/merge-folds.ts';
import { summarise } from '../../src/summary/summarise.ts';
import { INTERVAL_MS, RUN_START_MS, type SampleParts } from '../support/blocks-of.ts';
import { mergedFold, runSpan, summaryOf } from '../support/summary-of.ts';

it('summarise divides rates by the planned time, by more if requests went on after it, by less if the run was stopped', () => {
  const early = [{ atMs: 500, durationMs: 500 }];
  assert.equal(summaryOf(early).durationSeconds, 10);
  assert.equal(summaryOf(early).totals.requestsPerSecond, 0.1);
  assert.equal(summaryOf(early, { stopped: true }).durationSeconds, 1);
  assert.equal(summaryOf([], { stopped: true }).durationSeconds, 10);
  assert.equal(summaryOf([{ atMs: 9000, durationMs: 5000 }]).durationSeconds, 14);
});

it('summarise adds up operations, failures and warnings', () => {
  const summary = summaryOf([
    { durationMs: 10 },
    { durationMs: 20 },
    { durationMs: 300, outcome: 'TOOL_ERROR', message: 'no', atMs: 2000 },
    { operation: 'initialize', outcome: 'SESS_DUP' },
    { outcome: 'CLIENT_ABORT', socketMs: undefined },
    { outcome: 'CLIENT_LIMIT', message: 'EMFILE' },
    { outcome: 'CLIENT_LIMIT', message: 'EMFILE' },
    { kind: 'iteration', durationMs: 25 },
  ]);
  assert.deepEqual(summary.totals, {
    requests: 4,
    useful: 3,
    failures: 1,
    censored: 0,
    failureRate: 0.25,
    requestsPerSecond: 0.4,
    iterations: 1,
    droppedIterations: 0,
  });
  const look = summary.operations.find(({ operation }) => operation === 'tools/call:look');
  assert.equal(look?.count, 3);
  assert.equal(look?.latencyMs?.max, 20);
  assert.equal(look?.failedLatencyMs?.p50, 300);
  assert.deepEqual(
    summary.failures.map(({ outcome, count, example, firstAt }) => [outcome, count, example, firstAt]),
    [['TOOL_ERROR', 1, 'no', new Date(RUN_START_MS + 2000).toISOString()]],
  );
  assert.deepEqual(
    summary.warnings.map(({ outcome }) => outcome),
    ['SESS_DUP'],
  );
  const { abortedRequests, limitedRequests, limitedExample } = summary.generator;
  assert.deepEqual([abortedRequests, limitedRequests, limitedExample], [1, 2, 'EMFILE']);
});

it("summarise gives the totals of the plan's steps, those of the protocol beside them, and the steps first", () => {
  const protocol = { operation: 'initialize', operationKind: 'protocol' } as const;
  const {
    totals,
    protocol: added,
    operations,
    series,
    warmUp,
  } = summaryOf([
    { ...protocol, durationMs: 900, outcome: 'HTTP_503' },
    { ...protocol, durationMs: 900 },
    { ...protocol, durationMs: 900 },
    { durationMs: 10 },
    { durationMs: 30_000, outcome: 'TMO_GRACEFUL_STOP' },
    { durationMs: 4000, outcome: 'CLIENT_ABORT' },
    { operation: 'tools/list', operationKind: 'protocol', durationMs: 5 },
    { operation: 'tools/list', durationMs: 7 },
  ]);
  const counted = { requests: 4, useful: 2, failures: 1, censored: 1, failureRate: 1 / 3, requestsPerSecond: 4 / 30 };
  assert.deepEqual(totals, { ...counted, iterations: 0, droppedIterations: 0 });
  assert.deepEqual([added.requests, added.useful, added.failures, added.censored], [4, 3, 1, 0]);
  assert.deepEqual(
    operations.map(({ operation, kind, count, withoutAnswer, longestWaitMs }) => {
      return [operation, kind, count, withoutAnswer, longestWaitMs];
    }),
    [
      ['tools/call:look', 'step', 3, 2, 30_000],
      ['tools/list', 'step', 1, 0, null],
      ['initialize', 'protocol', 3, 0, null],
      ['tools/list', 'protocol', 1, 0, null],
    ],
  );
  assert.deepEqual(
    series.map(({ operation, kind, points }) => [operation, kind, points[0]?.requests]),
    [
      ['*', 'step', 4],
      ['tools/call:look', 'step', 3],
      ['tools/list', 'step', 1],
      ['initialize', 'protocol', 3],
      ['tools/list', 'protocol', 1],
    ],
  );
  assert.equal(series[0]?.points[0]?.withoutAnswer, 2);
  assert.deepEqual(series[0]?.points[0]?.atLeast, ['p95', 'p99']);
  assert.equal(warmUp, null);
});

it('summarise gives the totals of all requests where no scenario has steps', () => {
  const opening: SampleParts = { operation: 'initialize', operationKind: 'protocol' };
  const { totals, series } = summaryOf([opening, { ...opening, outcome: 'HTTP_503' }], { headline: 'all' });
  assert.deepEqual([totals.requests, totals.failures, series[0]?.points[0]?.requests], [2, 1, 2]);
});

it('summarise adds up each check, in the order of the plan', () => {
  const place = { target: 'web', scenario: 'calls', operation: 'tools/call:look' };
  const [late, early] = [10, 9].map((step) => ({ ...place, step, position: 0, check: 'notEmpty' }));
  assert.ok(late && early);
  const { checks } = summaryOf([
    { checks: { checks: [late], failed: [] } },
    { checks: { checks: [early], failed: [0] }, outcome: 'TOOL_ASSERT' },
    { checks: { checks: [late], failed: [0] }, outcome: 'TOOL_ASSERT' },
    { outcome: 'HTTP_503' },
  ]);
  assert.deepEqual(checks, [
    { ...early, passes: 0, failures: 1 },
    { ...late, passes: 1, failures: 1 },
  ]);
  assert.deepEqual(summaryOf([{}]).checks, []);
});

it('summarise lists failures by count, those of equal count by target, operation and outcome', () => {
  const failing = (times: number, parts: SampleParts) => Array.from({ length: times }, () => parts);
  const { failures, warnings } = summaryOf([
    ...failing(2, { target: 'web', operation: 'ping', outcome: 'HTTP_500' }),
    ...failing(1, { target: 'a', outcome: 'NET_DNS' }),
    ...failing(3, { target: 'web', outcome: 'TOOL_ERROR' }),
    ...failing(2, { target: 'web', operation: 'ping', outcome: 'HTTP_429' }),
    ...failing(2, { target: 'other', operation: 'tools/list', outcome: 'HTTP_503' }),
    ...failing(1, { target: 'web', outcome: 'SESS_DUP' }),
    ...failing(4, { target: 'web', outcome: 'TOOL_EMPTY' }),
  ]);
  assert.deepEqual(
    failures.map(({ count, target, operation, outcome }) => [count, target, operation, outcome]),
    [
      [3, 'web', 'tools/call:look', 'TOOL_ERROR'],
      [2, 'other', 'tools/list', 'HTTP_503'],
      [2, 'web', 'ping', 'HTTP_429'],
      [2, 'web', 'ping', 'HTTP_500'],
      [1, 'a', 'tools/call:look', 'NET_DNS'],
    ],
  );
  assert.deepEqual(
    warnings.map(({ count, outcome }) => [count, outcome]),
    [
      [4, 'TOOL_EMPTY'],
      [1, 'SESS_DUP'],
    ],
  );
});

it('summarise leaves the warm-up out of all figures except the series, counts it separately, and divides by the time without it', () => {
  const samples: SampleParts[] = [
    { atMs: 500, durationMs: 900, outcome: 'HTTP_503' },
    { atMs: 1500, durationMs: 700 },
    // Its intended start is in the warm-up.
    { atMs: 2500, lagMs: 600, durationMs: 800 },
    { atMs: 3000, durationMs: 10 },
    { kind: 'iteration', operation: 'calls', atMs: 1000, durationMs: 50 },
    { kind: 'iteration', operation: 'calls', atMs: 4000, durationMs: 70 },
    { kind: 'droppedIteration', operation: 'calls', atMs: 1000 },
  ];
  const frame = { phaseBoundariesMs: [2000], warmUpPhases: 1 };
  const summary = summarise(mergedFold(samples, [], frame), runSpan({ warmUpMs: 2000, warmUpPhases: 1 }));
  assert.deepEqual(summary.warmUp, { seconds: 2, requests: 3, failures: 1 });
  assert.equal(summary.durationSeconds, 10);
  assert.equal(summary.measuredSeconds, 8);
  const { requests, failures, requestsPerSecond, iterations, droppedIterations } = summary.totals;
  assert.deepEqual([requests, failures, requestsPerSecond, iterations, droppedIterations], [1, 0, 0.125, 1, 0]);
  assert.equal(summary.operations[0]?.latencyMs?.max, 10);
  assert.equal(summary.iterationMs?.max, 70);
  assert.deepEqual(summary.failures, []);
  assert.deepEqual(
    summary.series[0]?.points.map((point) => point.requests),
    [1, 1, 1, 1, 0],
  );
  assert.equal(summaryOf([{}]).warmUp, null);
});

it('summarise keeps the names of operations as they are, line breaks included', () => {
  const summary = summaryOf([{ operation: 'tools/call:a\nb' }]);
  assert.equal(summary.operations[0]?.operation, 'tools/call:a\nb');
  assert.equal(summary.series[1]?.operation, 'tools/call:a\nb');
});

it('summarise adds up pauses after failed connections by target, separately from those that targets ask for', () => {
  const pause = (target: string, durationMs: number): SampleParts => {
    return { kind: 'connectionPause', target, durationMs, outcome: 'NET_REFUSED', vu: 7 };
  };
  const request: SampleParts = { target: 'web', outcome: 'NET_REFUSED', durationMs: 1, socketMs: undefined };
  const { connectionPauses, ...rest } = summaryOf([request, pause('web', 100), pause('other', 100), pause('web', 200)]);
  assert.deepEqual(connectionPauses, [
    { target: 'other', count: 1, totalMs: 100, maxMs: 100 },
    { target: 'web', count: 2, totalMs: 300, maxMs: 200 },
  ]);
  assert.deepEqual(rest.pauses, []);
  const { connectionPauses: none, ...alone } = summaryOf([request]);
  assert.deepEqual(none, []);
  const store = { ...rest.generator.store, samples: 1 };
  assert.deepEqual({ ...rest, generator: { ...rest.generator, store } }, alone);
});

it('summarise adds up pauses by target and counts them nowhere else', () => {
  const pause = (target: string, durationMs: number, outcome: Outcome, atMs = 0): SampleParts => {
    return { kind: 'pause', target, durationMs, outcome, atMs, vu: 7 };
  };
  const request: SampleParts = { target: 'web', outcome: 'HTTP_429', durationMs: 5 };
  const { pauses, ...rest } = summaryOf([
    request,
    pause('web', 2000, 'HTTP_429'),
    pause('other', 60_000, 'SESS_REFUSED', 9000),
    pause('web', 3000.5, 'HTTP_503'),
  ]);
  assert.deepEqual(pauses, [
    { target: 'other', count: 1, totalMs: 60_000, maxMs: 60_000 },
    { target: 'web', count: 2, totalMs: 5000.5, maxMs: 3000.5 },
  ]);
  const { pauses: none, ...alone } = summaryOf([request]);
  assert.deepEqual(none, []);
  const store = { ...rest.generator.store, samples: 1 };
  assert.deepEqual({ ...rest, generator: { ...rest.generator, store } }, alone);
});

it('summarise has the useful answer of each operation that is the first in text order, however slices are merged', () => {
  const answers = ['b', 'a', 'c'].map((message) => ({ message }));
  const other = { operation: 'prompts/get:greet', message: 'Hello' };
  const failed = { operation: 'tools/call:fail', outcome: 'TOOL_ERROR', message: 'no' } as const;
  const folds = [[...answers, other], [{ message: 'd' }], [failed, { message: 'a' }]].map((samples) =>
    mergedFold(samples),
  );
  const expected = [
    { target: 'web', operation: 'prompts/get:greet', answer: 'Hello' },
    { target: 'web', operation: 'tools/call:look', answer: 'a' },
  ];
  for (const order of [folds, folds.toReversed(), [...folds.slice(1), ...folds.slice(0, 1)]]) {
    assert.deepEqual(summarise(mergeFolds(order, INTERVAL_MS), runSpan()).exampleAnswers, expected);
  }
});

it('summarise suggests a soft error for answers that read like errors, and for no other warning', () => {
  const { warnings } = summaryOf([
    { outcome: 'TOOL_READS_LIKE_ERROR', message: 'Error searching libraries: fetch failed' },
    { operation: 'tools/call:odd', outcome: 'TOOL_EMPTY', message: 'Error: no content' },
  ]);
  assert.deepEqual(
    warnings.map(({ outcome, softError }) => [outcome, softError]),
    [
      ['TOOL_READS_LIKE_ERROR', { pattern: '^Error searching libraries: fetch failed', outcome: 'TOOL_SOFT_ERROR' }],
      ['TOOL_EMPTY', undefined],
    ],
  );
});

it('summarise shows the 50 JSON-RPC codes that came first, although each slice recorded 50 of its own', () => {
  const slice = (from: number): SampleParts[] =>
    Array.from({ length: 50 }, (_, at) => ({
      outcome: `RPC_${from + at}`,
      atMs: from + at,
      message: `code ${from + at}`,
    }));
  const folds = [slice(100), slice(0)].map((samples) => mergedFold(samples));
  const { failures } = summarise(mergeFolds(folds, INTERVAL_MS), runSpan());
  assert.equal(failures.length, 51);
  const [other, ...own] = failures;
  assert.equal(other?.outcome, 'RPC_OTHER');
  assert.equal(other?.count, 50);
  assert.equal(other?.firstAt, new Date(RUN_START_MS + 100).toISOString());
  assert.deepEqual(new Set(own.map(({ outcome }) => outcome)), new Set(slice(0).map(({ outcome }) => outcome)));
});
