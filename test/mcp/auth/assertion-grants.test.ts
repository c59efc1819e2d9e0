import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { type Answer, type AuthRig, issued, type Site, startAuthRig } from './auth-rig.ts';

const JWT = 'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJ3b3JrbG9hZCJ9.c2lnbmF0dXJl';
const JAG = 'eyJ0eXAiOiJvYXV0aC1pZC1qYWcrand0In0.eyJzdWIiOiJ1c2VyIn0.c2lnbmF0dXJl';
let rig: AuthRig;

afterEach(() => rig.close());

/** Starts a target with an authorization server, and an identity provider at `/idp`. */
async function start(changes: Record<string, Answer> = {}): Promise<void> {
  const site: Site = ({ path }, origin) => {
    const metadata: Record<string, Answer> = {
      '/mcp': { status: 401 },
      '/.well-known/oauth-protected-resource/mcp': {
        json: { resource: `${origin}/mcp`, authorization_servers: [origin], scopes_supported: ['tools'] },
      },
      '/.well-known/oauth-authorization-server': { json: { issuer: origin, token_endpoint: `${origin}/token` } },
      '/token': issued('abc'),
      '/idp': issued(JAG, { token_type: 'N_A', issued_token_type: 'urn:ietf:params:oauth:token-type:id-jag' }),
    };
    return changes[path] ?? metadata[path];
  };
  rig = await startAuthRig(site);
}

const form = (path: string) => Object.fromEntries(rig.seen.find((seen) => seen.path === path)?.form ?? []);
const credentials = (path: string) => {
  const { authorization = '' } = rig.seen.find((seen) => seen.path === path)?.headers ?? {};
  return Buffer.from(authorization.replace(/^Basic /, ''), 'base64').toString();
};

describe('jwt-bearer', () => {
  it('exchanges the assertion for a token, without a client', async () => {
    await start();
    const authorizer = await rig.open({ type: 'jwt-bearer', assertion: 'jwt' }, { jwt: `${JWT}\n` });
    assert.deepEqual(await authorizer.header(), { name: 'authorization', value: 'Bearer abc' });
    assert.deepEqual(form('/token'), {
      grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
      assertion: JWT,
      scope: 'tools',
      resource: `${rig.origin}/mcp`,
    });
    assert.equal(credentials('/token'), '');
  });

  it('identifies and authenticates the client when the plan has one', async () => {
    await start();
    const auth = { type: 'jwt-bearer', assertion: 'jwt', clientId: 'me', tokenUrl: `${rig.origin}/token` };
    await (await rig.open(auth, { jwt: JWT })).prepare();
    assert.deepEqual(form('/token'), {
      grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
      assertion: JWT,
      client_id: 'me',
    });
    const proven = { ...auth, clientSecret: 'mine', clientAuthentication: 'basic' };
    await (await rig.open(proven, { jwt: JWT, mine: 'secret' })).prepare();
    const { authorization = '' } = rig.seen.at(-1)?.headers ?? {};
    assert.equal(authorization, `Basic ${btoa('me:secret')}`);
  });

  it('quotes the server, without the assertion', async () => {
    await start({ '/token': { status: 400, body: `{"error":"invalid_grant","error_description":"expired: ${JWT}"}` } });
    const authorizer = await rig.open({ type: 'jwt-bearer', assertion: 'jwt' }, { jwt: JWT });
    await assert.rejects(
      async () => authorizer.header(),
      ({ message }: Error) => {
        assert.match(message, /answered HTTP 400: \{"error":"invalid_grant".*expired: \[redacted\]/);
        return true;
      },
    );
  });
});

describe('enterprise-managed', () => {
  const open = () =>
    rig.open(
      {
        type: 'enterprise-managed',
        clientId: 'me',
        clientSecret: 'mine',
        idToken: 'user',
        identityProvider: { tokenUrl: `${rig.origin}/idp`, clientId: 'at-idp', clientSecret: 'idp' },
      },
      { mine: 'secret', user: JWT, idp: 'idp-secret' },
    );

  it("exchanges the user's ID token for an ID-JAG, and the ID-JAG for a token", async () => {
    await start();
    assert.deepEqual(await (await open()).header(), { name: 'authorization', value: 'Bearer abc' });
    assert.deepEqual(rig.asked().slice(-2), ['POST /idp', 'POST /token']);
    assert.deepEqual(form('/idp'), {
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      requested_token_type: 'urn:ietf:params:oauth:token-type:id-jag',
      subject_token: JWT,
      subject_token_type: 'urn:ietf:params:oauth:token-type:id_token',
      audience: rig.origin,
      resource: `${rig.origin}/mcp`,
      scope: 'tools',
      client_id: 'at-idp',
      client_secret: 'idp-secret',
    });
    assert.deepEqual(form('/token'), {
      grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
      assertion: JAG,
      resource: `${rig.origin}/mcp`,
      scope: 'tools',
    });
    assert.equal(credentials('/token'), 'me:secret');
  });

  it('requests a new ID-JAG for each token, but runs discovery once', async () => {
    await start();
    const authorizer = await open();
    authorizer.rejected(await authorizer.header());
    const soFar = rig.seen.length;
    await authorizer.header();
    assert.deepEqual(rig.asked().slice(soFar), ['POST /idp', 'POST /token']);
  });

  for (const { name, changes, says } of [
    {
      name: 'a provider refuses, and quotes it without the ID token',
      changes: { '/idp': { status: 400, body: `not a good token: ${JWT}` } },
      says: /The token endpoint http:\S+\/idp answered HTTP 400: not a good token: \[redacted\]/,
    },
    {
      name: 'a provider issues something else',
      changes: { '/idp': issued('abc') },
      says: /identity provider's token endpoint http:\S+\/idp issued a token without issued_token_type instead of an ID-JAG/,
    },
    {
      name: 'a server refuses, and quotes it without the ID-JAG',
      changes: { '/token': { status: 400, body: `unknown issuer: ${JAG}` } },
      says: /The token endpoint http:\S+\/token answered HTTP 400: unknown issuer: \[redacted\]/,
    },
    {
      name: 'a target has no metadata',
      changes: { '/.well-known/oauth-protected-resource/mcp': { status: 404 } },
      says: /^Error: Found no token endpoint for \S+\/mcp\. .* answered HTTP 404\. Ask the target's owner to correct this\.$/,
    },
  ]) {
    it(`says so when ${name}`, async () => {
      await start(changes);
      const authorizer = await open();
      await assert.rejects(async () => authorizer.header(), says);
    });
  }
});
