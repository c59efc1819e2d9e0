import assert from 'node:assert/strict';
import { it } from 'node:test';
import { SliceWriter } from '../../src/run/slice-writer.ts';
import { Recorder } from '../../src/sample/recorder.ts';
import { memoryRunStore } from '../../src/store/memory-run-store.ts';
import type { RunStore } from '../../src/store/run-store.ts';
import { aSample } from '../support/a-sample.ts';
import { testContext } from '../support/run-context.ts';

const at = { runId: '20261123-120000000-00000000', sliceId: 'w0000-l0000', attemptId: 'a' };
const sample = aSample({ startMs: 1000 });

/** A slice's writer, and the recorder whose blocks it takes. */
function writing(store: RunStore) {
  const writer = new SliceWriter(testContext({ store }), at);
  const recorder = new Recorder(
    1000,
    (block) => writer.take(block),
    (text) => text,
  );
  recorder.operation('web', 'tools/list', 'step');
  return { writer, recorder };
}

it('SliceWriter keeps what the store does not accept, in order, and counts it as an error of the generator', async (t) => {
  t.mock.method(console, 'error', () => {});
  const memory = memoryRunStore();
  let broken = true;
  const store: typeof memory = {
    ...memory,
    appendBlock: (...args) => (broken ? Promise.reject(new Error('throttled')) : memory.appendBlock(...args)),
  };
  const { writer, recorder } = writing(store);

  recorder.add({ ...sample, durationMs: 1 });
  await writer.flush(recorder);
  recorder.add({ ...sample, durationMs: 2 });
  await writer.flush(recorder);
  assert.deepEqual(writer.health, { errors: 2, blocks: 0, samples: 0 });

  broken = false;
  recorder.add({ ...sample, durationMs: 3 });
  await writer.flush(recorder);
  assert.deepEqual(writer.health, { errors: 2, blocks: 2, samples: 3 });
  const durations: number[] = [];
  for await (const block of store.readBlocks(at.runId, at.sliceId, at.attemptId))
    durations.push(...block.columns.durationUs);
  assert.deepEqual(durations, [1000, 2000, 3000]);
  assert.equal(writer.progress().operations[0]?.count, 3);
});

it('SliceWriter gives up and counts what is left when it is closed and the store accepts nothing until its time is over', async (t) => {
  t.mock.method(console, 'error', () => {});
  const store: ReturnType<typeof memoryRunStore> = {
    ...memoryRunStore(),
    appendBlock: () => Promise.reject(new Error('the store is gone')),
  };
  const { writer, recorder } = writing(store);
  recorder.add(sample);
  await writer.close(recorder, 0);
  assert.deepEqual(writer.health, { errors: 1, blocks: 0, samples: 0, unkept: 1, unkeptRequests: 1 });
});
