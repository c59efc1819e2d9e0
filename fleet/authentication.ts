import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { answerJson, readBody } from './http-messages.ts';

/** Decides on one request: null admits it; otherwise the `WWW-Authenticate` challenge for the 401 answer. */
export type Admission = (headers: IncomingHttpHeaders) => string | null;

const missingToken = 'Bearer realm="fleet"';
const invalidToken = (why: string) => `${missingToken}, error="invalid_token", error_description="${why}"`;

export const admitEveryone: Admission = () => null;

/** Requires this bearer token on every request. */
export function admitToken(token: string): Admission {
  return ({ authorization }) => {
    if (authorization === undefined) return missingToken;
    return bearerToken(authorization) === token ? null : invalidToken('The token is wrong');
  };
}

/** Requires a bearer token from this issuer that has not expired. */
export function admitIssued(issuer: TokenIssuer): Admission {
  return ({ authorization }) => {
    if (authorization === undefined) return missingToken;
    return issuer.isValid(bearerToken(authorization) ?? '')
      ? null
      : invalidToken('The token is unknown or has expired');
  };
}

/**
 * Admits requests without a key, and requests with this key in `Context7-API-Key` or as a bearer token. Refuses any
 * other key.
 */
export function admitOptionalKey(key: string): Admission {
  return ({ authorization, ...headers }) => {
    const sent = headers['context7-api-key'] ?? (authorization === undefined ? undefined : bearerToken(authorization));
    return sent === undefined || sent === key ? null : invalidToken('The API key is wrong');
  };
}

function bearerToken(authorization: string): string | null {
  return /^Bearer +(\S+)$/i.exec(authorization)?.[1] ?? null;
}

/** Issues bearer tokens that expire after a fixed lifetime. */
export class TokenIssuer {
  readonly lifetimeSeconds: number;
  readonly #nowMs: () => number;
  readonly #expiryMsByToken = new Map<string, number>();

  /** @param nowMs A monotonic clock, in milliseconds. */
  constructor(lifetimeSeconds: number, nowMs: () => number) {
    this.lifetimeSeconds = lifetimeSeconds;
    this.#nowMs = nowMs;
  }

  issue(): string {
    this.#forgetExpired();
    const token = `fleet-${randomUUID()}`;
    this.#expiryMsByToken.set(token, this.#nowMs() + this.lifetimeSeconds * 1000);
    return token;
  }

  isValid(token: string): boolean {
    const expiryMs = this.#expiryMsByToken.get(token);
    return expiryMs !== undefined && this.#nowMs() < expiryMs;
  }

  #forgetExpired(): void {
    // All tokens have the same lifetime, so the map is in order of expiry.
    for (const [token, expiryMs] of this.#expiryMsByToken) {
      if (expiryMs > this.#nowMs()) return;
      this.#expiryMsByToken.delete(token);
    }
  }
}

type ClientCredentials = {
  readonly clientId: string;
  readonly clientSecret: string;
};

/**
 * Answers a request for a token by the client credentials grant (RFC 6749 section 4.4). The request is a form with
 * `grant_type=client_credentials`; the client's id and secret are in the form or in a Basic header. Success and errors
 * follow sections 5.1 and 5.2. Returns true if a token was issued.
 */
export async function answerTokenRequest(
  request: IncomingMessage,
  response: ServerResponse,
  accepted: ClientCredentials,
  issuer: TokenIssuer,
): Promise<boolean> {
  const refuse = (status: number, error: string, description: string, headers: Record<string, string> = {}) => {
    const body = { error, error_description: description };
    answerJson(response, status, body, { 'cache-control': 'no-store', ...headers });
    return false;
  };
  if (!request.headers['content-type']?.startsWith('application/x-www-form-urlencoded')) {
    return refuse(400, 'invalid_request', 'content-type must be application/x-www-form-urlencoded');
  }
  const text = await readBody(request);
  if (text === undefined)
    return refuse(413, 'invalid_request', 'the form is longer than 1 MiB', { connection: 'close' });
  const form = new URLSearchParams(text);
  if (form.get('grant_type') !== 'client_credentials') {
    return refuse(400, 'unsupported_grant_type', 'grant_type must be client_credentials');
  }
  const sent = basicCredentials(request.headers.authorization) ?? {
    clientId: form.get('client_id'),
    clientSecret: form.get('client_secret'),
  };
  if (sent.clientId !== accepted.clientId || sent.clientSecret !== accepted.clientSecret) {
    return refuse(401, 'invalid_client', 'client_id or client_secret is wrong', {
      'www-authenticate': 'Basic realm="fleet"',
    });
  }
  const token = { access_token: issuer.issue(), token_type: 'Bearer', expires_in: issuer.lifetimeSeconds };
  answerJson(response, 200, token, { 'cache-control': 'no-store' });
  return true;
}

/** Id and secret from a Basic header, both form-decoded (RFC 6749 section 2.3.1). Null for any other header. */
function basicCredentials(header: string | undefined): ClientCredentials | null {
  const encoded = /^Basic +(\S+)$/i.exec(header ?? '')?.[1];
  if (encoded === undefined) return null;
  const [id = '', ...secret] = Buffer.from(encoded, 'base64').toString('utf8').split(':');
  // URLSearchParams decodes without throwing on malformed escapes.
  const decode = (value: string) => new URLSearchParams(`value=${value.replaceAll('&', '%26')}`).get('value') ?? '';
  return { clientId: decode(id), clientSecret: decode(secret.join(':')) };
}
