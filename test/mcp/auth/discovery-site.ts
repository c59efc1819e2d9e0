import { type Answer, type AuthRig, issued, startAuthRig } from './auth-rig.ts';

/** The pages of a server by path. Each is told the server's origin. */
export type Pages = Record<string, (origin: string) => Answer>;

export const PRM = '/.well-known/oauth-protected-resource';
export const ASM = '/.well-known/oauth-authorization-server';
export const OIDC = '/.well-known/openid-configuration';
export const AUTH = { type: 'client-credentials', clientId: 'me', clientSecret: 'mine' };

export const challenge = (...parts: string[]): Answer => ({
  status: 401,
  headers: { 'www-authenticate': ['Bearer realm="mcp"', ...parts].join(', ') },
});
export const resource = (path: string, more: object = {}): Pages[string] => {
  return (origin) => ({ json: { resource: `${origin}${path}`, authorization_servers: [origin], ...more } });
};
export const server = (issuerPath = '', more: object = {}): Pages[string] => {
  return (origin) => ({ json: { issuer: `${origin}${issuerPath}`, token_endpoint: `${origin}/token`, ...more } });
};
export const missing = (): Answer => ({ status: 404 });

/** Starts a target with complete metadata. @param changes replace some of its pages */
export function startDiscovery(changes: Pages = {}): Promise<AuthRig> {
  const pages: Pages = {
    '/mcp': () => challenge(),
    [`${PRM}/mcp`]: resource('/mcp'),
    [ASM]: server(),
    '/token': () => issued('abc'),
    ...changes,
  };
  return startAuthRig(({ path }, origin) => pages[path]?.(origin));
}
