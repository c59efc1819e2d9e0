const LF = 10;
const CR = 13;
const COLON = 58;
const SPACE = 32;
const DATA = Buffer.from('data');
const EVENT = Buffer.from('event');
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/**
 * Takes a decoded event: its data lines joined by line feeds, which may be empty, as in priming events; and its type,
 * `message` unless the stream names another.
 */
export type SseEventHandler = (data: string, type: string) => void;

/**
 * Decodes an event stream (WHATWG HTML §9.2.6) from chunks cut anywhere, even within a character or between CR and LF.
 * Only data and event fields are decoded to text; ids, retry times and comments are passed over.
 */
export class SseDecoder {
  readonly #onEvent: SseEventHandler;
  /** The unfinished line of earlier chunks. */
  #carry: Buffer[] = [];
  /** The data of the event so far; undefined while it has no data field. */
  #data: string | undefined;
  #type = '';
  #skipLineFeed = false;
  #firstLine = true;

  constructor(onEvent: SseEventHandler) {
    this.#onEvent = onEvent;
  }

  push(chunk: Buffer): void {
    let from = this.#skipLineFeed && chunk[0] === LF ? 1 : 0;
    if (chunk.length > 0) this.#skipLineFeed = false;
    // Each position is looked for again only once the lines before it are done, so no byte is scanned twice for the same end.
    let lf = chunk.indexOf(LF, from);
    let cr = chunk.indexOf(CR, from);
    while (lf !== -1 || cr !== -1) {
      const end = lf === -1 || (cr !== -1 && cr < lf) ? cr : lf;
      this.#endLine(chunk.subarray(from, end));
      from = end + 1;
      if (end === cr) {
        if (from === chunk.length) this.#skipLineFeed = true;
        else if (lf === from) from++;
        cr = chunk.indexOf(CR, from);
      }
      if (lf !== -1 && lf < from) lf = chunk.indexOf(LF, from);
    }
    if (from < chunk.length) this.#carry.push(chunk.subarray(from));
  }

  /**
   * Ends the stream. An event that no blank line closed is handed out all the same, although the standard would discard
   * it: a server that ends its stream a line early has still answered.
   * @returns true when there was such an event
   */
  end(): boolean {
    if (this.#carry.length > 0) this.#endLine(Buffer.alloc(0));
    if (this.#data === undefined || this.#data === '') return false;
    this.#dispatch();
    return true;
  }

  #endLine(tail: Buffer): void {
    let line = tail;
    if (this.#carry.length > 0) {
      line = Buffer.concat([...this.#carry, tail]);
      this.#carry = [];
    }
    if (this.#firstLine) {
      this.#firstLine = false;
      if (line.subarray(0, 3).equals(BYTE_ORDER_MARK)) line = line.subarray(3);
    }
    if (line.length === 0) this.#dispatch();
    else if (isField(line, DATA)) this.#addData(fieldValue(line, DATA));
    else if (isField(line, EVENT)) this.#type = fieldValue(line, EVENT);
  }

  #addData(value: string): void {
    this.#data = this.#data === undefined ? value : `${this.#data}\n${value}`;
  }

  #dispatch(): void {
    const data = this.#data;
    const type = this.#type === '' ? 'message' : this.#type;
    this.#data = undefined;
    this.#type = '';
    if (data !== undefined) this.#onEvent(data, type);
  }
}

/** `name: value`, or `name` alone, which stands for an empty value. */
function isField(line: Buffer, name: Buffer): boolean {
  const { length } = name;
  if (line[0] !== name[0] || line.length < length || (line.length > length && line[length] !== COLON)) return false;
  return line.compare(name, 0, length, 0, length) === 0;
}

function fieldValue(line: Buffer, name: Buffer): string {
  const from = name.length + (line[name.length + 1] === SPACE ? 2 : 1);
  return line.toString('utf8', Math.min(from, line.length));
}
