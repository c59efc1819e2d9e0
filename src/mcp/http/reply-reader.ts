import { type BodyKind, bodyKindOf } from './classify.ts';
import type { BrokenStream, JudgedExchange } from './exchange-request.ts';
import { headerOf, type Judgement } from './json-rpc.ts';
import { judgeMessage, judgeReply, unaskedEncoding } from './judge-reply.ts';
import { SseDecoder } from './sse-decoder.ts';

/** How much of a reply that is no answer is kept, to show what it was; an error of the stateless era is read from it. */
const MAX_TEXT_BYTES = 64 * 1024;

/** The exchange that a reply belongs to; it hears of every event of a stream before the event is read. */
type ReadExchange = JudgedExchange & { onEvent(): void };

/** Reads the body of one reply, whatever its form, until there is a judgement. */
export class ReplyReader {
  readonly kind: BodyKind;
  readonly #exchange: JudgedExchange;
  readonly #decoder: SseDecoder | undefined;
  readonly #chunks: Buffer[] = [];
  #kept = 0;
  #answer: Judgement | undefined;
  /** The first thing in the reply that should not be there; forgiven when the answer follows. */
  #stray: Judgement | undefined;

  constructor(exchange: ReadExchange) {
    const { replyHeaders, request } = exchange;
    this.kind = isAnswer(exchange) ? bodyKindOf(headerOf(replyHeaders, 'content-type')) : 'unreadable';
    if (this.kind === 'json' && request.expects === 'stream') this.kind = 'unreadable';
    this.#exchange = exchange;
    if (this.kind !== 'sse') return;
    this.#decoder = new SseDecoder((data, type) => {
      exchange.onEvent();
      if (data === '' || this.#answer !== undefined) return;
      // Clients take replies from events of this type only; others, such as `ping`, need not be JSON.
      if (type === 'message') this.#readMessages(data);
      else request.peer.onOtherEvent(exchange, type, data);
    });
  }

  /** What was wrong with the reply so far; undefined as long as nothing was. */
  get stray(): Judgement | undefined {
    return this.#stray;
  }

  /** What the server said of taking its stream up again; undefined when the reply is no stream. */
  get broken(): BrokenStream | undefined {
    return this.#decoder;
  }

  /** True when the answer is there but for the blank line that would end its event. Ends the reading. */
  endsUnterminated(): boolean {
    return this.#decoder?.end() === true && this.#answer !== undefined;
  }

  /** Takes a chunk; returns the judgement as soon as the matching response has been read. */
  push(chunk: Buffer): Judgement | undefined {
    if (this.#decoder !== undefined) {
      this.#decoder.push(chunk);
      return this.#answer;
    }
    if (this.kind === 'json' || this.#kept < MAX_TEXT_BYTES) {
      this.#chunks.push(chunk);
      this.#kept += chunk.length;
    }
    return undefined;
  }

  /** The body is complete: the judgement in any case. */
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
    return { outcome: 'SSE_UNTERMINATED', message: 'the last event was not closed by a blank line' };
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

/** True for a reply whose body may hold messages. */
function isAnswer({ status, replyHeaders, request }: JudgedExchange): boolean {
  if (request.expects !== 'response' && request.expects !== 'stream') return false;
  return status >= 200 && status < 300 && status !== 202 && unaskedEncoding(replyHeaders) === '';
}
