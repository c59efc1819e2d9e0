import type { AuthHttp } from './auth-http.ts';
import type { OAuthClient } from './oauth-client.ts';
import { requestAccessToken } from './token-request.ts';
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
