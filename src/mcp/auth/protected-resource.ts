import { z } from 'zod';
import type { AuthHttp } from './auth-http.ts';
import { firstOf } from './first-of.ts';
import { readDocument } from './read-document.ts';

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
