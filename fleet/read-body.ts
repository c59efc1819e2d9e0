import type { IncomingMessage } from 'node:http';

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
