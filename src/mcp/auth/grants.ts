import { allowInsecureRequests, customFetch, genericTokenEndpointRequest } from 'oauth4webapi';
import { z } from 'zod';
import { excerpt } from '../../plan/bounded-text.ts';
import { Redactor } from '../../secrets/redact.ts';
import { type AuthHttp, parsedReply } from './auth-http.ts';
import type { AuthorizationServer } from './discovery.ts';
import { clientAuthentication, type OAuthClient } from './oauth-client.ts';
import type { FetchToken, Token } from './token-source.ts';
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
    const { issued_token_type: type } = exchanged;
    if (type !== ID_JAG) {
      const issued = type === undefined ? 'a token without issued_token_type' : exchanged.quote(type);
      throw new Error(
        `The identity provider's token endpoint ${identityProvider.server.tokenUrl} issued ${issued} instead of an ID-JAG.`,
      );
    }
    const parameters = { assertion: exchanged.access_token, scope, resource };
    return requestAccessToken({ http, server, client, grantType: JWT_BEARER, parameters }, now);
  };
}

type TokenRequest = {
  readonly http: AuthHttp;
  readonly server: AuthorizationServer;
  readonly client: OAuthClient;
  readonly grantType: string;
  readonly parameters: Readonly<Record<string, string | undefined>>;
};

/** RFC 6749 §5.1. `expires_in` is optional; a token without it, or with one that says nothing, is used for a minute. */
const tokenReply = z.object({
  access_token: z.string().regex(/^[\x21-\x7e]+$/, 'expected visible ASCII characters'),
  token_type: z.string().default('Bearer'),
  expires_in: z.preprocess(lifetimeOf, z.number().positive().default(60)),
  /** RFC 8693 §2.2.1. */
  issued_token_type: z.string().optional(),
});

/** Some servers send null, 0 or a text for a lifetime that they do not tell. */
function lifetimeOf(sent: unknown): number | undefined {
  const seconds = typeof sent === 'string' || typeof sent === 'number' ? Number(sent) : Number.NaN;
  return Number.isFinite(seconds) && seconds !== 0 ? seconds : undefined;
}

type TokenReply = z.output<typeof tokenReply> & {
  /** A text of the endpoint as messages show it: short, and without what was sent. */
  readonly quote: (text: string) => string;
};

const WHAT = 'The token endpoint';
const MAX_SHOWN_CHARACTERS = 200;
const SECRET_FIELDS = ['client_secret', 'client_assertion', 'assertion', 'subject_token'];

/**
 * Requests a token from a token endpoint, by any grant.
 * @throws when the endpoint does not issue one; the message names the endpoint and quotes its reply, without secrets
 */
async function requestToken(asked: TokenRequest): Promise<TokenReply> {
  const { http, server, client, grantType, parameters } = asked;
  const { issuer, tokenUrl } = server;
  const form = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) if (value !== undefined) form.set(name, value);
  let secrets: readonly string[] = [];
  const reply = await genericTokenEndpointRequest(
    { issuer, token_endpoint: tokenUrl },
    // The library demands an id even when none is sent.
    { client_id: client.id ?? 'none' },
    clientAuthentication(client, server),
    grantType,
    form,
    {
      [customFetch]: (url, { headers, body }) => {
        secrets = secretsOf(headers, body);
        return http.send({ what: WHAT, url, method: 'POST', headers, body: body.toString() });
      },
      // http.send decides where https is required.
      [allowInsecureRequests]: true,
    },
  );
  const text = await reply.text();
  const redactor = new Redactor([client.secret ?? '', ...secrets]);
  const quote = (quoted: string) => excerpt(redactor.redact(quoted), MAX_SHOWN_CHARACTERS);
  const parsed = parsedReply(text, tokenReply);
  // RFC 6749 §5.1 demands 200. Some servers create a token with 201.
  if (!reply.ok || (reply.status !== 200 && !parsed.ok)) {
    throw new Error(`${WHAT} ${tokenUrl} answered HTTP ${reply.status}: ${quote(text)}`);
  }
  if (!parsed.ok) throw new Error(`${WHAT} ${tokenUrl} answered without a usable token: ${parsed.faults}.`);
  return { ...parsed.value, quote };
}

function secretsOf(headers: Readonly<Record<string, string>>, form: URLSearchParams): string[] {
  const credentials = headers.authorization?.replace(/^Basic /, '') ?? '';
  return [credentials, ...SECRET_FIELDS.map((field) => form.get(field) ?? '')];
}

/**
 * Requests an access token from a token endpoint.
 * @param now epoch milliseconds; the token's lifetime counts from the time of the request
 * @throws as requestToken, and when the token is not a Bearer token (RFC 6750)
 */
async function requestAccessToken(asked: TokenRequest, now: () => number): Promise<Token> {
  const sentMs = now();
  const { access_token: value, token_type: type, expires_in: lifeSeconds, quote } = await requestToken(asked);
  if (type.toLowerCase() !== 'bearer') {
    throw new Error(
      `${WHAT} ${asked.server.tokenUrl} issued a token of type ${quote(type)}; only Bearer tokens are supported.`,
    );
  }
  const { issuer, isTargetsChoice } = asked.server;
  return { value, expiresAtMs: sentMs + lifeSeconds * 1000, ...(isTargetsChoice && { discoveredIssuer: issuer }) };
}
