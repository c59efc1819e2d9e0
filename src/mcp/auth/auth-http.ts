import { type Dispatcher, request } from 'undici';
import type { z } from 'zod';
import { isLoopback } from '../../net/address-rules.ts';
import { parseJson } from '../http/json-rpc.ts';

export type AuthHttpOptions = {
  /** Makes all connections and may refuse addresses. It is kept for later tokens, so it must stay open. */
  readonly dispatcher: Dispatcher;
  /** Why the operator does not allow this URL, and how to allow it; undefined when it is allowed. */
  readonly problemOfAddress: (url: string) => string | undefined;
  /** Limit for one request and its whole reply. */
  readonly timeoutMs?: number;
};

type AuthRequest = {
  /** What the URL is, as the start of a message: `The token endpoint`. */
  readonly what: string;
  readonly url: string;
  readonly method: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Ignores the body of the reply, which may be a stream without end. */
  readonly headOnly?: boolean;
};

/** Identifies mcp-surge to the owners of servers. */
const USER_AGENT = 'mcp-surge (authorization)';
const TIMEOUT_MS = 10_000;
/** Metadata documents and token replies are a few kilobytes. */
const MAX_REPLY_BYTES = 1024 * 1024;
/** Statuses with which a Response must not have a body. */
const BODILESS: ReadonlySet<number> = new Set([204, 205, 304]);
const MAX_SHOWN_URL_CHARACTERS = 200;

/**
 * HTTP requests for authorization: to allowed addresses only, limited in time and size, without following redirects.
 */
export class AuthHttp {
  readonly #options: AuthHttpOptions;
  readonly #timeoutMs: number;

  constructor(options: AuthHttpOptions) {
    this.#options = options;
    this.#timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
  }

  /** @throws when the URL is not allowed or the reply is not complete; the message names the URL */
  async send(asked: AuthRequest): Promise<Response> {
    this.#assertAllowed(asked);
    try {
      return await this.#exchange(asked);
    } catch (error) {
      throw new Error(`${named(asked)} gave no usable answer: ${reasonOf(error, this.#timeoutMs)}.`, { cause: error });
    }
  }

  async #exchange({ url, method, headers, body, headOnly = false }: AuthRequest): Promise<Response> {
    const reply = await request(url, {
      method,
      headers: { ...headers, 'user-agent': USER_AGENT },
      body: body ?? null,
      dispatcher: this.#options.dispatcher,
      signal: AbortSignal.timeout(this.#timeoutMs),
    });
    const { statusCode } = reply;
    // A body that is cut off raises an error, which is of no interest here.
    if (headOnly) reply.body.on('error', () => {}).destroy();
    const text = headOnly ? '' : await readText(reply.body);
    const lines = Object.entries(reply.headers).flatMap(([name, value]) =>
      [value ?? []].flat().map((each): [string, string] => [name, each]),
    );
    return new Response(BODILESS.has(statusCode) ? null : text, { status: statusCode, headers: lines });
  }

  /**
   * MCP 2026-07-28, Authorization: all endpoints use https. This machine is an exception, which the policy may refuse.
   */
  #assertAllowed(asked: AuthRequest): void {
    const { url } = asked;
    if (!URL.canParse(url)) throw new Error(`${named(asked)} is not a URL.`);
    const { protocol, username, password } = new URL(url);
    if (protocol !== 'https:' && !(protocol === 'http:' && isLoopback(url))) {
      throw new Error(`${named(asked)} must use https; plain http is allowed for this machine only.`);
    }
    if (username !== '' || password !== '')
      throw new Error(`${asked.what} must not have a user name or password in its URL.`);
    const problem = this.#options.problemOfAddress(url);
    if (problem !== undefined) throw new Error(`${named(asked)} is not allowed: ${problem}`);
  }
}

function named({ what, url }: AuthRequest): string {
  return `${what} ${url.length > MAX_SHOWN_URL_CHARACTERS ? `${url.slice(0, MAX_SHOWN_URL_CHARACTERS)}…` : url}`;
}

async function readText(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > MAX_REPLY_BYTES) throw new Error(`its reply is longer than ${MAX_REPLY_BYTES / 1024 / 1024} MiB`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** An error after several attempts to connect has a code but no message. */
function reasonOf(error: unknown, timeoutMs: number): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return `no reply within ${timeoutMs} ms`;
  const text = error.message !== '' ? error.message : String('code' in error ? error.code : error.name);
  return text.replace(/\.$/, '');
}

/**
 * Reads a JSON document from a well-known address.
 * @param what the document is, as the start of a message
 * @throws when there is none, or when it does not match the schema; the message names the URL and the reason
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

type Parsed<Value> = { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly faults: string };

/** Reads JSON text by a schema, or names the fields that are wrong, never their values. */
export function parsedReply<Schema extends z.ZodType>(text: string, schema: Schema): Parsed<z.output<Schema>> {
  const parsed = schema.safeParse(parse(text));
  if (parsed.success) return { ok: true, value: parsed.data };
  const faults = parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'the body'}: ${message}`);
  return { ok: false, faults: faults.join('; ') };
}

function parse(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}
