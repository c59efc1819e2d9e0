const NOTHING = Buffer.alloc(0);

/** Larger buffers are dropped as soon as they are empty. */
const KEPT_BYTES = 64 * 1024;

/**
 * Bytes that arrive in pieces. A single piece is not copied. Further pieces are copied to one buffer that doubles as
 * needed, because a list of pieces would take hundreds of bytes for each, and a server may send one byte at a time.
 */
export class GrowingBuffer {
  #bytes: Buffer = NOTHING;
  #length = 0;
  /** True while the bytes are a piece that belongs to somebody else. */
  #isForeign = false;

  /** Number of bytes. */
  get length(): number {
    return this.#length;
  }

  /** How much memory they take. */
  get capacity(): number {
    return this.#bytes.length;
  }

  /** The bytes; valid until the next call. */
  get bytes(): Buffer {
    return this.#length === this.#bytes.length ? this.#bytes : this.#bytes.subarray(0, this.#length);
  }

  /** Keeps a piece without a copy if it is the first. The caller must not change it. */
  keep(piece: Buffer): void {
    if (this.#length > 0) {
      this.append(piece, 0, piece.length);
      return;
    }
    this.#bytes = piece;
    this.#length = piece.length;
    this.#isForeign = true;
  }

  /** Copies a part of a piece. */
  append(piece: Buffer, start: number, end: number): void {
    const length = this.#length + end - start;
    if (length > this.#bytes.length || this.#isForeign) {
      const grown = Buffer.allocUnsafe(Math.max(length, 2 * this.#bytes.length));
      this.#bytes.copy(grown, 0, 0, this.#length);
      this.#bytes = grown;
      this.#isForeign = false;
    }
    piece.copy(this.#bytes, this.#length, start, end);
    this.#length = length;
  }

  /** Forgets the bytes; memory that is not large is used again. */
  clear(): void {
    this.#length = 0;
    if (this.#isForeign || this.#bytes.length > KEPT_BYTES) this.drop();
  }

  /** Forgets the bytes and gives their memory back. */
  drop(): void {
    this.#bytes = NOTHING;
    this.#length = 0;
    this.#isForeign = false;
  }
}
