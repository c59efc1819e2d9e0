import { BLOCK_COLUMNS, type Block, type BlockColumns } from '../../src/sample/block.ts';

/** A block with columns from a seeded generator of numbers, so that all kinds of values occur. */
export function sampleBlock(count: number, seed: number, dictionaries: Partial<Block> = {}): Block {
  let state = seed * 2_654_435_761 + 1;
  const columns: Record<string, unknown> = {};
  for (const [name, ArrayType] of Object.entries(BLOCK_COLUMNS)) {
    const column = new ArrayType(count);
    for (let i = 0; i < count; i++) {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      column[i] = state ^ (state >>> 15);
    }
    columns[name] = column;
  }
  return {
    count,
    originMs: 1_790_000_000_000 + seed,
    operations: [{ target: 'docs', operation: 'tools/call:search' }],
    outcomes: ['OK', 'NET_REFUSED'],
    examples: [{ operation: 0, outcome: 1, message: 'connect ECONNREFUSED' }],
    ...dictionaries,
    columns: columns as BlockColumns,
  };
}
