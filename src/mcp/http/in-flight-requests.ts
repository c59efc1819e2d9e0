import type { Judgement } from './json-rpc.ts';

/** How long a request may take in all, until its headers, and between two bytes of its reply; milliseconds. */
export type Timeouts = { readonly headers: number; readonly idle: number; readonly total: number };

/** How far a request has come, epoch milliseconds; the headers from its start. */
export type Progress = {
  readonly startMs: number;
  readonly headersMs: number | undefined;
  readonly lastActivityMs: number;
};

/** Milliseconds until a request may be out of time, or the judgement that it is. */
export function deadlineOf(
  { headers, idle, total }: Timeouts,
  { startMs, headersMs, lastActivityMs }: Progress,
  nowMs: number,
): number | Judgement {
  const totalLeftMs = startMs + total - nowMs;
  const phaseLeftMs = headersMs === undefined ? startMs + headers - nowMs : lastActivityMs + idle - nowMs;
  const leftMs = Math.min(totalLeftMs, phaseLeftMs);
  if (leftMs > 0) return Math.ceil(leftMs);
  if (totalLeftMs <= 0) return { outcome: 'TMO_TOTAL', message: `no answer within ${total} ms` };
  if (headersMs === undefined) return { outcome: 'TMO_HEADERS', message: `no headers within ${headers} ms` };
  return { outcome: 'TMO_IDLE', message: `no byte for ${idle} ms` };
}

/** What is under way until it is removed, and wants to be told when it is due. */
export type Expiring = {
  /** When it is due, epoch milliseconds; infinite when it is not. Set by `InFlightRequests` alone. */
  dueMs: number;
  /** Where it stands among the others. Set by `InFlightRequests` alone. */
  place: number;
  /** Called once it is due, which it then is no longer. */
  onDeadline(nowMs: number): void;
};

/**
 * What is under way on the connections of one process to one target, with one timer for all of it: a timer of its own for
 * every request would cost more than its judgement. The timer runs to the earliest due time; an item that is due later, as
 * nearly all are when they are added, does not touch it, and nor does one that is removed.
 *
 * An array that never shrinks, and no Set: a Set that is full moves to a new table and links the old one to it, so that an
 * old table that V8 has promoted keeps what later ones held, finished requests, until the next full collection. With 500
 * requests at a time a third of what minor collections copied was there because of that.
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

  /** @param dueMs when it is to be told, epoch milliseconds */
  add(item: Item, dueMs: number): void {
    item.place = this.#size;
    this.#items[this.#size++] = item;
    this.setDeadline(item, dueMs);
  }

  /** Sets anew when an item is due; to infinity, when it is not. */
  setDeadline(item: Item, dueMs: number): void {
    item.dueMs = dueMs;
    if (dueMs < this.#wakesMs) this.#wakeAt(dueMs);
  }

  /** Takes out an item that was added and not yet removed. */
  remove(item: Item): void {
    item.dueMs = Number.POSITIVE_INFINITY;
    const last = this.#items[--this.#size] as Item;
    this.#items[item.place] = last;
    last.place = item.place;
    this.#items[this.#size] = undefined;
  }

  /** All that is under way at this moment. */
  all(): Item[] {
    return this.#items.slice(0, this.#size) as Item[];
  }

  #wakeAt(atMs: number): void {
    clearTimeout(this.#timer);
    this.#wakesMs = atMs;
    this.#timer = setTimeout(this.#wake, Math.max(1, Math.ceil(atMs - this.#now())));
    // A request keeps the process alive by its socket; what nothing is due for any more must not.
    this.#timer.unref();
  }

  readonly #wake = (): void => {
    this.#wakesMs = Number.POSITIVE_INFINITY;
    const nowMs = this.#now();
    // Being told, an item may end others or begin new ones.
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
