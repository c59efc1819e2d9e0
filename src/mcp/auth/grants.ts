import type { AuthHttp } from './auth-http.ts';
import type { AuthorizationServer } from './discovery.ts';
import type { OAuthClient } from './oauth-client.ts';
import { requestAccessToken, requestToken } from './token-request.ts';
import type { FetchToken } from './token-source.ts';
import type { TokenTerms } from './token-terms.ts';

type ClientCredentials = {
  readonly http: AuthHttp;
  readonly terms: () => Promise<TokenTerms>;
  readonly client: OAuthClient;
};

/**
 * Fetches tokens by the OAuth 2 client credentials grant (RFC 6749 §4.4), as MCP's extension
 * io.modelcontextprotocol/oauth-client-credentials defines it.
 * @param now epoch milliseconds
 */
export function clientCredentialsTokens({ http, terms, client }: ClientCredentials, now: () => number): FetchToken {
  return async () => {
    const { server, scope, resource } = await terms();
    const parameters = { scope, resource };
    return requestAccessToken({ http, server, client, grantType: 'client_credentials', parameters }, now);
  };
}

type JwtBearer = {
  readonly http: AuthHttp;
  readonly terms: () => Promise<TokenTerms>;
  readonly client: OAuthClient;
  readonly assertion: string;
};

const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

/**
 * Fetches tokens for an assertion from another issuer (RFC 7523 §2.1), such as the JWT of a workload (MCP's draft
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

type EnterpriseManaged = {
  readonly http: AuthHttp;
  readonly terms: () => Promise<TokenTerms>;
  /** The client that is registered at the target's authorization server. */
  readonly client: OAuthClient;
  readonly identityProvider: { readonly server: AuthorizationServer; readonly client: OAuthClient };
  readonly idToken: string;
};

const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const ID_TOKEN = 'urn:ietf:params:oauth:token-type:id_token';
const ID_JAG = 'urn:ietf:params:oauth:token-type:id-jag';

/**
 * Fetches tokens on behalf of a user of an identity provider (MCP's extension
 * io.modelcontextprotocol/enterprise-managed-authorization). The identity provider exchanges the user's ID token for an
 * ID-JAG (RFC 8693); the target's authorization server exchanges that for an access token (RFC 7523 §2.1).
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
        `The identity provider's token endpoint ${identityProvider.server.tokenUrl} issued ` +
          `${exchanged.issued_token_type ?? 'a token without issued_token_type'} instead of an ID-JAG.`,
      );
    }
    const parameters = { assertion: exchanged.access_token, scope, resource };
    return requestAccessToken({ http, server, client, grantType: JWT_BEARER, parameters }, now);
  };
}
