import { z } from 'zod';
import type { AuthHttp } from './auth-http.ts';
import { firstOf } from './first-of.ts';
import { readDocument } from './read-document.ts';

/** Who issues tokens, and what its token endpoint takes. */
export type AuthorizationServer = {
  /** Also the audience of client assertions; the token endpoint where the issuer is not known. */
  readonly issuer: string;
  readonly tokenUrl: string;
  /** Names of client authentication methods (RFC 7591 §2). */
  readonly authMethods: readonly string[];
  /** Algorithms of client assertions; undefined when it does not say. */
  readonly algorithms: readonly string[] | undefined;
};

const SERVER_METADATA = 'The authorization server metadata';
/** One server is the rule; a list without end is not walked. */
const MAX_SERVERS = 5;

/** RFC 8414 §2 and OpenID Connect Discovery 1.0 §3, as far as they matter here; secrets go by Basic unless it says else. */
const serverMetadata = z.object({
  issuer: z.string(),
  token_endpoint: z.url({ protocol: /^https?$/, error: 'expected an http or https URL' }),
  token_endpoint_auth_methods_supported: z.array(z.string()).default(['client_secret_basic']),
  token_endpoint_auth_signing_alg_values_supported: z.array(z.string()).optional(),
});

/**
 * Reads the metadata of the first authorization server that has any.
 * @param issuers as the protected resource names them
 * @throws when none has usable metadata; the message names every place that was tried and what came
 */
export function readAuthorizationServer(http: AuthHttp, issuers: readonly string[]): Promise<AuthorizationServer> {
  return firstOf(issuers.slice(0, MAX_SERVERS), async (issuer) => {
    if (!URL.canParse(issuer)) throw new Error(`The authorization server ${issuer} is no URL.`);
    return firstOf(serverMetadataUrls(issuer), (url) => readServer(http, issuer, url));
  });
}

/** A token endpoint that the plan names itself: nothing is known of it, and secrets go in the body. */
export function namedServer(tokenUrl: string): AuthorizationServer {
  return { issuer: tokenUrl, tokenUrl, authMethods: ['client_secret_post'], algorithms: undefined };
}

/** The well-known places of an issuer's metadata, in MCP's order (2026-07-28, Authorization Server Discovery). */
export function serverMetadataUrls(issuer: string): string[] {
  const { origin, pathname } = new URL(issuer);
  const path = pathname.replace(/\/$/, '');
  const inserted = ['oauth-authorization-server', 'openid-configuration'].map(
    (name) => `${origin}/.well-known/${name}${path}`,
  );
  return [...new Set([...inserted, `${origin}${path}/.well-known/openid-configuration`])];
}

async function readServer(http: AuthHttp, expectedIssuer: string, url: string): Promise<AuthorizationServer> {
  const metadata = await readDocument(http, SERVER_METADATA, url, serverMetadata);
  const { issuer, token_endpoint: tokenUrl } = metadata;
  // RFC 8414 §3.3: identical, so not even a slash at the end is forgiven.
  if (issuer !== expectedIssuer)
    throw new Error(`${SERVER_METADATA} ${url} is of the issuer ${issuer}, not of ${expectedIssuer}.`);
  return {
    issuer,
    tokenUrl,
    authMethods: metadata.token_endpoint_auth_methods_supported,
    algorithms: metadata.token_endpoint_auth_signing_alg_values_supported,
  };
}
