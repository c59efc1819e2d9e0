import type { Snapshot } from '../verdict/live-thresholds.ts';

/** How much older than asked a snapshot may be: lanes tell every two seconds, and one may be late. */
const SLACK = 0.25;
const SLACK_MS = 5000;
/** So many snapshots are kept at most for one distance, however long it is. */
const KEPT = 20;

/** The snapshots from which what happened over the last so many milliseconds can be worked out. */
export class WatchHistory {
  readonly #distanceMs: number;
  readonly #snapshots: Snapshot[] = [];

  constructor(distanceMs: number) {
    this.#distanceMs = distanceMs;
  }

  /** Keeps a snapshot; they come in order of time. */
  add(snapshot: Snapshot): void {
    const last = this.#snapshots.at(-1);
    if (last !== undefined && snapshot.atMs - last.atMs < this.#distanceMs / KEPT) return;
    this.#snapshots.push(snapshot);
  }

  /** The latest snapshot that lies at least the distance back; undefined when there is none near that. */
  before(atMs: number): Snapshot | undefined {
    const limitMs = atMs - this.#distanceMs;
    while ((this.#snapshots[1]?.atMs ?? Number.POSITIVE_INFINITY) <= limitMs) this.#snapshots.shift();
    const [first] = this.#snapshots;
    if (first === undefined || first.atMs > limitMs) return undefined;
    return limitMs - first.atMs <= this.#distanceMs * SLACK + SLACK_MS ? first : undefined;
  }
}
