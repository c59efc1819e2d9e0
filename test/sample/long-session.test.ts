import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Block } from '../../src/sample/block.ts';
import { Recorder } from '../../src/sample/recorder.ts';
import { plainSample } from '../../src/sample/sample.ts';
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
