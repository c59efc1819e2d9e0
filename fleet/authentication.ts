import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { answerJson, readBody } from './http-messages.ts';

/** The `WWW-Authenticate` challenge to refuse a request with, or null to let it in. */
export type Admission = (headers: IncomingHttpHeaders) => string | null;

const missing = 'Bearer realm="fleet"';
const invalid = (why: string) => `${missing}, error="invalid_token", error_description="${why}"`;

export const admitEveryone: Admission = () => null;

/** Asks every request for this bearer token. */
export function admitToken(token: string): Admission {
  return ({ authorization }) => {
    if (authorization === undefined) return missing;
    return bearerToken(authorization) === token ? null : invalid('The token is wrong');
  };
}

/** Asks every request for a bearer token of this issuer that has not expired. */
export function admitIssued(issuer: TokenIssuer): Admission {
  return ({ authorization }) => {
    if (authorization === undefined) return missing;
    return issuer.isValid(bearerToken(authorization) ?? '') ? null : invalid('The token is unknown or has expired');
  };
}

/** Takes requests without a key, but none with a wrong one, in `Context7-API-Key` or as a bearer token. */
export function admitOptionalKey(key: string): Admission {
  return ({ authorization, ...headers }) => {
    const sent = headers['context7-api-key'] ?? (authorization === undefined ? undefined : bearerToken(authorization));
    return sent === undefined || sent === key ? null : invalid('The API key is wrong');
  };
}

function bearerToken(authorization: string): string | null {
  return /^Bearer +(\S+)$/i.exec(authorization)?.[1] ?? null;
}

export interface ClientCredentials {
  readonly clientId: string;
  readonly clientSecret: string;
}

/**
 * The client credentials grant (RFC 6749 section 4.4): a form with `grant_type=client_credentials`, and the client's
 * id and secret in the form or in a Basic header. Answers as sections 5.1 and 5.2 say. True when a token was issued.
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

/** Id and secret of a Basic header, both form-encoded as RFC 6749 section 2.3.1 asks; null for any other header. */
function basicCredentials(header: string | undefined): ClientCredentials | null {
  const encoded = /^Basic +(\S+)$/i.exec(header ?? '')?.[1];
  if (encoded === undefined) return null;
  const [id = '', ...secret] = Buffer.from(encoded, 'base64').toString('utf8').split(':');
  // URLSearchParams decodes without throwing on malformed escapes.
  const decode = (value: string) => new URLSearchParams(`value=${value.replaceAll('&', '%26')}`).get('value') ?? '';
  return { clientId: decode(id), clientSecret: decode(secret.join(':')) };
}

/** Hands out bearer tokens that stop being valid after a fixed lifetime. */
export class TokenIssuer {
  readonly lifetimeSeconds: number;
  readonly #nowMs: () => number;
  readonly #expiryMsByToken = new Map<string, number>();

  /** @param nowMs A clock that never steps back, in milliseconds. */
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
    // All tokens live equally long, so the map is in order of expiry.
    for (const [token, expiryMs] of this.#expiryMsByToken) {
      if (expiryMs > this.#nowMs()) return;
      this.#expiryMsByToken.delete(token);
    }
  }
}
