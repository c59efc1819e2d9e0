import assert from 'node:assert/strict';
import { it } from 'node:test';
import { compareRuns } from '../../src/comparison/compare-runs.ts';
import { withComparison } from '../../src/comparison/comparison-verdict.ts';
import { comparisonSchema } from '../../src/plan/plan-schema.ts';
import { parseBaseline } from '../../src/report/parse-baseline.ts';
import { renderComparison } from '../../src/report/text/text.ts';
import { liveView } from '../../src/run/run-view.ts';
import type { Block } from '../../src/sample/block.ts';
import type { Outcome } from '../../src/sample/outcome.ts';
import { decodeFold, encodeFold } from '../../src/summary/fold-codec.ts';
import { LiveTally } from '../../src/summary/live-progress.ts';
import { mergeFolds } from '../../src/summary/merge-folds.ts';
import { readHistogram } from '../../src/summary/percentiles.ts';
import { LiveThresholds, runningTotalsOf } from '../../src/verdict/live-thresholds.ts';
import { simulatedRun } from '../comparison/simulated-runs.ts';
import { aPlan } from '../support/a-plan.ts';
import { blockOf, foldOf, INTERVAL_MS, RUN_START_MS, type SampleParts } from '../support/blocks-of.ts';
import { judgedRun } from '../support/judged-run.ts';
import { summaryOf } from '../support/summary-of.ts';

/** Calls that were not sent, with the requests at which opening their sessions failed. */
function blocked(count: number, outcome: Outcome, durationMs = 5): SampleParts[] {
  return Array.from({ length: count }, (): SampleParts[] => [
    { operation: 'initialize', operationKind: 'protocol', outcome, durationMs },
    { kind: 'blockedCall', outcome, durationMs },
  ]).flat();
}

const useful = (count: number): SampleParts[] => Array.from({ length: count }, () => ({ durationMs: 10 }));

/** What the one threshold of a run observed. */
function observed(samples: readonly SampleParts[], metric: string, expression: string) {
  const { thresholds } = judgedRun({ samples, plan: { thresholds: { [metric]: [expression] } } });
  const [result] = thresholds;
  return [result?.ok, result?.observed];
}

it('blocked calls count as failures of the step in rates, and not as requests', () => {
  const samples = [...useful(6), ...blocked(4, 'HTTP_503')];
  assert.deepEqual(observed(samples, 'useful_rate', 'rate>0.9'), [false, 0.6]);
  assert.deepEqual(observed(samples, 'mcp_failures', 'rate<0.1'), [false, 0.4]);
  assert.deepEqual(observed(samples, 'mcp_failures{outcome:HTTP_503}', 'count<1'), [false, 4]);
  assert.deepEqual(observed(samples, 'mcp_requests', 'count==6'), [true, 6]);
  assert.deepEqual(observed(samples, 'mcp_request_duration', 'max==10'), [true, 10]);
  const { totals, operations, protocol, series } = summaryOf(samples);
  assert.deepEqual([totals.requests, totals.failures, totals.blocked, totals.failureRate], [6, 0, 4, 0.4]);
  assert.deepEqual([operations[0]?.count, operations[0]?.blocked, protocol.failures], [6, 4, 4]);
  assert.deepEqual([series[0]?.points[0]?.requests, series[0]?.points[0]?.blocked], [6, 4]);
});

it('blocked calls do not count twice where the requests of the protocol count too', () => {
  const samples = [...useful(6), ...blocked(4, 'HTTP_503')];
  assert.deepEqual(observed(samples, 'useful_rate{kind:all}', 'rate==0.6'), [true, 0.6]);
  assert.deepEqual(observed(samples, 'mcp_failures{kind:all}', 'count==4'), [true, 4]);
  assert.deepEqual(observed(samples, 'mcp_failures{kind:protocol}', 'rate==1'), [true, 1]);
});

it('blocked calls count as failures in the comparison with a baseline, so a build that opens no sessions fails more', () => {
  const run = (samples: readonly SampleParts[]) => {
    const { operations } = JSON.parse(JSON.stringify(summaryOf(samples)));
    const parsed = parseBaseline({ ...simulatedRun([]), operations });
    assert.ok('operations' in parsed, JSON.stringify(parsed));
    return parsed;
  };
  const rules = comparisonSchema.parse({ failOn: 'slower' });
  const compared = compareRuns(run(useful(40)), run(blocked(40, 'HTTP_503')), rules);
  const [look] = compared.operations;
  assert.deepEqual(
    [look?.usefulVerdict, look?.verdict, compared.totals?.usefulVerdict],
    ['fails-more', 'too-little-data', 'fails-more'],
  );
  const { current } = compared.totals ?? assert.fail();
  assert.deepEqual(current, { requests: 0, useful: 0, failures: 0, blocked: 40, usefulRate: 0 });
  const verdict = withComparison({ status: 'pass', reasons: [] }, compared);
  assert.equal(verdict.status, 'fail');
  assert.match(
    verdict.reasons[0] ?? '',
    /^tools\/call:look of web fails more than .*: useful 100 % \(40 of 40\) → 0 % \(0 of 40\)/,
  );
  assert.match(renderComparison(compared), /✗ fails more +tools\/call:look +100 % +0 % /);
  const same = compareRuns(
    run(blocked(40, 'HTTP_503')),
    run(blocked(40, 'HTTP_503')),
    comparisonSchema.parse({ minRequests: 40 }),
  );
  assert.equal(same.totals?.usefulVerdict, 'same');
});

it('fast failures of sessions do not make an operation faster', () => {
  // The rest of the calls take half as long, and there are too few of them to be typical.
  const spread = (samples: readonly SampleParts[]) =>
    samples.map((sample, at) => ({ ...sample, atMs: (at % 10) * 1000 }));
  const before = summaryOf(spread(useful(2000)));
  const faster = Array.from({ length: 150 }, (): SampleParts => ({ durationMs: 5 }));
  const after = summaryOf(spread([...faster, ...blocked(1850, 'HTTP_503')]));
  const run = ({ operations }: typeof before) => simulatedRun(operations);
  const [look] = compareRuns(run(before), run(after), comparisonSchema.parse({ metric: 'p50' })).operations;
  assert.deepEqual([look?.usefulVerdict, look?.verdict], ['fails-more', 'too-little-data']);
  assert.match(look?.reason ?? '', /^at least 10 % of the calls/);
});

it('blocked calls whose session failed by silence count in latency with their waits', () => {
  const samples = [...useful(9), ...blocked(1, 'TMO_TOTAL', 700)];
  assert.deepEqual(observed(samples, 'mcp_request_duration', 'p(95)<1000'), [false, 700]);
  assert.deepEqual(observed(samples, 'mcp_request_duration', 'p(90)<1000'), [true, 10]);
  const [look] = summaryOf(samples).operations;
  assert.deepEqual([look?.latencyMs?.max, look?.longestWaitMs, look?.withoutAnswer], [700, 700, 0]);
  assert.ok(look?.latencyMs?.atLeast?.includes('p95'));
});

it('blocked calls are the same after storing and merging folds', () => {
  const folds = [useful(2), blocked(2, 'TMO_TOTAL', 700), blocked(1, 'HTTP_503')].map((list) => foldOf([list]));
  const stored = folds.map((fold) => decodeFold(encodeFold(fold)));
  const look = mergeFolds(stored, INTERVAL_MS).cells.find(({ operation }) => operation === 'tools/call:look');
  assert.deepEqual(
    [
      look?.useful.length,
      look?.failed.length,
      look?.blocked?.count,
      [...(look?.blocked?.silent ?? [])],
      look?.failures,
    ],
    [2, 0, 3, [700_000, 700_000], { TMO_TOTAL: 2, HTTP_503: 1 }],
  );
});

it('blocked calls abort a run in which nothing else is left of the steps', () => {
  const plan = aPlan({
    plan: { thresholds: { mcp_failures: [{ threshold: 'rate<0.5', abortOnFail: true, over: '4s' }] } },
  });
  const live = new LiveThresholds(plan, RUN_START_MS);
  const tally = new LiveTally();
  const aborts = Array.from({ length: 12 }, (_, second) => {
    const samples = second < 6 ? useful(3) : blocked(1, 'NET_REFUSED');
    tally.add(blockOf(samples.map((parts) => ({ ...parts, atMs: second * 1000 }))) as Block);
    const atMs = RUN_START_MS + (second + 1) * 1000;
    const progress = tally.progress({ sliceId: 'w0000-l0000', attemptId: 'a', atMs, activeVus: 1 });
    return live.evaluate(runningTotalsOf([progress], atMs, readHistogram));
  });
  const abort = aborts.find((each) => each !== undefined);
  assert.deepEqual([abort?.observed, abort?.atSeconds], [0.5, 9]);
});

it('blocked calls are in the live figures', () => {
  const tally = new LiveTally();
  tally.add(blockOf([...useful(8), ...blocked(2, 'TMO_HEADERS', 900)]) as Block);
  const live = liveView([tally.progress({ sliceId: 's', attemptId: 'a', atMs: 0, activeVus: 1 })], 1);
  assert.deepEqual([live.requests, live.failures, live.blocked, live.protocol.failures], [8, 0, 2, 2]);
  assert.ok(Math.abs((live.p95Ms ?? 0) - 900) <= 9);
});

it('an operation of which every call was blocked fails the run, with the reason', () => {
  const { verdict } = judgedRun({
    samples: blocked(3, 'HTTP_503'),
    plan: { thresholds: { mcp_requests: ['count>0'] } },
  });
  assert.deepEqual(
    [verdict.status, verdict.reasons[0]],
    [
      'fail',
      'tools/call:look of web: never called, because no session could be opened (initialize: none of 3 calls was useful (3 HTTP_503)).',
    ],
  );
});

it('an operation of which every call after the warm-up was blocked fails the run, with the reason', () => {
  const later = blocked(2, 'NET_REFUSED').map((parts) => ({ ...parts, atMs: 5000 }));
  const { verdict } = judgedRun({ samples: [...useful(3), ...later], plan: { warmUp: '2s' } });
  assert.deepEqual(
    [verdict.status, verdict.reasons[0]],
    [
      'fail',
      'tools/call:look of web: never called after the warm-up, because no session could be opened (2 NET_REFUSED).',
    ],
  );
});
