import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { NO_TIME, SAMPLE_FLAG } from '../../src/sample/block.ts';
import type { Outcome } from '../../src/sample/outcome.ts';
import { type Cell, type Fold, intervalFor, type SliceFold } from '../../src/summary/fold.ts';
import { decodeFold, encodeFold } from '../../src/summary/fold-codec.ts';
import { mergeFolds } from '../../src/summary/merge-folds.ts';
import { foldOf, INTERVAL_MS, RUN_START_MS, type SampleParts } from '../support/blocks-of.ts';
import { anyLists } from './any-samples.ts';

/** A warm-up of 1.5 seconds, and a stage that begins after 3 seconds. */
const FRAME = { phaseBoundariesMs: [1500, 3000], warmUpPhases: 1 };
const framed = (lists: SampleParts[][], slices: readonly SliceFold[] = []) => foldOf(lists, slices, FRAME);
const merged = (...folds: Fold[]) => mergeFolds(folds, INTERVAL_MS);

describe('mergeFolds', () => {
  it('gives the same fold in any order and grouping, and ignores empty folds', () => {
    fc.assert(
      fc.property(anyLists, anyLists, anyLists, (one, two, three) => {
        const [a, b, c] = [framed(one), framed(two), framed(three)];
        const all = merged(a, b, c);
        assert.deepEqual(merged(c, a, b), all);
        assert.deepEqual(merged(merged(a, b), c), all);
        assert.deepEqual(merged(a, merged(c, b)), all);
        assert.deepEqual(merged(foldOf([]), a, merged(), b, c), all);
        // Folding all samples in one fold gives the same.
        assert.deepEqual(merged(framed([...three, ...one, ...two])), all);
      }),
      { numRuns: 40 },
    );
  });

  it('chooses an example by its text, whatever the order', () => {
    const at = (atMs: number, message: string) => foldOf([[{ outcome: 'TOOL_ERROR', atMs, message }]]);
    const [a, b, c] = [at(1, ''), at(3, 'beta'), at(2, 'gamma')];
    const example = (fold: Fold) => fold.examples.map(({ message }) => message).join();
    assert.equal(example(merged(merged(a, b), c)), 'beta');
    assert.equal(example(merged(merged(a, c), b)), 'beta');
  });
});

describe('a fold', () => {
  it('counts requests that could not be sent separately from aborted ones, with a message', () => {
    const limited = (message: string, operation: string): SampleParts => ({
      outcome: 'CLIENT_LIMIT',
      message,
      operation,
    });
    const one = foldOf([
      [
        limited('EMFILE: b', 'ping'),
        limited('', 'ping'),
        { outcome: 'CLIENT_ABORT', socketMs: undefined, message: 'a' },
      ],
    ]);
    const other = foldOf([[limited('EMFILE: a', 'tools/list')]]);
    const same = [merged(one, other), merged(other, foldOf([]), one), decodeFold(encodeFold(merged(one, other)))];
    for (const fold of same) {
      const { abortedRequests, limitedRequests, limitedExample, cells, outcomes } = fold;
      assert.deepEqual([abortedRequests, limitedRequests, limitedExample], [1, 3, 'EMFILE: a']);
      assert.deepEqual([cells.length, outcomes.length], [0, 0], 'counted nowhere else');
    }
    assert.deepEqual([one.limitedRequests, one.limitedExample], [2, 'EMFILE: b']);
  });

  it('counts every sample once, by its kind and outcome', () => {
    const fold = foldOf([
      [
        { durationMs: 10, vu: 4 },
        { durationMs: 30, vu: 2, outcome: 'TOOL_ERROR', atMs: 1500, message: 'no' },
        { durationMs: 20, vu: 4, outcome: 'TOOL_EMPTY' },
        { durationMs: 99, vu: 9, outcome: 'CLIENT_ABORT', socketMs: undefined, atMs: 4000, message: 'over' },
      ],
      [
        { kind: 'iteration', operation: 'calls', durationMs: 40, outcome: 'TOOL_ERROR' },
        { kind: 'iteration', operation: 'calls', durationMs: 50, outcome: 'CLIENT_ABORT' },
        { kind: 'iteration', operation: 'calls', durationMs: 0, outcome: 'PLAN_FEED_END', vu: 7 },
        { kind: 'droppedIteration', operation: 'calls' },
        { kind: 'pause', durationMs: 70, outcome: 'HTTP_429', vu: 8, atMs: 9000 },
      ],
    ]);
    assert.deepEqual(
      fold.cells.map(({ interval, useful, failed }) => [interval, [...useful], [...failed]]),
      [
        [0, [10_000, 20_000], []],
        [1, [], [30_000]],
      ],
    );
    assert.deepEqual(
      fold.outcomes.map(({ outcome, count }) => [outcome, count]),
      [
        ['TOOL_ERROR', 1],
        ['TOOL_EMPTY', 1],
      ],
    );
    assert.equal(fold.examples[0]?.message, 'no');
    assert.deepEqual(
      fold.iterations.map(({ durations, ...rest }) => ({ ...rest, durations: [...durations] })),
      [
        {
          target: 'web',
          scenario: 'calls',
          interval: 0,
          phase: 0,
          durations: [40_000],
          aborted: 1,
          iterationsWithoutFeedRow: 1,
          dropped: 1,
        },
      ],
      'the duration of an aborted iteration is left out',
    );
    assert.deepEqual(fold.pauses, [{ target: 'web', count: 1, totalUs: 70_000, maxUs: 70_000 }]);
    assert.equal(
      fold.lastEndMs,
      RUN_START_MS + 1530,
      'neither requests that were not sent nor pauses make a run longer',
    );
    // The virtual user whose feed had run out was started too.
    assert.deepEqual([...fold.vus], [2, 4, 7, 9]);
    assert.deepEqual([fold.abortedRequests, fold.samples], [1, 9]);
  });

  it('keeps how long requests without an answer had waited: failures by silence, and those that a stop ended', () => {
    const fold = foldOf([
      [
        { durationMs: 10 },
        { durationMs: 30, outcome: 'TMO_TOTAL' },
        { durationMs: 20, outcome: 'NET_CONNECT_TMO', socketMs: undefined },
        { durationMs: 25, outcome: 'TMO_GRACEFUL_STOP', lagMs: 5 },
        { durationMs: 40, outcome: 'HTTP_500' },
        { durationMs: 99, outcome: 'CLIENT_ABORT' },
        { durationMs: 98, outcome: 'CLIENT_ABORT', lagMs: 1, vu: 3 },
        { durationMs: 97, outcome: 'CLIENT_ABORT', socketMs: undefined },
      ],
    ]);
    for (const each of [merged(fold), decodeFold(encodeFold(fold))]) {
      const [{ useful, failed, silent, censored, failures }] = each.cells as [Cell];
      assert.deepEqual([...useful], [10_000]);
      assert.deepEqual([...failed], [20_000, 30_000, 30_000, 40_000]);
      assert.deepEqual([...silent], [20_000, 30_000, 30_000]);
      assert.deepEqual([...censored], [99_000, 99_000]);
      assert.deepEqual(failures, { TMO_TOTAL: 1, NET_CONNECT_TMO: 1, TMO_GRACEFUL_STOP: 1, HTTP_500: 1 });
      assert.equal(each.abortedRequests, 1);
      assert.equal(each.operations[0]?.socket.length, 6, 'of every request that a connection took');
      assert.equal(each.operations[0]?.headers.length, 1);
    }
    assert.equal(fold.lastEndMs, RUN_START_MS + 99);
  });

  it('counts an iteration that was cut short as aborted, however it was', () => {
    const cut = (outcome: Outcome): SampleParts => ({ kind: 'iteration', operation: 'calls', outcome });
    const { iterations } = foldOf([[cut('TMO_GRACEFUL_STOP'), cut('CLIENT_ABORT'), cut('TMO_TOTAL')]]);
    assert.deepEqual([iterations[0]?.aborted, iterations[0]?.durations.length], [2, 1]);
  });

  it('measures latency from the intended start, for iterations too, up to the maximum of a column', () => {
    const fold = foldOf([
      [
        { lagMs: 1000, durationMs: 30, atMs: 2000 },
        { lagMs: 500, durationMs: 10, outcome: 'HTTP_503' },
        { lagMs: 60 * 60_000, durationMs: 20 * 60_000, atMs: 4000 },
        { kind: 'iteration', operation: 'calls', lagMs: 1000, durationMs: 50, atMs: 2000 },
      ],
    ]);
    const latencies = merged(fold).cells.map(({ interval, useful, failed }) => [interval, ...useful, ...failed]);
    assert.deepEqual(latencies, [
      [0, 510_000],
      [2, 1_030_000],
      [4, NO_TIME - 1],
    ]);
    assert.deepEqual(
      fold.iterations.map(({ durations }) => [...durations]),
      [[1_050_000]],
    );
    assert.deepEqual([...(fold.operations[0]?.lag ?? [])], [500_000, 1_000_000, 3_600_000_000]);
    const settled = foldOf([[{ lagMs: 1000, durationMs: 30, atMs: 2000 }]]);
    assert.equal(settled.lastEndMs, RUN_START_MS + 2030, 'the wait before a request does not make a run longer');
  });

  it('puts a request into the phase of its intended start, and keeps only latencies from the warm-up', () => {
    const fold = foldOf(
      [
        [
          { atMs: 1499, outcome: 'HTTP_503', message: 'cold', connectMs: 5, flags: 1 | 16 },
          { atMs: 2100, lagMs: 601, durationMs: 1 },
          { atMs: 2100, lagMs: 600, durationMs: 2 },
          { atMs: 3000, durationMs: 3, outcome: 'HTTP_503' },
          { kind: 'iteration', operation: 'calls', atMs: 1499 },
          { kind: 'droppedIteration', operation: 'calls', atMs: 3000 },
          { kind: 'pause', atMs: 1400, outcome: 'HTTP_429' },
          { kind: 'pause', atMs: 1500, durationMs: 5, outcome: 'HTTP_429' },
        ],
      ],
      [],
      FRAME,
    );
    assert.deepEqual(
      merged(fold).cells.map(({ interval, phase, useful, failed, failures }) => [
        [interval, phase],
        [...useful],
        [...failed],
        failures,
      ]),
      [
        [[1, 0], [], [10_000], { HTTP_503: 1 }],
        [[2, 0], [602_000], [], {}],
        [[2, 1], [602_000], [], {}],
        [[3, 2], [], [3000], { HTTP_503: 1 }],
      ],
    );
    assert.deepEqual(
      fold.outcomes.map(({ outcome, count, firstMs }) => [outcome, count, firstMs]),
      [['HTTP_503', 1, RUN_START_MS + 3000]],
    );
    assert.equal(fold.examples[0]?.message, 'cold', 'the recorder keeps only the first example of an outcome');
    const [look] = fold.operations;
    assert.deepEqual(
      [look?.retries, look?.connect.length, look?.firstOfSession.length, look?.lag.length],
      [0, 0, 0, 2],
    );
    assert.deepEqual(
      fold.iterations.map(({ phase, durations, dropped }) => [phase, durations.length, dropped]),
      [
        [0, 1, 0],
        [2, 0, 1],
      ],
    );
    assert.deepEqual(fold.pauses, [{ target: 'web', count: 1, totalUs: 5000, maxUs: 5000 }]);
  });

  it('keeps useful calls separately that were the first of a session or came after it was idle', () => {
    const { firstOfSession, afterIdle } = SAMPLE_FLAG;
    const [look] = foldOf([
      [
        { durationMs: 90, flags: firstOfSession },
        { durationMs: 80, flags: firstOfSession | afterIdle | SAMPLE_FLAG.sse },
        { durationMs: 50, flags: afterIdle, lagMs: 5 },
        { durationMs: 10 },
        { durationMs: 99, flags: firstOfSession, outcome: 'HTTP_500' },
      ],
    ]).operations;
    assert.deepEqual([...(look?.firstOfSession ?? [])], [80_000, 90_000]);
    assert.deepEqual([...(look?.afterIdle ?? [])], [55_000]);
  });

  it('keeps when sessions opened and ended, however long they lasted, and how they were lost', () => {
    const hour = 60 * 60_000;
    // An hour is within the 71 minutes that the columns of a block hold.
    const session = (atMs: number, durationMs: number, outcome: Outcome = 'OK'): SampleParts => {
      return { kind: 'session', operation: 'session', atMs, durationMs, outcome };
    };
    const [web] = foldOf(
      [[session(0, 1500), session(500, hour, 'SESS_LOST'), session(2000, 10, 'CLIENT_ABORT')]],
      [],
      FRAME,
    ).sessions;
    assert.deepEqual([...(web?.opened ?? [])], [0, 500, 2000]);
    assert.deepEqual([...(web?.closed ?? [])], [1500, 2010, 500 + hour]);
    assert.deepEqual([...(web?.lifetimes ?? [])], [10, 1500, hour]);
    assert.deepEqual(web?.losses, { SESS_LOST: 1 });
  });

  it('has at most 120 intervals of a round width in the planned duration', () => {
    assert.equal(intervalFor(1000), 1000);
    assert.equal(intervalFor(120_000), 1000);
    assert.equal(intervalFor(120_001), 2000);
    assert.equal(intervalFor(921_000), 10_000);
    fc.assert(fc.property(fc.integer({ min: 1, max: 40 * 86_400_000 }), (ms) => ms / intervalFor(ms) <= 120));
  });
});
