import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Outcome } from '../../src/sample/outcome.ts';
import { emptyFold, type Fold, intervalFor } from '../../src/summary/fold.ts';
import { decodeFold, encodeFold } from '../../src/summary/fold-codec.ts';
import { mergeFolds } from '../../src/summary/merge-folds.ts';
import { foldOf, INTERVAL_MS, RUN_START_MS, type Told } from '../support/blocks-of.ts';

/** A clock that some requests reach. */
const anyClock = fc.option(fc.nat(4000), { nil: undefined });
/** Only requests carry messages; iterations go by the scenario's name, pauses by the operation whose reply asked for them. */
const anySample: fc.Arbitrary<Told> = fc
  .record({
    kind: fc.constantFrom('request', 'request', 'iteration', 'droppedIteration', 'pause'),
    target: fc.constantFrom('web', 'web:2', 'wörk'),
    operation: fc.constantFrom('initialize', 'tools/call:look', 'tools/call:a\nb'),
    outcome: fc.constantFrom<Outcome>('OK', 'OK', 'TOOL_ERROR', 'HTTP_429', 'TOOL_EMPTY', 'CLIENT_ABORT'),
    atMs: fc.nat(5000),
    durationMs: fc.nat(3000),
    socketMs: anyClock,
    connectMs: anyClock,
    tlsMs: anyClock,
    closeMs: anyClock,
    flags: fc.nat(15),
    vu: fc.nat(10),
    message: fc.constantFrom('', 'one', 'two', 'three'),
  })
  .map(({ message, ...told }): Told => {
    if (told.kind === 'request') return { ...told, message };
    return told.kind === 'pause' ? told : { ...told, operation: 'calls' };
  });
const anyLists = fc.array(fc.array(anySample, { maxLength: 15 }), { maxLength: 3 });

const merged = (...folds: Fold[]) => mergeFolds(folds, INTERVAL_MS);

describe('merging folds', () => {
  it('does not mind their order or their grouping, and nothing changes nothing', () => {
    fc.assert(
      fc.property(anyLists, anyLists, anyLists, (one, two, three) => {
        const [a, b, c] = [foldOf(one), foldOf(two), foldOf(three)];
        const all = merged(a, b, c);
        assert.deepEqual(merged(c, a, b), all);
        assert.deepEqual(merged(merged(a, b), c), all);
        assert.deepEqual(merged(a, merged(c, b)), all);
        assert.deepEqual(merged(emptyFold(INTERVAL_MS), a, merged(), b, c), all);
        // Folding everything in one go is the same again.
        assert.deepEqual(merged(foldOf([...three, ...one, ...two])), all);
      }),
      { numRuns: 40 },
    );
  });

  it('chooses an example by its text alone', () => {
    const at = (atMs: number, message: string) => foldOf([[{ outcome: 'TOOL_ERROR', atMs, message }]]);
    const [a, b, c] = [at(1, ''), at(3, 'beta'), at(2, 'gamma')];
    const example = (fold: Fold) => fold.outcomes[0]?.example;
    assert.equal(example(merged(merged(a, b), c)), 'beta');
    assert.equal(example(merged(merged(a, c), b)), 'beta');
  });
});

describe('a fold', () => {
  it('counts every sample once, as what it is', () => {
    const fold = foldOf([
      [
        { durationMs: 10, vu: 4 },
        { durationMs: 30, vu: 2, outcome: 'TOOL_ERROR', atMs: 1500, message: 'no' },
        { durationMs: 20, vu: 4, outcome: 'TOOL_EMPTY' },
        { durationMs: 99, vu: 9, outcome: 'CLIENT_ABORT', atMs: 4000, message: 'over' },
      ],
      [
        { kind: 'iteration', operation: 'calls', durationMs: 40, outcome: 'TOOL_ERROR' },
        { kind: 'iteration', operation: 'calls', durationMs: 50, outcome: 'CLIENT_ABORT' },
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
      fold.outcomes.map(({ outcome, count, example }) => [outcome, count, example]),
      [
        ['TOOL_ERROR', 1, 'no'],
        ['TOOL_EMPTY', 1, ''],
      ],
    );
    assert.deepEqual([...fold.iterations], [40_000], 'an iteration that we ended ourselves says nothing');
    assert.deepEqual(fold.pauses, [{ target: 'web', count: 1, totalUs: 70_000, maxUs: 70_000 }]);
    assert.equal(fold.lastEndMs, RUN_START_MS + 1530, 'neither what we ended ourselves nor a pause makes a run longer');
    assert.deepEqual([...fold.vus], [2, 4, 9]);
    const { droppedIterations, abortedRequests, samples } = fold;
    assert.deepEqual(
      { droppedIterations, abortedRequests, samples },
      { droppedIterations: 1, abortedRequests: 1, samples: 8 },
    );
  });

  it('comes back from bytes as it was, wherever they lie', () => {
    fc.assert(
      fc.property(anyLists, fc.nat(7), (lists, offset) => {
        const fold = foldOf(lists, [{ sliceId: 'w0000-l0000', state: 'lost', duplicates: 1, health: undefined }]);
        const bytes = encodeFold(fold);
        const shifted = new Uint8Array(bytes.length + offset + 3).subarray(offset, offset + bytes.length);
        shifted.set(bytes);
        const back = decodeFold(shifted);
        assert.equal(back.slices[0]?.health, undefined);
        assert.deepEqual({ ...back, slices: [] }, { ...fold, slices: [] });
      }),
      { numRuns: 40 },
    );
  });

  it('is refused when bytes are missing', () => {
    const bytes = encodeFold(foldOf([[{}, {}, {}]]));
    for (const missing of [1, 4, 8])
      assert.throws(() => decodeFold(bytes.subarray(0, bytes.length - missing)), /bytes/);
  });

  it('has at most 120 intervals of a round width for the planned time', () => {
    assert.equal(intervalFor(1000), 1000);
    assert.equal(intervalFor(120_000), 1000);
    assert.equal(intervalFor(120_001), 2000);
    assert.equal(intervalFor(921_000), 10_000);
    fc.assert(fc.property(fc.integer({ min: 1, max: 40 * 86_400_000 }), (ms) => ms / intervalFor(ms) <= 120));
  });
});
