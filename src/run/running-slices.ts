import type { Clock } from '../traffic/clock.ts';

/** A slice that makes load in this process, or stores what it has measured. */
type RunningSlice = {
  /** Ends its load, so that another process can go on with it. */
  readonly release: (reason: string) => void;
  /** Settles when everything is stored and the slice has been given back. */
  readonly done: Promise<unknown>;
};

/** The slices that run in this process, so that it can give them back when it is shut down. */
export class RunningSlices {
  readonly #slices = new Set<RunningSlice>();
  #shutdown: string | undefined;

  /** Adds a slice until it is done; one that begins during a shutdown is released immediately. */
  add(slice: RunningSlice): void {
    this.#slices.add(slice);
    const remove = () => this.#slices.delete(slice);
    slice.done.then(remove, remove);
    if (this.#shutdown !== undefined) slice.release(this.#shutdown);
  }

  /**
   * Releases all slices, and waits until they have stored their samples.
   * @param reason a sentence without its full stop
   * @param timeoutMs how long to wait
   */
  async releaseAll(clock: Clock, reason: string, timeoutMs: number): Promise<void> {
    this.#shutdown = reason;
    const slices = [...this.#slices];
    for (const { release } of slices) release(reason);
    const ended = new AbortController();
    const all = Promise.allSettled(slices.map(({ done }) => done)).then(() => ended.abort());
    await Promise.race([all, clock.sleepUntil(clock.now() + timeoutMs, ended.signal)]);
  }
}
