import type { AuthHttp } from './auth-http.ts';
import type { AuthorizationServer } from './discovery.ts';
import type { OAuthClient } from './oauth-client.ts';
import { requestAccessToken, requestToken } from './token-request.ts';
import type { FetchToken } from './token-source.ts';
import type { TokenTerms } from './token-terms.ts';

export type ClientCredentials = {
  readonly http: AuthHttp;
  readonly terms: () => Promise<TokenTerms>;
  readonly client: OAuthClient;
};

/**
 * Fetches tokens by the OAuth 2 client credentials grant (RFC 6749 §4.4), as MCP's extension
 * io.modelcontextprotocol/oauth-client-credentials has it.
 * @param now epoch milliseconds
 */
export function clientCredentialsTokens({ http, terms, client }: ClientCredentials, now: () => number): FetchToken {
  return async () => {
    const { server, scope, resource } = await terms();
    const parameters = { scope, resource };
    return requestAccessToken({ http, server, client, grantType: 'client_credentials', parameters }, now);
  };
}

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

export type EnterpriseManaged = {
  readonly http: AuthHttp;
  readonly terms: () => Promise<TokenTerms>;
  /** As the target's authorization server knows us. */
  readonly client: OAuthClient;
  readonly identityProvider: { readonly server: AuthorizationServer; readonly client: OAuthClient };
  readonly idToken: string;
};

const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const ID_TOKEN = 'urn:ietf:params:oauth:token-type:id_token';
const ID_JAG = 'urn:ietf:params:oauth:token-type:id-jag';

/**
 * Fetches tokens on behalf of a user whom an identity provider vouches for: exchanges the user's ID token there for an
 * ID-JAG (RFC 8693), and that at the target's authorization server for an access token (RFC 7523 §2.1), as MCP's
 * extension io.modelcontextprotocol/enterprise-managed-authorization has it.
 * @param now epoch milliseconds
 */
export function enterpriseManagedTokens(options: EnterpriseManaged, now: () => number): FetchToken {
  const { http, terms, client, identityProvider, idToken } = options;
  return async () => {
    const { server, scope, resource } = await terms();
    const exchanged = await requestToken({
      http,
      ...identityProvider,
      grantType: TOKEN_EXCHANGE,
      parameters: {
        subject_token: idToken,
        subject_token_type: ID_TOKEN,
        requested_token_type: ID_JAG,
        audience: server.issuer,
        resource,
        scope,
      },
    });
    if (exchanged.issued_token_type !== ID_JAG) {
      throw new Error(
        `The identity provider's token endpoint ${identityProvider.server.tokenUrl} issued no ID-JAG but ` +
          `${exchanged.issued_token_type ?? 'a token without issued_token_type'}.`,
      );
    }
    const parameters = { assertion: exchanged.access_token, scope, resource };
    return requestAccessToken({ http, server, client, grantType: JWT_BEARER, parameters }, now);
  };
}
