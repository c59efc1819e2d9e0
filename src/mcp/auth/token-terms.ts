import type { AuthHttp } from './auth-http.ts';
import {
  type AuthorizationServer,
  namedServer,
  readAuthorizationServer,
  readChallenge,
  readProtectedResource,
} from './discovery.ts';

/** Where tokens for a target come from, and for what they are asked. */
export type TokenTerms = {
  readonly server: AuthorizationServer;
  readonly scope: string | undefined;
  /** RFC 8707. */
  readonly resource: string | undefined;
};

/** What the plan says of that. */
export type TokenWishes = {
  readonly tokenUrl?: string | undefined;
  readonly scope?: string | undefined;
  /** False for none. */
  readonly resource?: string | false | undefined;
};

export type TokenTermsOptions = {
  readonly http: AuthHttp;
  readonly targetUrl: string;
  readonly wishes: TokenWishes;
  /** A sentence for those whose target leads to no token endpoint. */
  readonly wayOut: string;
};

/** Login hosts of Microsoft Entra: the public cloud, older names of it, and the sovereign clouds. */
const ENTRA_HOSTS: ReadonlySet<string> = new Set([
  'login.microsoftonline.com',
  'login.microsoft.com',
  'login.windows.net',
  'sts.windows.net',
  'login.microsoftonline.us',
  'login.partner.microsoftonline.cn',
  'login.chinacloudapi.cn',
]);

/**
 * Finds out the terms at the first call, from the plan or else from the target (MCP 2026-07-28, Authorization), and
 * keeps them; a failure is not kept.
 * @throws (rejects) when the target does not lead to a token endpoint; the message says at which step
 */
export function tokenTerms(options: TokenTermsOptions): () => Promise<TokenTerms> {
  const { targetUrl, wayOut } = options;
  let known: TokenTerms | undefined;
  return async () => {
    known ??= await findTerms(options).catch((error: unknown) => {
      throw new Error(`Found no way to a token for ${targetUrl}. ${reasonOf(error)} ${wayOut}`, { cause: error });
    });
    return known;
  };
}

async function findTerms({ http, targetUrl, wishes }: TokenTermsOptions): Promise<TokenTerms> {
  const { tokenUrl, scope, resource } = wishes;
  if (tokenUrl !== undefined) return { server: namedServer(tokenUrl), scope, resource: resource || undefined };
  const challenge = await readChallenge(http, targetUrl);
  const metadata = await readProtectedResource(
    http,
    targetUrl,
    challenge.resourceMetadataUrl,
    resource || undefined,
  ).catch((error: unknown) => {
    throw new Error(`Without a token it answered HTTP ${challenge.status}. ${reasonOf(error)}`, { cause: error });
  });
  const server = await readAuthorizationServer(http, metadata.authorization_servers);
  const offered = metadata.scopes_supported ?? [];
  return {
    server,
    scope: scope ?? challenge.scope ?? (offered.length > 0 ? offered.join(' ') : undefined),
    resource: resourceFor(server, resource, metadata.resource),
  };
}

function resourceFor(server: AuthorizationServer, wish: TokenWishes['resource'], known: string): string | undefined {
  if (wish !== undefined) return wish || undefined;
  // Entra refuses a resource beside scopes (AADSTS9010010).
  return isEntra(server.tokenUrl) ? undefined : known;
}

function isEntra(tokenUrl: string): boolean {
  const { hostname } = new URL(tokenUrl);
  return ENTRA_HOSTS.has(hostname) || hostname.endsWith('.ciamlogin.com');
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
