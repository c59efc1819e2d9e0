import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { progressLine, startingLine } from '../../src/cli/terminal.ts';
import { liveView, runView, runViewWithLive } from '../../src/run/run-view.ts';
import type { Block } from '../../src/sample/block.ts';
import { LiveTally } from '../../src/summary/live-progress.ts';
import { aRunRecord } from '../support/a-run-record.ts';
import { blockOf, RUN_START_MS, type SampleParts } from '../support/blocks-of.ts';

function laneTold(lane: number, samples: readonly SampleParts[], measuredFromMs?: number) {
  const tally = new LiveTally(measuredFromMs);
  tally.add(blockOf(samples) as Block);
  return tally.progress({ sliceId: `w0000-l000${lane}`, attemptId: 'a', atMs: RUN_START_MS, activeVus: 2 + lane });
}

it('adds up the progress of all lanes, with active virtual users and dropped iterations', () => {
  const live = liveView(
    [
      laneTold(0, [{ durationMs: 100 }, { outcome: 'HTTP_500' }, { kind: 'droppedIteration', operation: 'calls' }]),
      laneTold(1, [
        { durationMs: 100, target: 'other' },
        { kind: 'iteration', operation: 'calls' },
        { kind: 'droppedIteration', operation: 'more' },
      ]),
    ],
    2,
  );
  const { operations, protocol, p50Ms, p95Ms, p99Ms, ...counts } = live;
  assert.deepEqual(counts, {
    activeVus: 5,
    slices: { alive: 2, ended: 0, silent: 0 },
    iterations: 1,
    droppedIterations: 2,
    warmUpRequests: 0,
    requests: 3,
    failures: 1,
    withoutAnswer: 0,
    blocked: 0,
    requestsPerSecond: 1.5,
  });
  assert.equal(protocol.requests, 0);
  for (const ms of [p50Ms, p95Ms, p99Ms]) assert.ok(Math.abs((ms ?? 0) - 100) <= 1);
  assert.deepEqual(
    operations.map(({ target, requests }) => [target, requests]),
    [
      ['other', 1],
      ['web', 2],
    ],
  );
  assert.equal(
    progressLine(2, live),
    '  2 s  ·  5 vus  ·  3 requests  ·  1.5/s  ·  p95 100 ms  ·  1 failures  ·  2 dropped',
  );
});

it('shows the requests of the warm-up separately, and includes them in the rate', () => {
  const live = liveView([laneTold(0, [{ atMs: 500 }, { atMs: 1500, durationMs: 20 }], RUN_START_MS + 1000)], 2);
  assert.deepEqual([live.requests, live.warmUpRequests, live.requestsPerSecond], [1, 1, 1]);
  assert.match(
    progressLine(2, live),
    /1 requests and 1 in warm-up {2}· {2}1\.0\/s {2}· {2}p95 20 ms {2}· {2}0 failures$/,
  );
});

it('shows each live percentile of all operations and of each', () => {
  const samples = Array.from({ length: 100 }, (_, index): SampleParts => ({ durationMs: 10 * (index + 1) }));
  const live = liveView([laneTold(0, samples)], 2);
  assert.equal(live.operations.length, 1);
  for (const { p50Ms, p95Ms, p99Ms } of [live, ...live.operations]) {
    for (const [ms, expected] of [
      [p50Ms, 500],
      [p95Ms, 950],
      [p99Ms, 990],
    ] as const) {
      assert.ok(Math.abs((ms ?? 0) - expected) <= expected * 0.01, `${ms}, not ${expected}`);
    }
  }
});

it('keeps the whole name of an operation with a line break', () => {
  const live = liveView([laneTold(0, [{ operation: 'tools/call:a\nb' }])], 2);
  assert.deepEqual(
    live.operations.map(({ target, operation }) => [target, operation]),
    [['web', 'tools/call:a\nb']],
  );
});

it("shows figures of the plan's steps, with requests of the protocol beside them", () => {
  const opening: SampleParts = { operation: 'initialize', operationKind: 'protocol', durationMs: 900 };
  const starting = liveView([laneTold(0, [opening, { ...opening, outcome: 'HTTP_503' }])], 2);
  assert.deepEqual([starting.requests, starting.failures, starting.p95Ms], [0, 0, null]);
  assert.deepEqual([starting.protocol.requests, starting.protocol.failures], [2, 1]);
  assert.match(progressLine(2, starting), /0 requests .* no step has ended yet$/);
  const under = liveView([laneTold(0, [opening, { durationMs: 20 }])], 2);
  assert.ok(Math.abs((under.p95Ms ?? 0) - 20) <= 1);
  assert.deepEqual(
    under.operations.map(({ operation, kind }) => [operation, kind]),
    [
      ['tools/call:look', 'step'],
      ['initialize', 'protocol'],
    ],
  );
});

it('shows how many requests had no answer, and counts them in the percentiles with their waits', () => {
  const samples: SampleParts[] = [
    ...Array.from({ length: 8 }, () => ({ durationMs: 10 })),
    { durationMs: 30_000, outcome: 'TMO_TOTAL' },
    { durationMs: 20_000, outcome: 'CLIENT_ABORT' },
  ];
  const live = liveView([laneTold(0, samples)], 40);
  assert.deepEqual([live.requests, live.failures, live.withoutAnswer], [10, 1, 2]);
  assert.ok(Math.abs((live.p50Ms ?? 0) - 10) <= 1);
  assert.ok(Math.abs((live.p95Ms ?? 0) - 30_000) <= 300);
  assert.deepEqual(live.atLeast, ['p95', 'p99']);
  assert.deepEqual(live.operations[0]?.atLeast, ['p95', 'p99']);
  assert.match(progressLine(40, live), /p95 ≥ [\d,]+ ms {2}· {2}1 failures {2}· {2}2 without an answer/);
});

it('marks no live percentile that is the same however long the requests without an answer take', () => {
  const samples = Array.from({ length: 100 }, (_, index): SampleParts => ({ durationMs: 10 * (index + 1) }));
  const live = liveView([laneTold(0, [...samples, { durationMs: 5000, outcome: 'CLIENT_ABORT' }])], 2);
  assert.equal(live.withoutAnswer, 1);
  assert.equal(live.atLeast, undefined);
  assert.doesNotMatch(progressLine(2, live), /≥/);
  const short = liveView([laneTold(0, [...samples, { durationMs: 5, outcome: 'CLIENT_ABORT' }])], 2);
  assert.deepEqual(short.atLeast, ['p50', 'p95', 'p99']);
});

it('counts what a replaced attempt had sent, and the virtual users of the latest attempt only', () => {
  const dead = { ...laneTold(0, [{}, {}, { kind: 'iteration', operation: 'calls' }]), earlierHolders: 0 };
  // The clock of the machine of the dead attempt was ahead.
  const late = { ...dead, atMs: RUN_START_MS + 60_000, activeVus: 7 };
  const heir = { ...laneTold(0, [{}, { outcome: 'HTTP_500' }]), attemptId: 'b', earlierHolders: 1, activeVus: 3 };
  for (const rows of [
    [late, heir],
    [heir, late],
  ]) {
    const { requests, failures, iterations, activeVus, slices } = liveView(rows, 10);
    assert.deepEqual([requests, failures, iterations, activeVus], [4, 1, 1, 3]);
    assert.deepEqual(slices, { alive: 1, ended: 0, silent: 0 });
  }
});

it('compares the attempts of rows of earlier versions by their time', () => {
  const first = laneTold(0, [{}]);
  const second = { ...laneTold(0, [{}]), attemptId: 'b', atMs: RUN_START_MS + 1, activeVus: 9 };
  assert.equal(liveView([first, second], 10).activeVus, 9);
  assert.equal(liveView([second, first], 10).activeVus, 9);
});

it('counts no virtual users of a slice that has been silent for too long, and says how many slices are', () => {
  const rows = [
    laneTold(0, [{}]),
    { ...laneTold(1, [{}]), atMs: RUN_START_MS + 40_000 },
    { ...laneTold(2, [{}]), ended: true },
  ];
  const live = liveView(rows, 60, RUN_START_MS + 30_000);
  assert.deepEqual([live.requests, live.activeVus], [3, 3]);
  assert.deepEqual(live.slices, { alive: 1, ended: 1, silent: 1 });
  assert.match(progressLine(60, live), /^ 60 s {2}· {2}3 vus {2}· {2}1 of 3 slices silent {2}· {2}3 requests/);
});

describe('the view of a run', () => {
  const schedule = { startAtMs: RUN_START_MS, endAtMs: RUN_START_MS + 60_000, lanes: 1, windows: 1, windowMs: 60_000 };
  const record = { ...aRunRecord(RUN_START_MS - 90_000), state: 'running', schedule } as const;
  const view = (afterMs: number, changes: object = {}) =>
    runView({ ...record, ...changes }, '', RUN_START_MS + afterMs);

  it('says before the start how many seconds are left', () => {
    const { state, startsInSeconds, elapsedSeconds } = view(-12_400);
    assert.deepEqual([state, startsInSeconds, elapsedSeconds], ['starting', 12.4, undefined]);
    assert.equal(startingLine(12.4), 'starts in 13 s');
  });

  it('says from the start on how long the run has lasted', () => {
    const { state, startsInSeconds, elapsedSeconds } = view(0);
    assert.deepEqual([state, startsInSeconds, elapsedSeconds], ['running', undefined, 0]);
    assert.equal(view(7500).elapsedSeconds, 7.5);
  });

  it('says of a run that ended before its start neither', () => {
    const endedAt = new Date(RUN_START_MS - 5000).toISOString();
    const { state, startsInSeconds, elapsedSeconds } = view(-1000, { state: 'done', endedAt });
    assert.deepEqual([state, startsInSeconds, elapsedSeconds], ['done', undefined, undefined]);
  });

  it('shows the rate of the time with load after the run has ended, and nothing as active', () => {
    const rows = [{ ...laneTold(0, [{}, {}, {}, {}]), atMs: RUN_START_MS + 2000 }];
    const endedAt = new Date(RUN_START_MS + 8000).toISOString();
    const of = (state: 'running' | 'concluding' | 'done') =>
      runViewWithLive(
        { ...record, state, ...(state === 'done' && { endedAt }) },
        rows,
        '',
        RUN_START_MS + 8000,
        30_000,
      );
    const [running, concluding, done] = [of('running'), of('concluding'), of('done')];
    assert.deepEqual(
      [running, concluding, done].map(({ live }) => live.requestsPerSecond),
      [0.5, 2, 2],
    );
    assert.deepEqual(
      [running, concluding, done].map(({ live }) => live.activeVus),
      [2, 2, 0],
    );
    assert.deepEqual([done.elapsedSeconds, done.endedAt, done.live.slices.silent], [8, endedAt, 1]);
  });
});
