/** An item with a deadline. */
export type Expiring = {
  /** Its deadline, epoch milliseconds; infinite if it has none. Set only by `InFlightRequests`. */
  dueMs: number;
  /** Its index among the others. Set only by `InFlightRequests`. */
  slot: number;
  /** Called once when the deadline passes; the deadline is cleared first. */
  onDeadline(nowMs: number): void;
};

/**
 * The requests in flight from one process to one target, with one timer for all their deadlines, because a timer for
 * each request would cost more than judging its reply. The timer runs to the earliest deadline. An item with a later
 * deadline does not touch the timer when it is added, and no item does when it is removed.
 *
 * The items are in an array that never shrinks, not in a Set. A Set that outgrows its table moves to a new one and links
 * the old table to it. Once V8 has promoted an old table, it keeps finished requests alive until the next full
 * collection. With 500 requests in flight, that was a third of what minor collections copied.
 */
export class InFlightRequests<Item extends Expiring> {
  readonly #now: () => number;
  readonly #items: (Item | undefined)[] = [];
  #size = 0;
  #timer: NodeJS.Timeout | undefined;
  /** When the timer fires, epoch milliseconds. */
  #wakesMs = Number.POSITIVE_INFINITY;

  /** @param now epoch milliseconds */
  constructor(now: () => number) {
    this.#now = now;
  }

  get size(): number {
    return this.#size;
  }

  /** @param dueMs the item's first deadline, epoch milliseconds */
  add(item: Item, dueMs: number): void {
    item.slot = this.#size;
    this.#items[this.#size++] = item;
    this.setDeadline(item, dueMs);
  }

  /** Replaces an item's deadline; infinity clears it. */
  setDeadline(item: Item, dueMs: number): void {
    item.dueMs = dueMs;
    if (dueMs < this.#wakesMs) this.#wakeAt(dueMs);
  }

  /** Removes an item that was added and has not been removed. */
  remove(item: Item): void {
    item.dueMs = Number.POSITIVE_INFINITY;
    const last = this.#items[--this.#size] as Item;
    this.#items[item.slot] = last;
    last.slot = item.slot;
    this.#items[this.#size] = undefined;
  }

  /** A copy of the items, in no order. */
  all(): Item[] {
    return this.#items.slice(0, this.#size) as Item[];
  }

  #wakeAt(atMs: number): void {
    clearTimeout(this.#timer);
    this.#wakesMs = atMs;
    this.#timer = setTimeout(this.#wake, Math.max(1, Math.ceil(atMs - this.#now())));
    // A request keeps the process alive through its socket. The timer must not, because it may outlast all requests.
    this.#timer.unref();
  }

  readonly #wake = (): void => {
    this.#wakesMs = Number.POSITIVE_INFINITY;
    const nowMs = this.#now();
    // An item's onDeadline may remove other items or add new ones.
    for (const item of this.#dueBy(nowMs)) {
      if (item.dueMs > nowMs) continue;
      item.dueMs = Number.POSITIVE_INFINITY;
      item.onDeadline(nowMs);
    }
    let earliestMs = Number.POSITIVE_INFINITY;
    for (let at = 0; at < this.#size; at++) earliestMs = Math.min(earliestMs, (this.#items[at] as Item).dueMs);
    if (earliestMs < this.#wakesMs) this.#wakeAt(earliestMs);
  };

  #dueBy(nowMs: number): Item[] {
    const due: Item[] = [];
    for (let at = 0; at < this.#size; at++) {
      const item = this.#items[at] as Item;
      if (item.dueMs <= nowMs) due.push(item);
    }
    return due;
  }
}
