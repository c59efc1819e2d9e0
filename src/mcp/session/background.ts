/** What a session sends without anybody waiting for it: answers to the server's requests, cancellations. */
export class Background {
  readonly #work = new Set<Promise<void>>();

  /** Takes work that is under way; it rejects only for bugs of ours, and those the connection remembers. */
  add(work: Promise<unknown>): void {
    const forget = () => {
      this.#work.delete(watched);
    };
    const watched = work.then(forget, forget);
    this.#work.add(watched);
  }

  /** Resolves when nothing is left. */
  async done(): Promise<void> {
    while (this.#work.size > 0) await Promise.all(this.#work);
  }
}
