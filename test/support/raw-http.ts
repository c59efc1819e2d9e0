/** A whole HTTP response with its length; further headers as lines. */
export function httpReply(status: number, headers: readonly string[], body: string): string {
  const length = Buffer.byteLength(body);
  return [`HTTP/1.1 ${status} Any`, ...headers, `content-length: ${length}`, '', body].join('\r\n');
}

/** A JSON response with status 200. */
export function jsonReply(body: unknown): string {
  return httpReply(200, ['content-type: application/json'], JSON.stringify(body));
}

/** The head of a chunked event stream, and the chunks that are there at once. */
export function openStream(...texts: readonly string[]): string {
  const head = ['HTTP/1.1 200 OK', 'content-type: text/event-stream', 'transfer-encoding: chunked', '', ''].join(
    '\r\n',
  );
  return head + texts.map(chunkOf).join('');
}

/** A chunked event stream that is complete. */
export function eventStream(...texts: readonly string[]): string {
  return openStream(...texts) + LAST_CHUNK;
}

export const LAST_CHUNK = '0\r\n\r\n';

/** One chunk of a chunked body. */
export function chunkOf(text: string): string {
  return `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
}

/** One event of an event stream. */
export function eventOf(message: unknown): string {
  return `data: ${JSON.stringify(message)}\n\n`;
}
