import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { type Block, LONGEST_CALL_MS, MAX_COLUMN_MS } from '../../src/sample/block.ts';
import { Recorder } from '../../src/sample/recorder.ts';
import { plainSample, type Sample } from '../../src/sample/sample.ts';
import { BlockFolder } from '../../src/summary/fold-blocks.ts';
import { aSample } from '../support/a-sample.ts';

const START_MS = 1_800_000_000_000;
const HOUR_MS = 3_600_000;

it('keeps the whole lifetime of a session that is older than its block', () => {
  const recorder = new Recorder(
    START_MS,
    () => undefined,
    (text) => text,
  );
  const folder = new BlockFolder({ runStartMs: START_MS, intervalMs: 1000, phaseBoundariesMs: [], warmUpPhases: 0 });
  const operation = recorder.operation('web', 'session', 'step');
  // Drained every few minutes, as by a slice, so that the blocks' origin moves on.
  for (let atMs = 0; atMs < 8 * HOUR_MS; atMs += 10 * 60_000) {
    recorder.add(
      aSample({ operation: recorder.operation('web', 'tools/call:look', 'step'), startMs: START_MS + atMs }),
    );
    folder.add(recorder.drain() as Block);
  }
  const about = { kind: 'session', operation, outcome: 'OK', vu: 0, iteration: 0 } as const;
  recorder.add(plainSample({ ...about, startMs: START_MS + 500, durationMs: 8 * HOUR_MS }));
  recorder.add(plainSample({ ...about, startMs: START_MS + 8 * HOUR_MS - 70, durationMs: 70.4 }));
  folder.add(recorder.drain() as Block);
  const [web] = folder.finish([]).sessions;
  assert.deepEqual([...(web?.opened ?? [])], [500, 8 * HOUR_MS - 70]);
  assert.deepEqual([...(web?.closed ?? [])], [8 * HOUR_MS, 8 * HOUR_MS + 500]);
  assert.deepEqual([...(web?.lifetimes ?? [])], [70, 8 * HOUR_MS]);
});

type Step = {
  readonly afterMs: number;
  readonly sample: Pick<Sample, 'kind' | 'durationMs'>;
  readonly isDrained: boolean;
};

/** Records samples that end one after another, and returns the blocks and what was recorded. */
function recorded(steps: readonly Step[]) {
  const blocks: Block[] = [];
  const early: Block[] = [];
  const recorder = new Recorder(
    START_MS,
    (block) => early.push(block) && blocks.push(block),
    (text) => text,
  );
  const operation = recorder.operation('web', 'tools/call:look', 'step');
  let endMs = START_MS;
  const samples = steps.map(({ afterMs, sample, isDrained }, iteration) => {
    endMs += afterMs;
    const added = plainSample({
      ...sample,
      operation,
      outcome: 'OK',
      startMs: endMs - sample.durationMs,
      vu: 0,
      iteration,
    });
    recorder.add(added);
    const block = isDrained ? recorder.drain() : undefined;
    if (block !== undefined) blocks.push(block);
    return added;
  });
  const last = recorder.drain();
  return { samples, blocks: last === undefined ? blocks : [...blocks, last], early };
}

/** Start and duration of each sample, as readers of blocks see them. */
function storedIn(blocks: readonly Block[]): { readonly startMs: number; readonly durationMs: number }[] {
  return blocks.flatMap(({ originMs, count, columns }) =>
    Array.from({ length: count }, (_, at) => ({
      startMs: originMs + (columns.startUs[at] as number) / 1000,
      durationMs: (columns.durationUs[at] as number) / 1000,
    })),
  );
}

const anyMs = (max: number) => fc.oneof(fc.nat(5000), fc.nat(max)).map((us) => us + 0.125);
const anyCall = anyMs(LONGEST_CALL_MS - 1).map((durationMs) => ({ kind: 'request', durationMs }) as const);
const anyIteration = anyMs(48 * HOUR_MS).map((durationMs) => ({ kind: 'iteration', durationMs }) as const);

it('keeps the start of every call and iteration, however long it took and however long nothing else was recorded', () => {
  const anyStep = fc.record({
    afterMs: anyMs(3 * HOUR_MS),
    sample: fc.oneof(anyCall, anyIteration),
    isDrained: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(anyStep, { maxLength: 40 }), (steps) => {
      const { samples, blocks } = recorded(steps);
      const stored = storedIn(blocks);
      assert.equal(stored.length, samples.length);
      for (const [at, { startMs, durationMs }] of samples.entries()) {
        const { startMs: start = 0, durationMs: duration = 0 } = stored[at] ?? {};
        assert.ok(Math.abs(start - startMs) < 0.002, `${start} instead of ${startMs}`);
        assert.ok(
          Math.abs(duration - Math.min(MAX_COLUMN_MS, durationMs)) < 0.002,
          `${duration} instead of ${durationMs}`,
        );
      }
    }),
  );
});

it('keeps calls of any length in one block, as long as it is stored every ten minutes', () => {
  const anyStep = fc.record({ afterMs: anyMs(60_000), sample: anyCall, isDrained: fc.constant(false) });
  fc.assert(
    fc.property(fc.array(anyStep, { maxLength: 60 }), (steps) => {
      const drained = steps.map((step, at) => ({ ...step, isDrained: at % 9 === 8 }));
      // The first call began before the planned start, and the columns of the first block begin there.
      assert.ok(recorded(drained).early.length <= 1);
    }),
  );
});
