/** Counts what is under way, so that somebody can wait until nothing is. */
export class InFlight {
  #count = 0;
  #waiting: (() => void)[] = [];

  enter(count = 1): void {
    this.#count += count;
  }

  leave(): void {
    this.#count--;
    if (this.#count === 0) {
      const waiting = this.#waiting;
      this.#waiting = [];
      for (const resolve of waiting) {
        resolve();
      }
    }
  }

  idle(): Promise<void> {
    return this.#count === 0 ? Promise.resolve() : new Promise((resolve) => this.#waiting.push(resolve));
  }
}
