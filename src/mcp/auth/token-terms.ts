import type { AuthHttp } from './auth-http.ts';
import {
  type AuthorizationServer,
  namedServer,
  readAuthorizationServer,
  readChallenge,
  readProtectedResource,
} from './discovery.ts';

/** Who issues the tokens for a target, and what they are requested for. */
export type TokenTerms = {
  readonly server: AuthorizationServer;
  readonly scope: string | undefined;
  /** RFC 8707. */
  readonly resource: string | undefined;
};

/** What the plan says about it. */
export type TokenWishes = {
  readonly tokenUrl?: string | undefined;
  readonly issuer?: string | undefined;
  readonly scope?: string | undefined;
  /** False for none. */
  readonly resource?: string | false | undefined;
};

type TokenTermsOptions = {
  readonly http: AuthHttp;
  readonly targetUrl: string;
  readonly wishes: TokenWishes;
  /** A sentence that says how to fix a discovery that failed. */
  readonly advice: string;
  /** Why the plan's secrets must not be sent to a token endpoint; undefined when they may be sent there. */
  readonly problemOfServer: (tokenUrl: string) => string | undefined;
};

/** Login hosts of Microsoft Entra: the public cloud, its older names, and the sovereign clouds. */
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
 * Finds out the terms at the first call and keeps them: from the plan, otherwise from the target (MCP 2026-07-28,
 * Authorization). A failure is not kept.
 * @throws (rejects) when discovery finds no token endpoint that may get the plan's secrets; the message names the step
 */
export function tokenTerms(options: TokenTermsOptions): () => Promise<TokenTerms> {
  const { targetUrl, advice } = options;
  let known: TokenTerms | undefined;
  return async () => {
    known ??= await findTerms(options).catch((error: unknown) => {
      throw new Error(`Found no token endpoint for ${targetUrl}. ${reasonOf(error)} ${advice}`, { cause: error });
    });
    return known;
  };
}

async function findTerms(options: TokenTermsOptions): Promise<TokenTerms> {
  const { http, targetUrl, wishes } = options;
  const { tokenUrl, issuer, scope, resource } = wishes;
  if (tokenUrl !== undefined) {
    return { server: namedServer(tokenUrl), scope, resource: resource || undefined };
  }
  const challenge = await readChallenge(http, targetUrl);
  const metadata = await readProtectedResource(
    http,
    targetUrl,
    challenge.resourceMetadataUrls,
    resource || undefined,
  ).catch((error: unknown) => {
    throw new Error(`Without a token it answered HTTP ${challenge.status}. ${reasonOf(error)}`, { cause: error });
  });
  const server = await readAuthorizationServer(http, metadata.authorization_servers, issuer);
  const problem = options.problemOfServer(server.tokenUrl);
  if (problem !== undefined) throw new Error(`It lists ${server.issuer}, but ${problem}`);
  const offered = metadata.scopes_supported ?? [];
  return {
    server,
    scope: scope ?? challenge.scope ?? (offered.length > 0 ? offered.join(' ') : undefined),
    resource: resourceFor(server, resource, metadata.resource),
  };
}

function resourceFor(server: AuthorizationServer, wish: TokenWishes['resource'], known: string): string | undefined {
  if (wish !== undefined) return wish || undefined;
  // Entra refuses a request with both a resource and scopes (AADSTS9010010).
  return isEntra(server.tokenUrl) ? undefined : known;
}

function isEntra(tokenUrl: string): boolean {
  const { hostname } = new URL(tokenUrl);
  return ENTRA_HOSTS.has(hostname) || hostname.endsWith('.ciamlogin.com');
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
