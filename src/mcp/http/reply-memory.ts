/** What all replies under way in a process may hold together, in bytes; enough for an instance with 2 GB. */
export const DEFAULT_REPLY_MEMORY_BYTES = 256 * 1024 * 1024;

/**
 * The memory that replies and large requests under way hold, in one process. A limit for each reply is not enough: many
 * virtual users receive replies at the same time.
 */
export class ReplyMemory {
  readonly limitBytes: number;
  #heldBytes = 0;

  constructor(limitBytes: number = DEFAULT_REPLY_MEMORY_BYTES) {
    this.limitBytes = limitBytes;
  }

  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** Takes memory for something that is kept. @returns false if there is not enough; nothing is taken then */
  take(bytes: number): boolean {
    if (this.#heldBytes + bytes > this.limitBytes) return false;
    this.#heldBytes += bytes;
    return true;
  }

  /** Gives back what was taken. */
  give(bytes: number): void {
    this.#heldBytes -= bytes;
  }
}

/** Why something ends for which no memory is left, and how to fix it. */
export function outOfMemory({ limitBytes }: ReplyMemory): string {
  const fix = 'raise SURGE_REPLY_MEMORY_MB, or spread the virtual users over more lanes';
  return `the requests and replies under way hold ${Math.round(limitBytes / 1024 ** 2)} MiB, the limit: ${fix}`;
}
