import { type BodyKind, bodyKindOf, type Judgement } from './classify.ts';
import type { Exchange } from './exchange.ts';
import { headerOf } from './header.ts';
import { judgeMessage, judgeReply } from './judge-reply.ts';
import { SseDecoder } from './sse-decoder.ts';

/** How much of a reply that is no answer is kept, to show what it was. */
const MAX_TEXT_BYTES = 4096;

/** Reads the body of one reply, whatever its form, until there is a judgement. */
export class ReplyReader {
  readonly kind: BodyKind;
  readonly #exchange: Exchange;
  readonly #decoder: SseDecoder | undefined;
  readonly #chunks: Buffer[] = [];
  #kept = 0;
  #judgement: Judgement | undefined;
  #badData: string | undefined;

  /** @param onEvent called at every event of a stream, before it is read */
  constructor(exchange: Exchange, onEvent: () => void) {
    const { status, replyHeaders, request } = exchange;
    const isAnswer = request.expects === 'response' && status >= 200 && status < 300 && status !== 202;
    this.kind = isAnswer ? bodyKindOf(headerOf(replyHeaders, 'content-type')) : 'unreadable';
    this.#exchange = exchange;
    if (this.kind !== 'sse') return;
    this.#decoder = new SseDecoder((data) => {
      onEvent();
      this.#onEvent(data);
    });
  }

  /** Takes a chunk; returns the judgement as soon as the matching response has been read. */
  push(chunk: Buffer): Judgement | undefined {
    if (this.#decoder !== undefined) {
      this.#decoder.push(chunk);
      return this.#judgement;
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
    const text = (this.#chunks.length === 1 ? (this.#chunks[0] as Buffer) : Buffer.concat(this.#chunks)).toString(
      'utf8',
    );
    if (this.kind === 'unreadable') return judgeReply(this.#exchange, text.slice(0, MAX_TEXT_BYTES));
    if (text.trim() === '') return { outcome: 'PROTO_EMPTY', message: '' };
    const parsed = parse(text);
    if (parsed === undefined) return { outcome: 'PROTO_JSON', message: text };
    // Revision 2025-03-26 lets servers answer with an array.
    for (const message of Array.isArray(parsed.value) ? parsed.value : [parsed.value]) {
      const judgement = judgeMessage(this.#exchange, message);
      if (judgement !== undefined) return judgement;
    }
    return { outcome: 'PROTO_NO_REPLY', message: text };
  }

  #endStream(decoder: SseDecoder): Judgement {
    const unterminated = decoder.end();
    if (this.#judgement !== undefined) {
      const useful = unterminated && this.#judgement.outcome === 'OK';
      return useful
        ? { outcome: 'SSE_UNTERMINATED', message: 'the last event was not closed by a blank line' }
        : this.#judgement;
    }
    if (this.#badData !== undefined) return { outcome: 'SSE_BAD_DATA', message: this.#badData };
    return { outcome: 'PROTO_NO_REPLY', message: 'the stream ended without the response' };
  }

  #onEvent(data: string): void {
    if (data === '' || this.#judgement !== undefined) return;
    const parsed = parse(data);
    if (parsed === undefined) this.#badData ??= data;
    else this.#judgement = judgeMessage(this.#exchange, parsed.value);
  }
}

function parse(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}
