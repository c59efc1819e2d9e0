import assert from 'node:assert/strict';
import { afterEach, it } from 'node:test';
import type { AuthorizerOptions } from '../../../src/mcp/auth/open-authorizer.ts';
import type { AuthRig } from './auth-rig.ts';
import { ASM, AUTH, challenge, missing, type Pages, PRM, resource, server, startDiscovery } from './discovery-site.ts';

let rig: AuthRig;

afterEach(() => rig.close());

async function start(changes: Pages = {}): Promise<void> {
  rig = await startDiscovery(changes);
}

async function header(auth: object = {}, changes: Partial<AuthorizerOptions> = {}) {
  return (await rig.open({ ...AUTH, ...auth }, { mine: 's3cret-value' }, changes)).header();
}

/** Expects that no token is fetched, for this reason, and that the secret was not sent. */
async function refused(says: RegExp, auth: object = {}, changes: Partial<AuthorizerOptions> = {}): Promise<void> {
  await assert.rejects(header(auth, changes), ({ message }: Error) => {
    assert.match(message, says);
    assert.match(
      message,
      /^Found no token endpoint for http\S+\/mcp\. .*\. To skip discovery, set auth\.tokenUrl in the plan\.$/,
    );
    return true;
  });
  assert.ok(!rig.asked().includes('POST /token'), rig.asked().join());
}

const cases: { name: string; changes: Pages; says: RegExp }[] = [
  {
    name: 'no metadata at all',
    changes: { '/mcp': () => ({ status: 200, body: '{}' }), [`${PRM}/mcp`]: missing },
    says: /Without a token it answered HTTP 200\. The protected.*resource\/mcp answered HTTP 404\. The.*HTTP 404\./,
  },
  {
    name: 'a redirect',
    changes: { [`${PRM}/mcp`]: () => ({ status: 302, headers: { location: '/token' } }) },
    says: /The protected resource metadata \S+\/mcp answered HTTP 302/,
  },
  {
    name: 'a body that is not JSON',
    changes: { [`${PRM}/mcp`]: () => ({ body: '<html>' }) },
    says: /The protected resource metadata \S+\/mcp is not usable: the body: /,
  },
  {
    name: 'no authorization server',
    changes: { [`${PRM}/mcp`]: resource('/mcp', { authorization_servers: [] }) },
    says: /is not usable: authorization_servers: /,
  },
  {
    name: 'an authorization server that is not a URL',
    changes: { [`${PRM}/mcp`]: resource('/mcp', { authorization_servers: ['here'] }) },
    says: /The authorization server here is not a URL/,
  },
  {
    name: 'metadata for a path that does not cover the target',
    changes: { [`${PRM}/mcp`]: resource('/mcp/below') },
    says: /is for the resource \S+\/mcp\/below, not for /,
  },
  {
    name: 'an issuer that differs by a slash after its path',
    changes: {
      [`${PRM}/mcp`]: (origin) => ({
        json: { resource: `${origin}/mcp`, authorization_servers: [`${origin}/tenant`] },
      }),
      [`${ASM}/tenant`]: server('/tenant/'),
    },
    says: /belongs to the issuer http:\S+\/tenant\/, not to http:\S+\/tenant\./,
  },
  {
    name: 'no token endpoint',
    changes: { [ASM]: server('', { token_endpoint: undefined }) },
    says: /The authorization server metadata \S+ is not usable: token_endpoint: expected an http or https URL/,
  },
  {
    name: 'an authorization server that cannot be reached',
    changes: { [`${PRM}/mcp`]: resource('/mcp', { authorization_servers: ['http://127.0.0.1:1'] }) },
    says: /metadata http:\/\/127\.0\.0\.1:1\/\S+ gave no usable answer: .*ECONNREFUSED/,
  },
  {
    name: 'plain http to another machine',
    changes: { [`${PRM}/mcp`]: resource('/mcp', { authorization_servers: ['http://192.0.2.1'] }) },
    says: /metadata http:\/\/192\.0\.2\.1\/\S+ must use https; plain http is allowed for this machine only/,
  },
  {
    name: 'a password in a URL',
    changes: { '/mcp': () => challenge('resource_metadata="http://u:p@127.0.0.1/"') },
    says: /The protected resource metadata must not have a user name or password in its URL\./,
  },
  {
    name: 'a challenge that points nowhere, although there is well-known metadata',
    changes: { '/mcp': () => challenge('resource_metadata="/elsewhere"') },
    says: /The protected resource metadata \/elsewhere is not a URL/,
  },
];
for (const { name, changes, says } of cases) {
  it(`discovery that fails reports ${name}`, async () => {
    await start(changes);
    await refused(says);
  });
}

it('discovery that fails reports a target that does not answer', async () => {
  await start();
  const targetUrl = 'http://127.0.0.1:1/mcp';
  await refused(/The target http:\/\/127\.0\.0\.1:1\/mcp gave no usable answer: .*ECONNREFUSED/, {}, { targetUrl });
});

for (const { what, path } of [
  { what: 'the target', path: '/mcp' },
  { what: 'resource metadata', path: `${PRM}/mcp` },
  { what: 'the metadata of the authorization server', path: ASM },
]) {
  it(`discovery that fails sends nothing to ${what} when the operator does not allow its address`, async () => {
    await start();
    const problemOfAddress = (url: string) => (new URL(url).pathname === path ? 'it is not on the list.' : undefined);
    await refused(/ http\S+ is not allowed: it is not on the list/, {}, { problemOfAddress });
    assert.ok(!rig.seen.some((seen) => seen.path === path));
  });
}

it('discovery that fails sends nothing to a token endpoint that the operator does not allow', async () => {
  await start({ [ASM]: server('', { token_endpoint: 'https://evil.example/token' }) });
  const problemOfAddress = (url: string) => (url.startsWith('https://evil') ? 'it is not on the list.' : undefined);
  await assert.rejects(
    header({}, { problemOfAddress }),
    /^Error: The token endpoint https:\/\/evil\.example\/token is not allowed: it is not on the list\.$/,
  );
  assert.equal(rig.seen.length, 3);
});
