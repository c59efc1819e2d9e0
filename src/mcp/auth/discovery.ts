import {
  allowInsecureRequests,
  customFetch,
  protectedResourceRequest,
  WWWAuthenticateChallengeError,
} from 'oauth4webapi';
import { z } from 'zod';
import { type AuthHttp, readDocument } from './auth-http.ts';

/**
 * Tries places one after the other until one gives what is looked for.
 * @throws when none does, with the sentences that each of them failed with
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

/** What a target tells those who ask it for something without a token. */
export type Challenge = {
  readonly status: number;
  readonly resourceMetadataUrl: string | undefined;
  readonly scope: string | undefined;
};

/** Opens no session, and every revision of MCP has it or refuses it without harm. */
const PING = '{"jsonrpc":"2.0","id":1,"method":"ping"}';
const HEADERS = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };

/**
 * Asks a target without a token and reads the Bearer challenge of its 401 (RFC 6750 §3, RFC 9728 §5.1).
 * @throws when the target may not be asked or gives no answer
 */
export async function readChallenge(http: AuthHttp, targetUrl: string): Promise<Challenge> {
  const ask = () =>
    http.send({
      what: 'The target',
      url: targetUrl,
      method: 'POST',
      headers: HEADERS,
      body: PING,
      headOnly: true,
    });
  try {
    // The library knows the header's grammar. It asks for a token, which the request leaves out.
    const { status } = await protectedResourceRequest('none', 'POST', new URL(targetUrl), undefined, undefined, {
      [customFetch]: ask,
      [allowInsecureRequests]: true,
    });
    return { status, resourceMetadataUrl: undefined, scope: undefined };
  } catch (error) {
    if (!(error instanceof WWWAuthenticateChallengeError)) throw error;
    const bearers = error.cause.filter(({ scheme }) => scheme === 'bearer').map(({ parameters }) => parameters);
    const { resource_metadata, scope } =
      bearers.find((each) => each.resource_metadata !== undefined) ?? bearers[0] ?? {};
    // Some servers send the header with every reply; only that of a 401 says what is missing.
    const asks = error.status === 401;
    return {
      status: error.status,
      resourceMetadataUrl: asks ? resource_metadata : undefined,
      scope: asks ? scope : undefined,
    };
  }
}

const RESOURCE_METADATA = 'The protected resource metadata';

/** RFC 9728 §2, as far as it matters here. MCP demands at least one authorization server. */
const protectedResource = z.object({
  resource: z.string(),
  authorization_servers: z.array(z.string()).min(1),
  scopes_supported: z.array(z.string()).optional(),
});

export type ProtectedResource = z.output<typeof protectedResource>;

/**
 * Reads what a target says of its authorization: where its challenge points, otherwise at the well-known places.
 * @param trusted a resource that the plan names, whose metadata is taken although it is another than the target
 * @throws when there is no usable document; the message names every place that was tried and what came
 */
export async function readProtectedResource(
  http: AuthHttp,
  targetUrl: string,
  challengedUrl: string | undefined,
  trusted: string | undefined,
): Promise<ProtectedResource> {
  const places = challengedUrl === undefined ? resourceMetadataUrls(targetUrl) : [challengedUrl];
  return firstOf(places, async (url) => {
    const document = await readDocument(http, RESOURCE_METADATA, url, protectedResource);
    const { resource } = document;
    if (resource !== trusted && !covers(resource, targetUrl)) {
      throw new Error(
        `${RESOURCE_METADATA} ${url} is for the resource ${resource}, not for ${targetUrl}; ` +
          'if that is right, the plan says so by naming it as auth.resource.',
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
 * True when metadata for a resource holds for a target: RFC 9728 §3.3 wants the same URL. As both official MCP clients do,
 * and as the metadata at the root presupposes, a resource also covers what lies below its path at the same origin.
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
