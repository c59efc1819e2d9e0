import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import {
  BLOCK_COLUMNS,
  type Block,
  type BlockColumnName,
  type BlockColumns,
  columnNames,
  decodeBlock,
  encodeBlock,
} from '../../src/sample/block.ts';

const words = fc.string({ unit: 'grapheme', maxLength: 60 });

/** Records such as JSON.parse makes; without this option, fast-check makes some without a prototype. */
function plain<Shape>(shape: { [Key in keyof Shape]: fc.Arbitrary<Shape[Key]> }): fc.Arbitrary<Shape> {
  return fc.record<Shape>(shape, { noNullPrototype: true });
}

/** Blocks of up to 300 samples whose columns begin inside a larger buffer. */
const anyBlock: fc.Arbitrary<Block> = fc
  .record({
    count: fc.nat(300),
    offset: fc.nat(3),
    seed: fc.integer(),
    originMs: fc.nat(Number.MAX_SAFE_INTEGER),
    operations: fc.array(plain({ target: words, operation: words }), { maxLength: 5 }),
    outcomes: fc.uniqueArray(fc.constantFrom('OK', 'NET_DNS', 'HTTP_503', 'RPC_-32000', 'TOOL_QUOTA'), {
      maxLength: 5,
    }),
    examples: fc.array(plain({ operation: fc.nat(4), outcome: fc.nat(4), message: words }), { maxLength: 5 }),
  })
  .map(({ count, offset, seed, outcomes, ...rest }) => {
    const columns: Record<string, unknown> = {};
    for (const name of columnNames) {
      const whole = new BLOCK_COLUMNS[name](count + offset + 1);
      for (let i = 0; i < whole.length; i++) whole[i] = Math.imul(seed + i, 2_654_435_761) ^ (seed >>> (i % 7));
      columns[name] = whole.subarray(offset, offset + count);
    }
    return { count, ...rest, outcomes: outcomes as Block['outcomes'], columns: columns as BlockColumns };
  });

it('decodes every block to what was encoded', () => {
  fc.assert(
    fc.property(anyBlock, (block) => {
      assert.deepEqual(decodeBlock(encodeBlock(block)), block);
    }),
  );
});

it('decodes columns that begin at an odd byte', () => {
  fc.assert(
    fc.property(anyBlock, fc.nat(7), (block, shift) => {
      const encoded = encodeBlock(block);
      const columns = {} as Record<BlockColumnName, Uint8Array>;
      for (const name of columnNames) {
        const bytes = encoded.columns[name];
        columns[name] = new Uint8Array(bytes.byteLength + shift).subarray(shift);
        columns[name].set(bytes);
      }
      assert.deepEqual(decodeBlock({ ...encoded, columns }), block);
    }),
  );
});

it('refuses a column whose length does not match the count', () => {
  fc.assert(
    fc.property(anyBlock, fc.constantFrom(...columnNames), fc.integer({ min: 1, max: 3 }), (block, name, extra) => {
      const encoded = encodeBlock(block);
      const longer = new Uint8Array(encoded.columns[name].byteLength + extra);
      const wrong = { ...encoded, columns: { ...encoded.columns, [name]: longer } };
      fc.pre(longer.byteLength !== encoded.count * BLOCK_COLUMNS[name].BYTES_PER_ELEMENT);
      assert.throws(() => decodeBlock(wrong), new RegExp(`Block column ${name} has`));
    }),
  );
});
