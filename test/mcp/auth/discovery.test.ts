import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import type { AuthorizerOptions } from '../../../src/mcp/auth/open-authorizer.ts';
import { type AuthRig, issued } from './auth-rig.ts';
import {
  ASM,
  AUTH,
  challenge,
  missing,
  OIDC,
  type Pages,
  PRM,
  resource,
  server,
  startDiscovery,
} from './discovery-site.ts';

let rig: AuthRig;

afterEach(() => rig.close());

async function start(changes: Pages = {}): Promise<void> {
  rig = await startDiscovery(changes);
}

async function header(auth: object = {}, changes: Partial<AuthorizerOptions> = {}) {
  return (await rig.open({ ...AUTH, ...auth }, { mine: 's3cret-value' }, changes)).header();
}

const tokenForm = () => Object.fromEntries(rig.seen.find(({ path }) => path === '/token')?.form ?? []);

describe('discovery of the token endpoint', () => {
  it('goes where the challenge points, and sends what the challenge asks for', async () => {
    await start({
      '/mcp': (origin) => challenge('scope="read write"', `resource_metadata="${origin}/elsewhere"`),
      '/elsewhere': resource('/mcp', { scopes_supported: ['all'] }),
    });
    assert.deepEqual(await header(), { name: 'authorization', value: 'Bearer abc' });
    assert.deepEqual(rig.asked(), ['POST /mcp', 'GET /elsewhere', `GET ${ASM}`, 'POST /token']);
    assert.equal(rig.seen[0]?.headers.authorization, undefined);
    const form = { grant_type: 'client_credentials', scope: 'read write', resource: `${rig.origin}/mcp` };
    assert.deepEqual(tokenForm(), form);
  });

  it('looks at the well-known places of the path and of the root when no challenge points anywhere', async () => {
    await start({ [`${PRM}/mcp`]: missing, [PRM]: resource('') });
    await header();
    assert.deepEqual(rig.asked(), ['POST /mcp', `GET ${PRM}/mcp`, `GET ${PRM}`, `GET ${ASM}`, 'POST /token']);
    assert.equal(tokenForm().resource, rig.origin, 'as it is published, without a slash');
  });

  it('does not take a challenge from a reply that is no 401', async () => {
    await start({
      '/mcp': () => ({ headers: { 'www-authenticate': 'Bearer resource_metadata="http://127.0.0.1:1/", scope="x"' } }),
    });
    await header();
    assert.equal(tokenForm().scope, undefined);
  });

  for (const { name, at, tried } of [
    { name: 'RFC 8414', at: `${ASM}/realm/a`, tried: [`${ASM}/realm/a`] },
    { name: 'OpenID Connect, inserted', at: `${OIDC}/realm/a`, tried: [`${ASM}/realm/a`, `${OIDC}/realm/a`] },
    {
      name: 'OpenID Connect, appended',
      at: `/realm/a${OIDC}`,
      tried: [`${ASM}/realm/a`, `${OIDC}/realm/a`, `/realm/a${OIDC}`],
    },
  ]) {
    it(`finds an issuer with a path by ${name}`, async () => {
      await start({
        [`${PRM}/mcp`]: (origin) => resource('/mcp', { authorization_servers: [`${origin}/realm/a`] })(origin),
        [at]: server('/realm/a'),
      });
      await header();
      assert.deepEqual(rig.asked().slice(2), [...tried.map((path) => `GET ${path}`), 'POST /token']);
    });
  }

  it('takes the next authorization server when the first is of no use', async () => {
    await start({
      [`${PRM}/mcp`]: (origin) => resource('/mcp', { authorization_servers: [`${origin}/gone`, origin] })(origin),
    });
    await header();
    assert.equal(rig.asked().at(-1), 'POST /token');
  });

  for (const { name, scope, challenged, offered, sent } of [
    { name: 'the plan', scope: 'plan', challenged: 'challenge', offered: ['a', 'b'], sent: 'plan' },
    { name: 'the challenge', challenged: 'challenge', offered: ['a', 'b'], sent: 'challenge' },
    { name: 'the metadata', offered: ['a', 'b'], sent: 'a b' },
    { name: 'nobody', offered: [], sent: undefined },
  ]) {
    it(`asks for the scope of ${name}`, async () => {
      await start({
        '/mcp': () => challenge(...(challenged === undefined ? [] : [`scope="${challenged}"`])),
        [`${PRM}/mcp`]: resource('/mcp', { scopes_supported: offered }),
      });
      await header(scope === undefined ? {} : { scope });
      assert.equal(tokenForm().scope, sent);
    });
  }

  it('sends the resource of the plan, or none, when the plan says so', async () => {
    await start();
    await header({ resource: 'api://mine' });
    assert.equal(tokenForm().resource, 'api://mine');
    await rig.close();
    await start();
    await header({ resource: false });
    assert.equal(tokenForm().resource, undefined);
  });

  it('takes metadata for another resource only when the plan names that one', async () => {
    const other = { [`${PRM}/mcp`]: resource('/mcp', { resource: 'api://other' }) };
    await start(other);
    await assert.rejects(
      header(),
      /is for the resource api:\/\/other, not for http:\/\/127.*set auth\.resource to this resource/,
    );
    await header({ resource: 'api://other' });
    assert.equal(tokenForm().resource, 'api://other');
  });

  it('sends no resource to Microsoft Entra, whose issuer has a path', async () => {
    const issuer = 'https://login.microsoftonline.com/tenant/v2.0';
    await start({
      [`${PRM}/mcp`]: () => ({
        json: {
          resource: 'https://a.example/mcp',
          authorization_servers: [issuer],
          scopes_supported: ['api/.default'],
        },
      }),
      [`/tenant/v2.0${OIDC}`]: () => ({
        json: { issuer, token_endpoint: 'https://login.microsoftonline.com/tenant/oauth2/v2.0/token' },
      }),
      '/tenant/oauth2/v2.0/token': () => issued('entra'),
    });
    await header({}, { dispatcher: rig.anyHost, targetUrl: 'https://a.example/mcp' });
    const form = rig.seen.at(-1)?.form;
    assert.deepEqual(Object.fromEntries(form ?? []), { grant_type: 'client_credentials', scope: 'api/.default' });
    assert.equal(rig.seen.at(-1)?.headers.host, 'login.microsoftonline.com');
  });

  it('is done once, but again after it failed', async () => {
    let up = false;
    await start({ [ASM]: (origin) => (up ? server()(origin) : { status: 503 }), '/token': () => issued('abc') });
    let nowMs = 0;
    const authorizer = await rig.open(AUTH, { mine: 's3cret-value' }, { now: () => nowMs });
    await assert.rejects(async () => authorizer.header(), /oauth-authorization-server answered HTTP 503/);
    up = true;
    nowMs = 1000;
    authorizer.rejected(await authorizer.header());
    const soFar = rig.seen.length;
    await authorizer.header();
    assert.deepEqual(rig.asked().slice(soFar), ['POST /token']);
  });
});
