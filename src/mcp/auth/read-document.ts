import type { z } from 'zod';
import type { AuthHttp } from './auth-http.ts';
import { parsedReply } from './parsed-reply.ts';

/**
 * Reads a JSON document from a well-known address.
 * @param what it is, to begin a message with
 * @throws when there is none, or not the one that the schema describes; the message names the URL and what came
 */
export async function readDocument<Schema extends z.ZodType>(
  http: AuthHttp,
  what: string,
  url: string,
  schema: Schema,
): Promise<z.output<Schema>> {
  const reply = await http.send({ what, url, method: 'GET', headers: { accept: 'application/json' } });
  if (reply.status !== 200) throw new Error(`${what} ${url} answered HTTP ${reply.status}.`);
  const document = parsedReply(await reply.text(), schema);
  if (!document.ok) throw new Error(`${what} ${url} is not usable: ${document.faults}.`);
  return document.value;
}
