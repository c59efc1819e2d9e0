import { request } from 'undici';
import { z } from 'zod';
import type { FetchToken } from './token-authorizer.ts';

export type ClientCredentials = {
  readonly tokenUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly scope: string | undefined;
};

/** RFC 6749 §5.1. `expires_in` is only recommended there; without it a token is used for a minute. */
const tokenResponse = z.object({
  access_token: z.string().min(1),
  expires_in: z.coerce.number().positive().default(60),
});

const TIMEOUT_MS = 10_000;

/** Fetches tokens by the OAuth 2 client credentials grant (RFC 6749 §4.4), the secret in the body. */
export function clientCredentialsTokens(credentials: ClientCredentials, now: () => number): FetchToken {
  const { tokenUrl, clientId, clientSecret, scope } = credentials;
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: clientId,
    client_secret: clientSecret,
  });
  if (scope !== undefined) form.set('scope', scope);
  return async () => {
    const sentMs = now();
    const { statusCode, body } = await request(tokenUrl, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
      body: form.toString(),
      headersTimeout: TIMEOUT_MS,
      bodyTimeout: TIMEOUT_MS,
    });
    const text = await body.text();
    if (statusCode !== 200)
      throw new Error(`The token endpoint ${tokenUrl} answered HTTP ${statusCode}: ${text.slice(0, 200)}`);
    const token = tokenResponse.safeParse(parse(text));
    if (!token.success) throw new Error(`The token endpoint ${tokenUrl} answered without an access_token.`);
    return { value: token.data.access_token, expiresAtMs: sentMs + token.data.expires_in * 1000 };
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
