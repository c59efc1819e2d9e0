/** The memory that samples of a process may take up while they wait for the store, over all slices of the process. */
export class WaitingMemory {
  readonly #maxBytes: number;
  #bytes = 0;

  /** @param maxBytes bytes of compressed samples */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Takes so many bytes; false if they do not fit, and then nothing is taken. */
  take(bytes: number): boolean {
    if (this.#bytes + bytes > this.#maxBytes) return false;
    this.#bytes += bytes;
    return true;
  }

  /** Gives bytes back that were taken. */
  give(bytes: number): void {
    this.#bytes -= bytes;
  }
}

/** The limit where no setting changes it. */
export const DEFAULT_MAX_WAITING_BYTES = 64 * 1024 * 1024;
