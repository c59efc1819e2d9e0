import { GrowingBuffer } from './growing-buffer.ts';

const LF = 10;
const CR = 13;
const COLON = 58;
const SPACE = 32;
const DATA = Buffer.from('data');
const EVENT = Buffer.from('event');
const ID = Buffer.from('id');
const RETRY = Buffer.from('retry');
const NOTHING = Buffer.alloc(0);

/** What a data line takes in memory besides its own bytes. */
const LINE_OVERHEAD_BYTES = 32;
/** A longer id cannot be sent back in a header. */
const MAX_ID_BYTES = 4096;
/** Longer types are not told apart: none of them is `message`. */
const MAX_TYPE_BYTES = 256;
/** The longest delay that a server can ask for before its stream is resumed, milliseconds. */
const MAX_RETRY_MS = 3_600_000;

/**
 * Takes a decoded event.
 * @param data its data lines, joined by line feeds; may be empty, as in priming events
 * @param type `message` unless the stream names another
 */
type SseEventHandler = (data: string, type: string) => void;

/**
 * Decodes an event stream (WHATWG HTML §9.2.6) from chunks that may end anywhere, even within a character or between CR
 * and LF. Comments are skipped, and only the values of the four known fields are decoded to text. No byte is searched
 * twice for the same line end, and only a line that spans several chunks is copied.
 */
export class SseDecoder {
  readonly #onEvent: SseEventHandler;
  /** The beginning of an unfinished line, from earlier chunks. */
  readonly #carry = new GrowingBuffer();
  /** The data of the event so far; undefined while it has no data field. */
  #data: string | undefined;
  #dataBytes = 0;
  #type = '';
  /** The id field of the event so far; takes effect when the event is complete. */
  #id: string | undefined;
  #lastEventId: string | undefined;
  #retryMs: number | undefined;
  #skipLineFeed = false;
  #firstLine = true;

  constructor(onEvent: SseEventHandler) {
    this.#onEvent = onEvent;
  }

  /** Id of the last complete event that had one; the stream can be resumed after it. */
  get lastEventId(): string | undefined {
    return this.#lastEventId;
  }

  /** How long to wait before resuming the stream, milliseconds; undefined if the server did not say. */
  get retryMs(): number | undefined {
    return this.#retryMs;
  }

  /** What the unfinished event and line take in memory, bytes. */
  get heldBytes(): number {
    return this.#carry.capacity + this.#dataBytes;
  }

  /** Forgets the unfinished event and line, because nothing more will be read. */
  drop(): void {
    this.#carry.drop();
    this.#data = undefined;
    this.#dataBytes = 0;
  }

  push(chunk: Buffer): void {
    let from = this.#skipLineFeed && chunk[0] === LF ? 1 : 0;
    if (chunk.length > 0) this.#skipLineFeed = false;
    // The next LF or CR is searched for only after the lines before the last one found are done.
    let lf = chunk.indexOf(LF, from);
    let cr = chunk.indexOf(CR, from);
    while (lf !== -1 || cr !== -1) {
      const end = lf === -1 || (cr !== -1 && cr < lf) ? cr : lf;
      this.#endLine(chunk, from, end);
      from = end + 1;
      if (end === cr) {
        if (from === chunk.length) this.#skipLineFeed = true;
        else if (lf === from) from++;
        cr = chunk.indexOf(CR, from);
      }
      if (lf !== -1 && lf < from) lf = chunk.indexOf(LF, from);
    }
    if (from < chunk.length) this.#carry.append(chunk, from, chunk.length);
  }

  /**
   * Ends the stream. An event without the blank line at its end is passed on, although the standard would discard it: a
   * server that ends its stream a line early has still answered.
   * @returns true if there was such an event
   */
  end(): boolean {
    if (this.#carry.length > 0) this.#endLine(NOTHING, 0, 0);
    // The id of an incomplete event does not count: the stream must be resumed before that event.
    this.#id = undefined;
    if (this.#data === undefined || this.#data === '') return false;
    this.#dispatch();
    return true;
  }

  #endLine(chunk: Buffer, start: number, end: number): void {
    const carry = this.#carry;
    if (carry.length === 0) {
      this.#readLine(chunk, start, end);
      return;
    }
    carry.append(chunk, start, end);
    const { bytes, length } = carry;
    // The values of a line are copied out of it, so that the memory can be used for the next one.
    carry.clear();
    this.#readLine(bytes, 0, length);
  }

  #readLine(bytes: Buffer, start: number, end: number): void {
    let from = start;
    if (this.#firstLine) {
      this.#firstLine = false;
      if (end - from >= 3 && bytes[from] === 0xef && bytes[from + 1] === 0xbb && bytes[from + 2] === 0xbf) from += 3;
    }
    if (from === end) this.#dispatch();
    else if (bytes[from] === COLON) return;
    else if (isField(bytes, from, end, DATA)) this.#addData(valueAfter(bytes, from + DATA.length, end), end - from);
    else if (isField(bytes, from, end, EVENT)) {
      const length = Math.min(end, from + EVENT.length + MAX_TYPE_BYTES);
      this.#type = valueAfter(bytes, from + EVENT.length, length);
    } else if (isField(bytes, from, end, ID)) {
      // Without an id the stream is not resumed.
      this.#setId(end - from > MAX_ID_BYTES ? '' : valueAfter(bytes, from + ID.length, end));
    } else if (isField(bytes, from, end, RETRY)) this.#setRetry(valueAfter(bytes, from + RETRY.length, end));
  }

  #addData(value: string, bytes: number): void {
    this.#data = this.#data === undefined ? value : `${this.#data}\n${value}`;
    this.#dataBytes += bytes + LINE_OVERHEAD_BYTES;
  }

  /** The standard ignores an id with a null character, which cannot be sent in a header. */
  #setId(value: string): void {
    if (!value.includes('\0')) this.#id = value;
  }

  #setRetry(value: string): void {
    if (/^\d+$/.test(value)) this.#retryMs = Math.min(MAX_RETRY_MS, Number(value));
  }

  #dispatch(): void {
    if (this.#id !== undefined) {
      this.#lastEventId = this.#id === '' ? undefined : this.#id;
      this.#id = undefined;
    }
    const data = this.#data;
    const type = this.#type === '' ? 'message' : this.#type;
    this.#data = undefined;
    this.#dataBytes = 0;
    this.#type = '';
    if (data !== undefined) this.#onEvent(data, type);
  }
}

/** True for `name: value`, and for `name` alone, which means an empty value. */
function isField(bytes: Buffer, from: number, end: number, name: Buffer): boolean {
  const { length } = name;
  if (end - from < length || (end - from > length && bytes[from + length] !== COLON)) return false;
  for (let at = 0; at < length; at++) if (bytes[from + at] !== name[at]) return false;
  return true;
}

/** The value of a field. @param colon index of the end of the field's name */
function valueAfter(bytes: Buffer, colon: number, end: number): string {
  const from = colon + (bytes[colon + 1] === SPACE ? 2 : 1);
  return bytes.toString('utf8', Math.min(from, end), end);
}
