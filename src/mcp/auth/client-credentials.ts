import { request } from 'undici';
import { z } from 'zod';
import { redactor } from '../../secrets/redact.ts';
import type { FetchToken, Token } from './token-authorizer.ts';

export type ClientCredentials = {
  readonly tokenUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly scope: string | undefined;
};

/** RFC 6749 §5.1. `expires_in` is only recommended there; without it a token is used for a minute. */
const tokenResponse = z.object({
  access_token: z.string().regex(/^[\x21-\x7e]+$/, 'expected visible ASCII characters'),
  expires_in: z.coerce.number().positive().default(60),
});

const TIMEOUT_MS = 10_000;
const MAX_SHOWN_CHARACTERS = 200;

/**
 * Fetches tokens by the OAuth 2 client credentials grant (RFC 6749 §4.4), the secret in the body.
 * @param now epoch milliseconds
 * @param timeoutMs for the whole fetch
 */
export function clientCredentialsTokens(
  credentials: ClientCredentials,
  now: () => number,
  timeoutMs = TIMEOUT_MS,
): FetchToken {
  const { tokenUrl, clientId, clientSecret, scope } = credentials;
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: clientId,
    client_secret: clientSecret,
  });
  if (scope !== undefined) form.set('scope', scope);
  // An endpoint that complains may repeat what it was sent.
  const redact = redactor([clientSecret]);
  return async () => {
    const sentMs = now();
    const { status, text } = await post(tokenUrl, form.toString(), timeoutMs);
    if (status === 200) return readToken(tokenUrl, text, sentMs);
    const shown = redact(text).slice(0, MAX_SHOWN_CHARACTERS);
    throw new Error(`The token endpoint ${tokenUrl} answered HTTP ${status}: ${shown}`);
  };
}

async function post(url: string, body: string, timeoutMs: number): Promise<{ status: number; text: string }> {
  try {
    const reply = await request(url, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
      body,
      signal: AbortSignal.timeout(timeoutMs),
    });
    return { status: reply.statusCode, text: await reply.body.text() };
  } catch (error) {
    throw new Error(`The token endpoint ${url} gave no answer: ${reasonOf(error, timeoutMs)}`, { cause: error });
  }
}

/** Where several addresses were tried, the error has no words of its own but a code. */
function reasonOf(error: unknown, timeoutMs: number): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return `none within ${timeoutMs} ms`;
  return error.message !== '' ? error.message : String('code' in error ? error.code : error.name);
}

/** @throws naming the fields that are wrong, never their values */
function readToken(tokenUrl: string, text: string, sentMs: number): Token {
  const token = tokenResponse.safeParse(parse(text));
  if (!token.success) {
    const faults = token.error.issues.map(({ path, message }) => `${path.join('.') || 'the body'}: ${message}`);
    throw new Error(`The token endpoint ${tokenUrl} answered without a usable token: ${faults.join('; ')}.`);
  }
  return { value: token.data.access_token, expiresAtMs: sentMs + token.data.expires_in * 1000 };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
