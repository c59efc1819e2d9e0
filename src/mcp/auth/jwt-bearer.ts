import type { AuthHttp } from './auth-http.ts';
import type { OAuthClient } from './oauth-client.ts';
import { requestAccessToken } from './token-request.ts';
import type { FetchToken } from './token-source.ts';
import type { TokenTerms } from './token-terms.ts';

export type JwtBearer = {
  readonly http: AuthHttp;
  readonly terms: () => Promise<TokenTerms>;
  readonly client: OAuthClient;
  readonly assertion: string;
};

export const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

/**
 * Fetches tokens for an assertion that was issued elsewhere (RFC 7523 §2.1), such as the JWT of a workload (MCP's draft
 * extension for workload identity federation).
 * @param now epoch milliseconds
 */
export function jwtBearerTokens({ http, terms, client, assertion }: JwtBearer, now: () => number): FetchToken {
  return async () => {
    const { server, scope, resource } = await terms();
    const parameters = { assertion, scope, resource };
    return requestAccessToken({ http, server, client, grantType: JWT_BEARER, parameters }, now);
  };
}
