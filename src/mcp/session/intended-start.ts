/**
 * When an iteration was to start. The first request that is sent for it takes this with it, so that the time from then to
 * its actual start is counted once; what follows, tries again included, starts when it starts.
 */
export class IntendedStart {
  #atMs: number | undefined;

  /** @param atMs epoch milliseconds */
  constructor(atMs: number) {
    this.#atMs = atMs;
  }

  /** Moves it by a pause that is meant to be before the first request, milliseconds. */
  delay(ms: number): void {
    if (this.#atMs !== undefined) this.#atMs += ms;
  }

  /** Epoch milliseconds; undefined once it was taken. */
  take(): number | undefined {
    const atMs = this.#atMs;
    this.#atMs = undefined;
    return atMs;
  }
}
