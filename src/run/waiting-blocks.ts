import type { Block } from '../sample/block.ts';
import { type PackedBlock, packBlock, packedBytes, unpackBlock } from './packed-block.ts';
import type { WaitingMemory } from './waiting-memory.ts';

/** A block that waits, as it is or compressed. */
type Waiting = { readonly count: number; block?: Block | undefined; packed?: PackedBlock };

/** So many blocks may wait as they are: one that is being stored, and one that has become full meanwhile. */
const MAX_PLAIN = 2;

/**
 * Blocks that wait to be stored, in order. They are compressed once they have to wait for long, and take their place from
 * the memory of the process then. A block for which there is no place is dropped and counted.
 */
export class WaitingBlocks {
  readonly #memory: WaitingMemory;
  readonly #onFull: () => void;
  #blocks: Waiting[] = [];
  #packing: Promise<void> | undefined;
  #dropped = 0;

  /** @param onFull called whenever a block is dropped */
  constructor(memory: WaitingMemory, onFull: () => void) {
    this.#memory = memory;
    this.#onFull = onFull;
  }

  /** Samples of blocks for which there was no place. */
  get dropped(): number {
    return this.#dropped;
  }

  push(block: Block): void {
    this.#blocks.push({ count: block.count, block });
    if (this.#blocks.length > MAX_PLAIN) this.pack();
  }

  /** The oldest block; undefined if none waits. */
  async first(): Promise<Block | undefined> {
    await this.#packing;
    const [waiting] = this.#blocks;
    if (waiting === undefined) return undefined;
    return waiting.block ?? (waiting.packed === undefined ? undefined : unpackBlock(waiting.packed));
  }

  /** Removes the oldest block, which has been stored. */
  shift(): void {
    const waiting = this.#blocks.shift();
    if (waiting?.packed !== undefined) this.#memory.give(packedBytes(waiting.packed));
  }

  /** Compresses the blocks that wait, apart from the oldest, which may be in use. Returns before that is done. */
  pack(): void {
    this.#packing ??= this.#packAll().finally(() => {
      this.#packing = undefined;
    });
  }

  /** Removes all blocks. @returns how many samples they had */
  async clear(): Promise<number> {
    await this.#packing;
    let samples = 0;
    while (this.#blocks.length > 0) {
      samples += this.#blocks[0]?.count ?? 0;
      this.shift();
    }
    return samples;
  }

  async #packAll(): Promise<void> {
    for (let waiting = this.#plain(); waiting !== undefined; waiting = this.#plain()) {
      const packed = await packBlock(waiting.block as Block);
      if (this.#memory.take(packedBytes(packed))) {
        waiting.packed = packed;
        waiting.block = undefined;
      } else {
        this.#blocks = this.#blocks.filter((each) => each !== waiting);
        this.#dropped += packed.count;
        this.#onFull();
      }
    }
  }

  #plain(): Waiting | undefined {
    return this.#blocks.find(({ block }, index) => index > 0 && block !== undefined);
  }
}
