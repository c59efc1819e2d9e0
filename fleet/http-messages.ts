import type { IncomingMessage, ServerResponse } from 'node:http';

const BODY_LIMIT_BYTES = 1024 * 1024;

/**
 * Reads a request's body as text. Returns undefined if the body is longer than 1 MiB, and leaves the rest unread.
 *
 * @throws Error if the client disconnects before the body is complete.
 */
export async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.byteLength;
    if (bytes > BODY_LIMIT_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Sends a complete JSON answer. */
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

/** Sends a JSON-RPC error with `id: null`: it refuses the HTTP request as a whole, not one call in it. */
export function answerRpcError(
  response: ServerResponse,
  status: number,
  code: number,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  answerJson(response, status, { jsonrpc: '2.0', error: { code, message }, id: null }, headers);
}

type AnswerResult =
  | {
      readonly kind: 'answered';
      readonly httpStatus: number;
      /** Time of the last write of the answer, by `performance.now`. */
      readonly answeredAtMs: number;
      /** True if the answer contains a tool result that is an error. */
      readonly failed: boolean;
    }
  /** The client disconnected first. */
  | { readonly kind: 'aborted' };

// Quotes inside JSON strings are escaped, so text that only mentions the field does not match.
const TOOL_ERROR = '"isError":true';

/**
 * Calls `onResult` once, when the answer to a request is complete or the client has disconnected.
 *
 * @param until `headers` for a stream without a meaningful end: the answer is complete when its headers are written.
 * With `end`, the time of the answer is that of its last write. In an event stream that write holds the reply.
 */
export function observeAnswer(
  response: ServerResponse,
  until: 'headers' | 'end',
  onResult: (result: AnswerResult) => void,
): void {
  const { writeHead, write, end } = response;
  let lastWriteAtMs: number | undefined;
  let failed = false;
  let reported = false;

  const report = (result: AnswerResult) => {
    if (reported) return;
    reported = true;
    onResult(result);
  };
  const reportAnswered = () => {
    const answeredAtMs = lastWriteAtMs ?? performance.now();
    report({ kind: 'answered', httpStatus: response.statusCode, answeredAtMs, failed });
  };
  const inspect = (chunk: unknown) => {
    if (typeof chunk === 'string') failed ||= chunk.includes(TOOL_ERROR);
    else if (chunk instanceof Uint8Array) failed ||= bufferOver(chunk).includes(TOOL_ERROR);
    else return;
    lastWriteAtMs = performance.now();
  };

  response.write = ((...args: unknown[]) => {
    const flushed = Reflect.apply(write, response, args);
    inspect(args[0]);
    return flushed;
  }) as typeof write;
  response.end = ((...args: unknown[]) => {
    const result = Reflect.apply(end, response, args);
    inspect(args[0]);
    reportAnswered();
    return result;
  }) as typeof end;
  if (until === 'headers') {
    response.writeHead = ((...args: unknown[]) => {
      const result = Reflect.apply(writeHead, response, args);
      reportAnswered();
      return result;
    }) as typeof writeHead;
  }
  response.on('close', () => report({ kind: 'aborted' }));
}

function bufferOver(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
