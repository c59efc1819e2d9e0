import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BLOCK_CAPACITY, type Block } from '../../src/sample/block.ts';
import type { RunStore } from '../../src/store/run-store.ts';
import { sampleBlock } from './sample-block.ts';

/** What every run store must do with blocks of samples. */
export function blocksContract(title: string, open: () => Promise<RunStore>): void {
  describe(`${title}: blocks`, () => {
    it('keeps a full block byte for byte', async () => {
      const store = await open();
      const block = sampleBlock(BLOCK_CAPACITY, 1);
      await store.appendBlock('r', 's', 'a', 0, block);
      sameBlocks(await allOf(store.readBlocks('r', 's', 'a')), [block]);
    });

    it('keeps an empty block, columns that are part of a larger buffer, and long texts', async () => {
      const store = await open();
      const texts = sampleBlock(3, 2, {
        operations: Array.from({ length: 400 }, (_, i) => ({
          target: `zïel-${i}`,
          operation: `tools/call:${'🚀'.repeat(60)}${i}`,
        })),
        examples: Array.from({ length: 100 }, (_, i) => ({
          operation: i,
          outcome: 1,
          message: `${i} ${'\u{1F600}ä"\\\n'.repeat(80)}`,
        })),
      });
      const blocks = [sampleBlock(0, 3), texts, middleOf(sampleBlock(50, 4))];
      for (const [seq, block] of blocks.entries()) await store.appendBlock('r', 's', 'a', seq, block);
      sameBlocks(await allOf(store.readBlocks('r', 's', 'a')), blocks);
    });

    it('returns the blocks of an attempt in order, and no other blocks', async () => {
      const store = await open();
      const seqs = Array.from({ length: 13 }, (_, i) => i);
      for (const seq of [...seqs].reverse()) {
        const block = sampleBlock(seq, seq);
        await store.appendBlock('r', 's', 'a', seq, block);
        await store.appendBlock('r', 's', 'a', seq, block);
      }
      await store.appendBlock('r', 's', 'a', 100_000, sampleBlock(1, 100_000));
      await store.appendBlock('r', 's', 'ab', 0, sampleBlock(1, 50));
      await store.appendBlock('r', 's', 'a/b|c', 0, sampleBlock(1, 51));
      await store.appendBlock('r', 's2', 'a', 0, sampleBlock(1, 52));
      await store.takeLease('r', 's', 0, 'a');
      const origins = (blocks: Block[]) => blocks.map(({ originMs }) => originMs - 1_790_000_000_000);
      assert.deepEqual(origins(await allOf(store.readBlocks('r', 's', 'a'))), [...seqs, 100_000]);
      assert.deepEqual(origins(await allOf(store.readBlocks('r', 's', 'ab'))), [50]);
      assert.deepEqual(origins(await allOf(store.readBlocks('r', 's', 'a/b|c'))), [51]);
      assert.deepEqual(await allOf(store.readBlocks('r', 's', 'none')), []);
    });

    it('does not share the memory of blocks with its callers', async () => {
      const store = await open();
      const block = sampleBlock(5, 9);
      await store.appendBlock('r', 's', 'a', 0, block);
      block.columns.vu.fill(0);
      sameBlocks(await allOf(store.readBlocks('r', 's', 'a')), [sampleBlock(5, 9)]);
    });
  });
}

/** The block with columns in the middle of larger buffers, as a recorder passes them on. */
function middleOf(block: Block): Block {
  const columns = Object.fromEntries(
    Object.entries(block.columns).map(([name, column]) => [name, column.subarray(10, 40)]),
  );
  return { ...block, count: 30, columns: columns as unknown as Block['columns'] };
}

/** Compares columns as bytes, because deepEqual would take minutes to describe the difference of two large ones. */
function sameBlocks(actual: readonly Block[], expected: readonly Block[]): void {
  const withoutColumns = (blocks: readonly Block[]) => blocks.map(({ columns: _columns, ...rest }) => rest);
  assert.deepEqual(withoutColumns(actual), withoutColumns(expected));
  for (const [index, block] of expected.entries()) {
    for (const [name, column] of Object.entries(block.columns)) {
      const found = actual[index]?.columns[name as keyof Block['columns']];
      assert.equal(found?.constructor, column.constructor, name);
      assert.ok(bytesOf(found).equals(bytesOf(column)), `column ${name} of block ${index} differs`);
    }
  }
}

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}

async function allOf<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}
