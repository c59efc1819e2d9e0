import { type BodyKind, bodyKindOf } from './classify.ts';
import { type BrokenStream, headerOf, type JudgedExchange } from './exchange-request.ts';
import type { Judgement } from './json-rpc.ts';
import { judgeMessage, judgeReply, unrequestedEncoding } from './judge-reply.ts';
import { SseDecoder } from './sse-decoder.ts';

/** How many bytes are kept of a reply that is not an answer, for its message; an error of the modern era is read from them. */
const MAX_TEXT_BYTES = 64 * 1024;

/** The exchange that a reply belongs to. It is notified of every event of a stream before the event is read. */
type ReadExchange = JudgedExchange & { onEvent(): void };

/** Reads the body of one reply, in any form, until there is a judgement. */
export class ReplyReader {
  readonly kind: BodyKind;
  readonly #exchange: JudgedExchange;
  readonly #decoder: SseDecoder | undefined;
  readonly #chunks: Buffer[] = [];
  #keptBytes = 0;
  #answer: Judgement | undefined;
  /** The first thing in the reply that should not be there; it does not count if the answer follows. */
  #stray: Judgement | undefined;

  constructor(exchange: ReadExchange) {
    const { replyHeaders, request } = exchange;
    this.kind = mayHoldMessages(exchange) ? bodyKindOf(headerOf(replyHeaders, 'content-type')) : 'unreadable';
    if (this.kind === 'json' && request.expects === 'stream') this.kind = 'unreadable';
    this.#exchange = exchange;
    if (this.kind !== 'sse') return;
    this.#decoder = new SseDecoder((data, type) => {
      exchange.onEvent();
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

  /** What the server said about resuming its stream; undefined if the reply is not a stream. */
  get broken(): BrokenStream | undefined {
    return this.#decoder;
  }

  /** True if the answer has arrived except for the blank line that ends its event. Nothing can be read after this. */
  endsUnterminated(): boolean {
    return this.#decoder?.end() === true && this.#answer !== undefined;
  }

  /** Takes a chunk. @returns the judgement as soon as the matching response has been read */
  push(chunk: Buffer): Judgement | undefined {
    if (this.#decoder !== undefined) {
      this.#decoder.push(chunk);
      return this.#answer;
    }
    if (this.kind === 'json' || this.#keptBytes < MAX_TEXT_BYTES) {
      this.#chunks.push(chunk);
      this.#keptBytes += chunk.length;
    }
    return undefined;
  }

  /** Judges the reply when its body is complete. */
  end(): Judgement {
    if (this.#decoder !== undefined) return this.#endStream(this.#decoder);
    const whole = this.#chunks.length === 1 ? (this.#chunks[0] as Buffer) : Buffer.concat(this.#chunks);
    if (this.kind === 'unreadable')
      return judgeReply(this.#exchange, whole.subarray(0, MAX_TEXT_BYTES).toString('utf8'));
    const text = whole.toString('utf8');
    if (text.trim() === '') return { outcome: 'PROTO_EMPTY', message: 'the body is empty' };
    this.#readMessages(text);
    return this.#answer ?? this.#stray ?? { outcome: 'PROTO_NO_REPLY', message: text };
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
    let parsed: unknown;
    try {
      parsed = JSON.parse(text);
    } catch {
      this.#stray ??= { outcome: this.kind === 'json' ? 'PROTO_JSON' : 'SSE_BAD_DATA', message: text };
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
}

/** True for a reply whose body may contain JSON-RPC messages. */
function mayHoldMessages({ status, replyHeaders, request }: JudgedExchange): boolean {
  if (request.expects !== 'response' && request.expects !== 'stream') return false;
  return status >= 200 && status < 300 && status !== 202 && unrequestedEncoding(replyHeaders) === '';
}
