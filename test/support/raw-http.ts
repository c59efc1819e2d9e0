/** A whole HTTP response with a content-length. @param headers further headers, each as one line */
export function httpReply(status: number, headers: readonly string[], body: string): string {
  const length = Buffer.byteLength(body);
  return [`HTTP/1.1 ${status} Any`, ...headers, `content-length: ${length}`, '', body].join('\r\n');
}

/** A JSON response with status 200. */
export function jsonReply(body: unknown): string {
  return httpReply(200, ['content-type: application/json'], JSON.stringify(body));
}

/** The head of a chunked event stream and its first chunks; the stream stays open. */
export function openStream(...texts: readonly string[]): string {
  const head = ['HTTP/1.1 200 OK', 'content-type: text/event-stream', 'transfer-encoding: chunked', '', ''].join(
    '\r\n',
  );
  return head + texts.map(chunkOf).join('');
}

/** A complete chunked event stream. */
export function eventStream(...texts: readonly string[]): string {
  return openStream(...texts) + LAST_CHUNK;
}

/** Ends a chunked body. */
export const LAST_CHUNK = '0\r\n\r\n';

/** One chunk of a chunked body. */
export function chunkOf(text: string): string {
  return `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
}

/** One event of an event stream. */
export function eventOf(message: unknown): string {
  return `data: ${JSON.stringify(message)}\n\n`;
}
