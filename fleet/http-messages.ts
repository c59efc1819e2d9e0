import type { IncomingMessage, ServerResponse } from 'node:http';

const bodyLimitBytes = 1024 * 1024;

/**
 * Reads a request's body as text. Undefined when it is longer than 1 MiB; the rest is then left unread.
 *
 * @throws Error when the client leaves before its body is complete.
 */
export async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.byteLength;
    if (bytes > bodyLimitBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Sends a whole JSON answer. */
export function answerJson(
  response: ServerResponse,
  status: number,
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  const text = JSON.stringify(value);
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(text)),
    ...headers,
  });
  response.end(text);
}

/** Sends a JSON-RPC error that answers no particular request. */
export function answerRpcError(
  response: ServerResponse,
  status: number,
  code: number,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  answerJson(response, status, { jsonrpc: '2.0', error: { code, message }, id: null }, headers);
}

export type AnswerEnding =
  | {
      readonly kind: 'answered';
      readonly httpStatus: number;
      /** By performance.now, when the last part of the answer was written. */
      readonly answeredAtMs: number;
      /** True when the answer carries a tool result that is an error. */
      readonly failed: boolean;
    }
  | { readonly kind: 'aborted' };

// Quotes inside JSON strings are escaped, so text that merely mentions the field does not match.
const toolError = '"isError":true';

/**
 * Tells once how the answer to a request ended.
 *
 * @param until `headers` for a stream that stays open and has no end worth measuring. Otherwise the answer counts
 * as given with its last write: in an event stream that is the event that holds the reply.
 */
export function observeAnswer(
  response: ServerResponse,
  until: 'headers' | 'end',
  ended: (ending: AnswerEnding) => void,
): void {
  const { writeHead, write, end } = response;
  let wroteAtMs: number | undefined;
  let failed = false;
  let settled = false;

  const settle = (ending: AnswerEnding) => {
    if (settled) return;
    settled = true;
    ended(ending);
  };
  const answered = () => {
    const answeredAtMs = wroteAtMs ?? performance.now();
    settle({ kind: 'answered', httpStatus: response.statusCode, answeredAtMs, failed });
  };
  const look = (chunk: unknown) => {
    if (typeof chunk === 'string') failed ||= chunk.includes(toolError);
    else if (chunk instanceof Uint8Array) failed ||= bufferOver(chunk).includes(toolError);
    else return;
    wroteAtMs = performance.now();
  };

  response.write = ((...args: unknown[]) => {
    const flushed = Reflect.apply(write, response, args);
    look(args[0]);
    return flushed;
  }) as typeof write;
  response.end = ((...args: unknown[]) => {
    const result = Reflect.apply(end, response, args);
    look(args[0]);
    answered();
    return result;
  }) as typeof end;
  if (until === 'headers') {
    response.writeHead = ((...args: unknown[]) => {
      const result = Reflect.apply(writeHead, response, args);
      answered();
      return result;
    }) as typeof writeHead;
  }
  response.on('close', () => settle({ kind: 'aborted' }));
}

function bufferOver(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
