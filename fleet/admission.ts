import type { IncomingHttpHeaders } from 'node:http';
import type { TokenIssuer } from './token-issuer.ts';

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
