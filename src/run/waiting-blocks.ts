import { type Block, SAMPLE_KIND, wasSent } from '../sample/block.ts';
import { type PackedBlock, packBlock, packedBytes, unpackBlock } from './packed-block.ts';
import type { WaitingMemory } from './waiting-memory.ts';

/** A block that waits, as it is or compressed. */
type Waiting = { block: Block } | { readonly packed: PackedBlock; readonly lost: LostSamples };

/** Samples that are not stored, and how many of them are requests that were sent. */
export type LostSamples = { readonly samples: number; readonly requests: number };

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
  #lost: LostSamples = { samples: 0, requests: 0 };

  /** @param onFull called whenever a block is dropped */
  constructor(memory: WaitingMemory, onFull: () => void) {
    this.#memory = memory;
    this.#onFull = onFull;
  }

  /** What was dropped. */
  get lost(): LostSamples {
    return this.#lost;
  }

  push(block: Block): void {
    this.#blocks.push({ block });
    if (this.#blocks.length > MAX_PLAIN) this.pack();
  }

  /** The oldest block; undefined if none waits. */
  async first(): Promise<Block | undefined> {
    await this.#packing;
    const [waiting] = this.#blocks;
    if (waiting === undefined) return undefined;
    return 'block' in waiting ? waiting.block : unpackBlock(waiting.packed);
  }

  /** Removes the oldest block, which has been stored. */
  shift(): void {
    const waiting = this.#blocks.shift();
    if (waiting !== undefined && 'packed' in waiting) this.#memory.give(packedBytes(waiting.packed));
  }

  /** Compresses the blocks that wait, apart from the oldest, which may be in use. Returns before that is done. */
  pack(): void {
    this.#packing ??= this.#packAll().finally(() => {
      this.#packing = undefined;
    });
  }

  /** Drops all blocks. @returns how many samples they had */
  async dropAll(): Promise<number> {
    await this.#packing;
    const before = this.#lost.samples;
    for (let [waiting] = this.#blocks; waiting !== undefined; [waiting] = this.#blocks) {
      this.#lose('block' in waiting ? lossOf(waiting.block) : waiting.lost);
      this.shift();
    }
    return this.#lost.samples - before;
  }

  async #packAll(): Promise<void> {
    for (let block = this.#plain(); block !== undefined; block = this.#plain()) {
      const [packed, lost] = [await packBlock(block), lossOf(block)];
      const at = this.#blocks.findIndex((waiting) => 'block' in waiting && waiting.block === block);
      // It may have been stored meanwhile.
      if (at < 0) continue;
      if (this.#memory.take(packedBytes(packed))) this.#blocks[at] = { packed, lost };
      else {
        this.#blocks.splice(at, 1);
        this.#lose(lost);
        this.#onFull();
      }
    }
  }

  /** The oldest block that can be compressed. */
  #plain(): Block | undefined {
    const waiting = this.#blocks.find((each, index) => index > 0 && 'block' in each);
    return waiting !== undefined && 'block' in waiting ? waiting.block : undefined;
  }

  #lose({ samples, requests }: LostSamples): void {
    this.#lost = { samples: this.#lost.samples + samples, requests: this.#lost.requests + requests };
  }
}

function lossOf(block: Block): LostSamples {
  let requests = 0;
  for (let at = 0; at < block.count; at++) {
    if (block.columns.kind[at] === SAMPLE_KIND.request && wasSent(block, at)) requests++;
  }
  return { samples: block.count, requests };
}
