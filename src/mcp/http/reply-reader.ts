import { excerpt } from '../../plan/bounded-text.ts';
import { type BodyKind, bodyKindOf } from './classify.ts';
import { type BrokenStream, headerOf, type JudgedExchange, type ReplyLimits } from './exchange-request.ts';
import { GrowingBuffer } from './growing-buffer.ts';
import { BYTE_ORDER_MARK, type Judgement, parseJson } from './json-rpc.ts';
import { judgeMessage, judgeReply, unrequestedEncoding } from './judge-reply.ts';
import { outOfMemory } from './reply-memory.ts';
import { SseDecoder } from './sse-decoder.ts';

/** How many bytes are kept of a reply that is not an answer, for its message; an error of the modern era is read from them. */
const MAX_TEXT_BYTES = 64 * 1024;

/** Of longer messages it is estimated what they take in memory once they are parsed. */
const LARGE_CHARACTERS = 64 * 1024;

/** How many times its limit in bytes a reply may take in memory once it is parsed. */
const PARSED_FACTOR = 8;

/** The exchange that a reply belongs to. It is notified of every event of a stream before the event is read. */
type ReadExchange = JudgedExchange & { onEvent(): void };

/**
 * Reads the body of one reply, in any form, until there is a judgement. What it holds in memory is taken from that of the
 * process, and given back by `release`.
 */
export class ReplyReader {
  readonly kind: BodyKind;
  readonly #exchange: JudgedExchange;
  readonly #limits: ReplyLimits;
  readonly #decoder: SseDecoder | undefined;
  readonly #body = new GrowingBuffer();
  #receivedBytes = 0;
  #chargedBytes = 0;
  /** What the parsed messages take, of replies that are large. */
  #parsedBytes = 0;
  #answer: Judgement | undefined;
  /** The first thing in the reply that should not be there; it does not count if the answer follows. */
  #stray: Judgement | undefined;
  #isOverLimit = false;

  constructor(exchange: ReadExchange, limits: ReplyLimits) {
    const { replyHeaders, request } = exchange;
    this.kind = mayHoldMessages(exchange) ? bodyKindOf(headerOf(replyHeaders, 'content-type')) : 'unreadable';
    if (this.kind === 'json' && request.expects === 'stream') this.kind = 'unreadable';
    this.#exchange = exchange;
    this.#limits = limits;
    if (this.kind !== 'sse') return;
    this.#decoder = new SseDecoder((data, type) => {
      exchange.onEvent();
      if (data !== '' && this.#answer !== undefined)
        request.peer.onDeviation?.(exchange, 'message-after-response', data);
      if (data === '' || this.#answer !== undefined) return;
      // Clients read messages only from events of this type; others, such as `ping`, need not be JSON.
      if (type === 'message') this.#readMessages(data);
      else request.peer.onOtherEvent(exchange, type, data);
    });
  }

  /** What has been wrong with the reply so far; undefined if nothing was. */
  get stray(): Judgement | undefined {
    return this.#stray;
  }

  /** True once the reply is larger than it may be, so that no more of it is read. The judgement says so. */
  get isOverLimit(): boolean {
    return this.#isOverLimit;
  }

  /** What the server said about resuming its stream; undefined if the reply is not a stream. */
  get broken(): BrokenStream | undefined {
    return this.#decoder;
  }

  /**
   * Reads the unfinished event of a stream that is cut: `answered` if only the blank line at its end is missing, `cut` if
   * more is, which is no fault of the stream. Undefined between two events. Nothing can be read after this.
   */
  endsUnterminated(): 'answered' | 'cut' | undefined {
    const before = this.#stray;
    const isWithinEvent = this.#decoder?.end() === true;
    this.#stray = before;
    if (!isWithinEvent) return undefined;
    return this.#answer === undefined ? 'cut' : 'answered';
  }

  /** Takes a chunk. @returns the judgement as soon as the matching response has been read, or a limit is reached */
  push(chunk: Buffer): Judgement | undefined {
    const { maxReplyBytes } = this.#limits;
    this.#receivedBytes += chunk.length;
    if (this.#decoder !== undefined) {
      // A stream for messages from the server may be open for hours, so only what is held of it counts.
      const isListening = this.#exchange.request.expects === 'stream';
      if (!isListening && this.#receivedBytes > maxReplyBytes)
        return this.#tooLarge(`more than ${maxReplyBytes} bytes`);
      this.#decoder.push(chunk);
      if (this.#answer !== undefined) return this.#answer;
      const { heldBytes } = this.#decoder;
      if (heldBytes > maxReplyBytes) return this.#tooLarge(`an event of more than ${maxReplyBytes} bytes`);
      return this.#charge(heldBytes);
    }
    if (this.kind === 'json') this.#body.keep(chunk);
    else if (this.#body.length < MAX_TEXT_BYTES) {
      this.#body.append(chunk, 0, Math.min(chunk.length, MAX_TEXT_BYTES - this.#body.length));
    }
    if (this.#receivedBytes > maxReplyBytes) return this.#tooLarge(`more than ${maxReplyBytes} bytes`);
    return this.#charge(this.#body.capacity);
  }

  /** Judges the reply when its body is complete. */
  end(): Judgement {
    if (this.#decoder !== undefined) return this.#endStream(this.#decoder);
    const text = this.#body.bytes.toString('utf8');
    if (this.kind === 'unreadable') return judgeReply(this.#exchange, text);
    this.#body.drop();
    if (text.trim() === '') return { outcome: 'PROTO_EMPTY', message: 'the body is empty' };
    this.#readMessages(text);
    return this.#answer ?? this.#stray ?? { outcome: 'PROTO_NO_REPLY', message: excerpt(text) };
  }

  /** Gives back the memory, when the reply has ended. What was parsed is in use until the caller has continued. */
  release(): void {
    const { memory } = this.#limits;
    const parsedBytes = this.#parsedBytes;
    memory.give(this.#chargedBytes);
    this.#chargedBytes = 0;
    this.#parsedBytes = 0;
    this.#body.drop();
    this.#decoder?.drop();
    if (parsedBytes > 0) setImmediate(() => setImmediate(() => memory.give(parsedBytes)));
  }

  /** Takes what is held from the memory of the process. @returns the judgement if there is not enough */
  #charge(heldBytes: number): Judgement | undefined {
    if (heldBytes === this.#chargedBytes) return undefined;
    if (!this.#limits.memory.take(heldBytes - this.#chargedBytes)) return this.#noMemory();
    this.#chargedBytes = heldBytes;
    return undefined;
  }

  /** A reply whose status says that it failed is judged by what was kept of it. */
  #tooLarge(what: string): Judgement {
    this.#isOverLimit = true;
    const { status } = this.#exchange;
    if (this.kind === 'unreadable' && (status < 200 || status >= 300)) return this.end();
    return { outcome: 'REPLY_TOO_LARGE', message: `the reply has ${what}, the limit of the target's maxReplyBytes` };
  }

  #noMemory(): Judgement {
    this.#isOverLimit = true;
    return { outcome: 'CLIENT_LIMIT', message: outOfMemory(this.#limits.memory) };
  }

  #endStream(decoder: SseDecoder): Judgement {
    const unterminated = decoder.end();
    const answer = this.#answer;
    if (answer === undefined)
      return this.#stray ?? { outcome: 'PROTO_NO_REPLY', message: 'the stream ended without the response' };
    if (!unterminated || answer.outcome !== 'OK') return answer;
    return { ...answer, outcome: 'SSE_UNTERMINATED', message: 'no blank line ended the last event' };
  }

  #readMessages(text: string): void {
    if (text.length > LARGE_CHARACTERS) {
      this.#answer = this.#judgeParsedSize(text);
      if (this.#answer !== undefined) return;
    }
    if (text.charCodeAt(0) === BYTE_ORDER_MARK) {
      this.#exchange.request.peer.onDeviation?.(this.#exchange, 'byte-order-mark', '');
    }
    let parsed: unknown;
    try {
      parsed = parseJson(text);
    } catch {
      this.#stray ??= { outcome: this.kind === 'json' ? 'PROTO_JSON' : 'SSE_BAD_DATA', message: excerpt(text) };
      return;
    }
    // Revision 2025-03-26 lets servers answer with an array.
    for (const message of Array.isArray(parsed) ? parsed : [parsed]) {
      const { answer, stray } = judgeMessage(this.#exchange, message);
      this.#stray ??= stray;
      this.#answer = answer;
      if (answer !== undefined) return;
    }
  }

  /** Judges a large message that would take too much memory once it is parsed, and charges what it takes. */
  #judgeParsedSize(text: string): Judgement | undefined {
    const { maxReplyBytes, memory } = this.#limits;
    const bytes = parsedBytesOf(text);
    if (bytes > PARSED_FACTOR * maxReplyBytes) {
      return this.#tooLarge(`so many values that they take more than ${PARSED_FACTOR} times ${maxReplyBytes} bytes`);
    }
    if (!memory.take(bytes)) return this.#noMemory();
    this.#parsedBytes += bytes;
    return undefined;
  }
}

/** What V8 takes for an object or an array, and for one more value in it: about these many bytes. */
const CONTAINER_BYTES = 64;
const VALUE_BYTES = 32;

/** An upper estimate of what JSON takes in memory once it is parsed. A text with commas in strings counts as too much. */
function parsedBytesOf(text: string): number {
  let containers = 0;
  let values = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x2c) values++;
    else if (code === 0x5b || code === 0x7b) containers++;
  }
  return text.length + containers * CONTAINER_BYTES + values * VALUE_BYTES;
}

/** True for a reply whose body may contain JSON-RPC messages. */
function mayHoldMessages({ status, replyHeaders, request }: JudgedExchange): boolean {
  if (request.expects !== 'response' && request.expects !== 'stream') return false;
  return status >= 200 && status < 300 && status !== 202 && unrequestedEncoding(replyHeaders) === '';
}
