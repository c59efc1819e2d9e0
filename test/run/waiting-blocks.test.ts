import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import fc from 'fast-check';
import { packBlock, packedBytes, unpackBlock } from '../../src/run/packed-block.ts';
import { SliceWriter } from '../../src/run/slice-writer.ts';
import { WaitingBlocks } from '../../src/run/waiting-blocks.ts';
import { WaitingMemory } from '../../src/run/waiting-memory.ts';
import type { Block } from '../../src/sample/block.ts';
import { Recorder } from '../../src/sample/recorder.ts';
import { memoryRunStore } from '../../src/store/memory-run-store.ts';
import { sampleBlock } from '../store/sample-block.ts';
import { testContext } from '../support/run-context.ts';

/** The blocks that wait, from the oldest to the newest; none is left. */
async function drained(waiting: WaitingBlocks): Promise<Block[]> {
  const blocks: Block[] = [];
  for (let block = await waiting.first(); block !== undefined; block = await waiting.first()) {
    blocks.push(block);
    waiting.shift();
  }
  return blocks;
}

it('unpacks a block to what was packed', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 300 }), fc.integer(), async (count, seed) => {
      const block = sampleBlock(count, seed);
      assert.deepEqual(await unpackBlock(await packBlock(block)), block);
    }),
    { numRuns: 20 },
  );
});

describe('blocks that wait', () => {
  it('keep their order whether or not they are compressed, and give their memory back', async () => {
    const memory = new WaitingMemory(10_000_000);
    const waiting = new WaitingBlocks(memory, () => assert.fail('there was memory left'));
    const blocks = Array.from({ length: 6 }, (_, index) => sampleBlock(20 + index, index));
    for (const block of blocks) waiting.push(block);
    waiting.pack();
    assert.deepEqual(await drained(waiting), blocks);
    assert.ok(memory.take(10_000_000), 'memory was not given back');
    assert.deepEqual(waiting.lost, { samples: 0, requests: 0 });
  });

  it('are dropped and counted if they do not fit, the others are kept', async () => {
    const blocks = Array.from({ length: 5 }, (_, index) => sampleBlock(100, index));
    const sizes = await Promise.all(blocks.map(async (block) => packedBytes(await packBlock(block))));
    const memory = new WaitingMemory((sizes[1] ?? 0) + (sizes[2] ?? 0));
    let full = 0;
    const waiting = new WaitingBlocks(memory, () => full++);
    for (const block of blocks) waiting.push(block);
    // The oldest is not compressed.
    assert.deepEqual((await drained(waiting)).slice(0, 3), blocks.slice(0, 3));
    assert.ok(full > 0);
    assert.equal(waiting.lost.samples, 100 * full);
    assert.ok(waiting.lost.requests > 0 && waiting.lost.requests <= waiting.lost.samples);
  });

  it('share the memory of their process', async () => {
    const bytes = packedBytes(await packBlock(sampleBlock(100, 1)));
    const memory = new WaitingMemory(bytes);
    const one = new WaitingBlocks(memory, () => assert.fail('there was memory left'));
    let isFull = false;
    const other = new WaitingBlocks(memory, () => {
      isFull = true;
    });
    for (const waiting of [one, other]) {
      waiting.push(sampleBlock(10, 0));
      waiting.push(sampleBlock(100, 1));
      waiting.pack();
      await waiting.first();
    }
    assert.ok(isFull);
  });
});

it('a writer ends the load when the memory for waiting samples is full, and counts every sample that it could not keep', async (t: TestContext) => {
  t.mock.method(console, 'error', () => {});
  const memory = memoryRunStore();
  let isDown = true;
  const store: typeof memory = {
    ...memory,
    appendBlock: (...args) => (isDown ? Promise.reject(new Error('no store')) : memory.appendBlock(...args)),
  };
  let full = 0;
  const context = testContext({ store, waitingMemory: new WaitingMemory(20_000) });
  const writer = new SliceWriter(context, { runId: 'r', sliceId: 's', attemptId: 'a', onFull: () => full++ });
  const recorder = new Recorder(
    0,
    (block) => writer.take(block),
    (text) => text,
  );
  let samples = 0;
  for (let index = 0; index < 12; index++) {
    const block = sampleBlock(200, index);
    writer.take(block);
    samples += block.count;
    await writer.flush(recorder);
  }
  assert.ok(full > 0);
  isDown = false;
  await writer.close(recorder, 0);
  const { samples: stored, unkept = 0 } = writer.health;
  assert.ok(stored > 0 && unkept > 0);
  assert.equal(stored + unkept, samples);
});
