import type { LiveProgress } from '../summary/live-progress.ts';

/** A rate over less than this is more chance than rate, milliseconds. */
const SHORTEST_MS = 500;

/** How many requests a holder has sent, for its signs of life: if it dies, they show how many are in no figure. */
export class SentRequests {
  #count: () => number = () => 0;
  #last = { sent: 0, atMs: Number.POSITIVE_INFINITY };
  #peakPerSecond = 0;

  /** @param count how many requests have been sent so far, those without a sample included */
  track(count: () => number): void {
    this.#count = count;
  }

  /** The most requests that were sent in a second, on average from one sign of life to the next. */
  get peakPerSecond(): number {
    return this.#peakPerSecond;
  }

  /** What a sign of life says. @param nowMs epoch */
  figures(nowMs: number): Required<Pick<LiveProgress, 'sent' | 'peakPerSecond'>> {
    const sent = this.#count();
    const { sent: before, atMs } = this.#last;
    if (nowMs - atMs >= SHORTEST_MS || atMs > nowMs) {
      const seconds = (nowMs - atMs) / 1000;
      if (seconds > 0) this.#peakPerSecond = Math.max(this.#peakPerSecond, (sent - before) / seconds);
      this.#last = { sent, atMs: nowMs };
    }
    return { sent, peakPerSecond: this.#peakPerSecond };
  }
}
