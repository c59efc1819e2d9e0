import { z } from 'zod';
import { type AuthHttp, readDocument } from './auth-http.ts';
import { bearerParameters } from './challenge.ts';

/** A target's answer to a request without a token. */
type Challenge = {
  readonly status: number;
  /** As many as the challenge names, in its order; more than one is a fault. */
  readonly resourceMetadataUrls: readonly string[];
  readonly scope: string | undefined;
};

/** Opens no session. Every revision of MCP has this method or refuses it without harm. */
const PING = '{"jsonrpc":"2.0","id":1,"method":"ping"}';
const HEADERS = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };

/**
 * Sends a target a request without a token and reads the Bearer challenge of its 401 (RFC 6750 §3, RFC 9728 §5.1).
 * @throws when the target's address is not allowed or it does not answer
 */
export async function readChallenge(http: AuthHttp, targetUrl: string): Promise<Challenge> {
  const { status, headers } = await http.send({
    what: 'The target',
    url: targetUrl,
    method: 'POST',
    headers: HEADERS,
    body: PING,
    headOnly: true,
  });
  // Some servers send the header with every reply. Only in a 401 does it say what is missing.
  const challenge = status === 401 ? (headers.get('www-authenticate') ?? '') : '';
  return {
    status,
    resourceMetadataUrls: bearerParameters(challenge, 'resource_metadata'),
    scope: bearerParameters(challenge, 'scope')[0],
  };
}

const RESOURCE_METADATA = 'The protected resource metadata';

/** The fields of RFC 9728 §2 that matter here. MCP demands at least one authorization server. */
const protectedResource = z.object({
  resource: z.string(),
  authorization_servers: z.array(z.string()).min(1),
  scopes_supported: z.array(z.string()).optional(),
});

type ProtectedResource = z.output<typeof protectedResource>;

/**
 * Reads a target's protected resource metadata: from the URL in its challenge, otherwise from the well-known URLs.
 * @param trusted a resource that the plan names; its metadata is accepted although it does not cover the target
 * @throws when there is no usable document; the message names each URL and the reason
 */
export async function readProtectedResource(
  http: AuthHttp,
  targetUrl: string,
  challengedUrls: readonly string[],
  trusted: string | undefined,
): Promise<ProtectedResource> {
  const places = challengedUrls.length === 0 ? resourceMetadataUrls(targetUrl) : challengedUrls;
  return firstOf(places, async (url) => {
    const document = await readDocument(http, RESOURCE_METADATA, url, protectedResource);
    const { resource } = document;
    if (resource !== trusted && !covers(resource, targetUrl)) {
      throw new Error(
        `${RESOURCE_METADATA} ${url} is for the resource ${resource}, not for ${targetUrl}; ` +
          'if that is correct, set auth.resource to this resource in the plan.',
      );
    }
    return document;
  });
}

/** RFC 9728 §3.1 with the target's path, then MCP's fallback to the root. */
export function resourceMetadataUrls(targetUrl: string): string[] {
  const { origin, pathname, search } = new URL(targetUrl);
  const root = `${origin}/.well-known/oauth-protected-resource`;
  const path = pathname === '/' ? '' : pathname;
  return [...new Set([`${root}${path}${search}`, root])];
}

/**
 * True when the metadata of a resource applies to a target. RFC 9728 §3.3 demands the same URL. A resource here also
 * covers everything below its path at the same origin: both official MCP clients do so, and metadata at the root
 * depends on it.
 */
export function covers(resource: string, targetUrl: string): boolean {
  if (!URL.canParse(resource)) return false;
  const [wide, narrow] = [new URL(resource), new URL(targetUrl)];
  if (wide.origin !== narrow.origin || wide.hash !== '') return false;
  if (wide.search !== '' && wide.search !== narrow.search) return false;
  return withSlash(narrow.pathname).startsWith(withSlash(wide.pathname));
}

function withSlash(path: string): string {
  return path.endsWith('/') ? path : `${path}/`;
}

/** A server that issues tokens, and what its token endpoint accepts. */
export type AuthorizationServer = {
  /** Also the audience of client assertions. The token endpoint when the issuer is not known. */
  readonly issuer: string;
  readonly tokenUrl: string;
  /** True when only the target says that this is its server, and the plan does not name it. */
  readonly isTargetsChoice: boolean;
  /** Names of client authentication methods (RFC 7591 §2). */
  readonly authMethods: readonly string[];
  /** Algorithms of client assertions; undefined when the server does not say. */
  readonly algorithms: readonly string[] | undefined;
};

const SERVER_METADATA = 'The authorization server metadata';

/**
 * The fields of RFC 8414 §2 and OpenID Connect Discovery 1.0 §3 that matter here. By default, secrets are sent by
 * Basic.
 */
const serverMetadata = z.object({
  issuer: z.string(),
  token_endpoint: z.url({ protocol: /^https?$/, error: 'expected an http or https URL' }),
  token_endpoint_auth_methods_supported: z.array(z.string()).default(['client_secret_basic']),
  token_endpoint_auth_signing_alg_values_supported: z.array(z.string()).optional(),
});

/**
 * Reads the metadata of the one authorization server that may get the plan's credentials: the issuer that the plan names,
 * otherwise the first that the target lists. No other is tried when that one is down, because it would get the same
 * credentials.
 * @param listed issuers from the protected resource metadata
 * @throws when it has no usable metadata, or the target does not list it; the message names each URL and the reason
 */
export async function readAuthorizationServer(
  http: AuthHttp,
  listed: readonly string[],
  named: string | undefined,
): Promise<AuthorizationServer> {
  const issuer = named === undefined ? listed[0] : listed.find((each) => sameIssuer(each, named));
  if (issuer === undefined) {
    throw new Error(
      `The target lists the authorization servers ${listed.join(', ')}, not auth.issuer, which is ${named}.`,
    );
  }
  if (!URL.canParse(issuer)) throw new Error(`The authorization server ${issuer} is not a URL.`);
  const read = firstOf(serverMetadataUrls(issuer), (url) => readServer(http, issuer, url)).catch((error: Error) => {
    if (named !== undefined || listed.length === 1) throw error;
    const others = listed.slice(1).join(', ');
    throw new Error(
      `${error.message} The target also lists ${others}; to send the credentials there, set auth.issuer in the plan.`,
      { cause: error },
    );
  });
  return { ...(await read), isTargetsChoice: named === undefined };
}

/** True for equal texts, and for URLs without a path that differ by its slash, as https://a.example and https://a.example/. */
function isSameUrl(one: string, other: string): boolean {
  const withoutSlash = (url: string) => (/^https?:\/\/[^/?#]+\/$/.test(url) ? url.slice(0, -1) : url);
  return withoutSlash(one) === withoutSlash(other);
}

/** True for the same issuer, with or without a slash at its end. */
function sameIssuer(listed: string, named: string): boolean {
  return listed.replace(/\/$/, '') === named.replace(/\/$/, '');
}

/** A token endpoint that the plan names: nothing is known about it, and secrets are sent in the body. */
export function namedServer(tokenUrl: string): AuthorizationServer {
  return {
    issuer: tokenUrl,
    tokenUrl,
    isTargetsChoice: false,
    authMethods: ['client_secret_post'],
    algorithms: undefined,
  };
}

/** The well-known URLs of an issuer's metadata, in MCP's order (2026-07-28, Authorization Server Discovery). */
export function serverMetadataUrls(issuer: string): string[] {
  const { origin, pathname } = new URL(issuer);
  const path = pathname.replace(/\/$/, '');
  const inserted = ['oauth-authorization-server', 'openid-configuration'].map(
    (name) => `${origin}/.well-known/${name}${path}`,
  );
  return [...new Set([...inserted, `${origin}${path}/.well-known/openid-configuration`])];
}

async function readServer(
  http: AuthHttp,
  expectedIssuer: string,
  url: string,
): Promise<Omit<AuthorizationServer, 'isTargetsChoice'>> {
  const metadata = await readDocument(http, SERVER_METADATA, url, serverMetadata);
  const { issuer, token_endpoint: tokenUrl } = metadata;
  // RFC 8414 §3.3: identical, including a slash at the end, except that of an empty path.
  if (!isSameUrl(issuer, expectedIssuer))
    throw new Error(`${SERVER_METADATA} ${url} belongs to the issuer ${issuer}, not to ${expectedIssuer}.`);
  return {
    issuer,
    tokenUrl,
    authMethods: metadata.token_endpoint_auth_methods_supported,
    algorithms: metadata.token_endpoint_auth_signing_alg_values_supported,
  };
}

/**
 * Tries places in order and returns the first result.
 * @throws when all fail; the message has the reason of each
 */
export async function firstOf<Place, Found>(
  places: readonly Place[],
  look: (place: Place) => Promise<Found>,
): Promise<Found> {
  const problems: Error[] = [];
  for (const place of places) {
    try {
      return await look(place);
    } catch (error) {
      problems.push(error instanceof Error ? error : new Error(String(error)));
    }
  }
  throw new Error(problems.map(({ message }) => message).join(' '), { cause: new AggregateError(problems) });
}
