import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import fc from 'fast-check';
import { covers, resourceMetadataUrls, serverMetadataUrls } from '../../../src/mcp/auth/discovery.ts';
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

describe('resourceMetadataUrls', () => {
  it('puts the well-known name before the path, keeps the query, and lists the root once', () => {
    assert.deepEqual(resourceMetadataUrls('https://a.example/x/mcp?v=1'), [
      'https://a.example/.well-known/oauth-protected-resource/x/mcp?v=1',
      'https://a.example/.well-known/oauth-protected-resource',
    ]);
    assert.deepEqual(resourceMetadataUrls('https://a.example'), [
      'https://a.example/.well-known/oauth-protected-resource',
    ]);
  });
});

describe('serverMetadataUrls', () => {
  it('returns three URLs for an issuer with a path, and two for one without', () => {
    assert.deepEqual(serverMetadataUrls('https://a.example/realm/'), [
      'https://a.example/.well-known/oauth-authorization-server/realm',
      'https://a.example/.well-known/openid-configuration/realm',
      'https://a.example/realm/.well-known/openid-configuration',
    ]);
    assert.deepEqual(serverMetadataUrls('https://a.example'), [
      'https://a.example/.well-known/oauth-authorization-server',
      'https://a.example/.well-known/openid-configuration',
    ]);
  });
});

describe('covers', () => {
  for (const [resource, target, expected] of [
    ['https://a.example/mcp', 'https://a.example/mcp', true],
    ['https://A.example:443/mcp/', 'https://a.example/mcp', true],
    ['https://a.example', 'https://a.example/x/mcp', true],
    ['https://a.example/x', 'https://a.example/x/mcp', true],
    ['https://a.example/x', 'https://a.example/xmcp', false],
    ['https://a.example/x/mcp', 'https://a.example/x', false],
    ['https://a.example/x/../mcp', 'https://a.example/x', false],
    ['https://a.example:8443/mcp', 'https://a.example/mcp', false],
    ['http://a.example/mcp', 'https://a.example/mcp', false],
    ['https://b.example/mcp', 'https://a.example/mcp', false],
    ['https://a.example.evil.example/', 'https://a.example/mcp', false],
    ['https://a.example/mcp?tenant=1', 'https://a.example/mcp?tenant=1', true],
    ['https://a.example/mcp?tenant=1', 'https://a.example/mcp?tenant=2', false],
    ['https://a.example/mcp#x', 'https://a.example/mcp', false],
    ['api://a', 'https://a.example/mcp', false],
    ['', 'https://a.example/mcp', false],
  ] as const) {
    it(`returns ${expected} for the resource ${resource || '(empty)'} and the target ${target}`, () => {
      assert.equal(covers(resource, target), expected);
    });
  }

  it('returns false across origins', () => {
    fc.assert(
      fc.property(fc.webUrl(), fc.webUrl(), (resource, target) => {
        assert.ok(!covers(resource, target) || new URL(resource).origin === new URL(target).origin);
        assert.ok(covers(target.replace(/#.*/, ''), target));
      }),
    );
  });
});

let rig: AuthRig;

async function start(changes: Pages = {}): Promise<void> {
  rig = await startDiscovery(changes);
}

async function header(auth: object = {}, changes: Partial<AuthorizerOptions> = {}) {
  return (await rig.open({ ...AUTH, ...auth }, { mine: 's3cret-value' }, changes)).header();
}

const tokenForm = () => Object.fromEntries(rig.seen.find(({ path }) => path === '/token')?.form ?? []);

describe('discovery of the token endpoint', () => {
  afterEach(() => rig.close());

  it('uses the metadata and the scope of the challenge', async () => {
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

  it('tries the well-known URLs of the path and of the root when no challenge has a URL', async () => {
    await start({ [`${PRM}/mcp`]: missing, [PRM]: resource('') });
    await header();
    assert.deepEqual(rig.asked(), ['POST /mcp', `GET ${PRM}/mcp`, `GET ${PRM}`, `GET ${ASM}`, 'POST /token']);
    assert.equal(tokenForm().resource, rig.origin, 'as it is published, without a slash');
  });

  it('ignores the challenge of a reply that is not a 401', async () => {
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

  /** Two authorization servers, of which the first has no metadata. */
  const firstIsDown = (origin: string) =>
    resource('/mcp', { authorization_servers: [`${origin}/gone`, origin] })(origin);

  it('sends nothing to another authorization server when the first is not usable', async () => {
    await start({ [`${PRM}/mcp`]: firstIsDown });
    await assert.rejects(header(), ({ message }: Error) => {
      assert.ok(
        message.includes(`The target also lists ${rig.origin}; to send the credentials there, set auth.issuer`),
      );
      return true;
    });
    assert.ok(
      !rig.asked().some((asked) => asked.startsWith('POST /token') || asked === `GET ${ASM}`),
      `${rig.asked()}`,
    );
  });

  it('uses the authorization server that the plan names, with or without a slash at its end', async () => {
    for (const end of ['', '/']) {
      await start({ [`${PRM}/mcp`]: firstIsDown });
      await header({ issuer: `${rig.origin}${end}` });
      assert.deepEqual(rig.asked().slice(2), [`GET ${ASM}`, 'POST /token']);
      if (end === '') await rig.close();
    }
  });

  it('sends nothing to an authorization server that the plan names and the target does not list', async () => {
    await start();
    await assert.rejects(
      header({ issuer: 'https://as.example' }),
      /The target lists the authorization servers http:\S+, not auth\.issuer, which is https:\/\/as\.example\./,
    );
    assert.deepEqual(rig.asked().slice(2), []);
  });

  it('sends no secret to a token endpoint that the operator does not list for it', async () => {
    await start();
    const asked: string[] = [];
    const problemOfSecret = (name: string, url: string) => {
      asked.push(`${name} ${url}`);
      return 'the secret "mine" may go elsewhere.';
    };
    const authorizer = await rig.open(AUTH, { mine: 's3cret-value' }, { problemOfSecret });
    await assert.rejects(
      async () => authorizer.header(),
      /It lists http:\S+, but the secret "mine" may go elsewhere\. To skip/,
    );
    assert.deepEqual(asked, [`mine ${rig.origin}/token`]);
    assert.ok(!rig.asked().includes('POST /token'));
  });

  it('names the authorization server that got the credentials, unless the plan names it', async () => {
    await start();
    const discovered = await rig.open(AUTH, { mine: 's3cret-value' });
    assert.equal(discovered.discoveredIssuer, undefined);
    await discovered.header();
    assert.equal(discovered.discoveredIssuer, rig.origin);
    for (const named of [{ issuer: rig.origin }, { tokenUrl: `${rig.origin}/token` }]) {
      const authorizer = await rig.open({ ...AUTH, ...named }, { mine: 's3cret-value' });
      await authorizer.header();
      assert.equal(authorizer.discoveredIssuer, undefined);
    }
  });

  for (const { name, scope, challenged, offered, sent } of [
    { name: 'the plan', scope: 'plan', challenged: 'challenge', offered: ['a', 'b'], sent: 'plan' },
    { name: 'the challenge', challenged: 'challenge', offered: ['a', 'b'], sent: 'challenge' },
    { name: 'the metadata', offered: ['a', 'b'], sent: 'a b' },
    { name: 'nobody', offered: [], sent: undefined },
  ]) {
    it(`requests the scope of ${name}`, async () => {
      await start({
        '/mcp': () => challenge(...(challenged === undefined ? [] : [`scope="${challenged}"`])),
        [`${PRM}/mcp`]: resource('/mcp', { scopes_supported: offered }),
      });
      await header(scope === undefined ? {} : { scope });
      assert.equal(tokenForm().scope, sent);
    });
  }

  it('sends the resource that the plan names, or none when the plan says so', async () => {
    await start();
    await header({ resource: 'api://mine' });
    assert.equal(tokenForm().resource, 'api://mine');
    await rig.close();
    await start();
    await header({ resource: false });
    assert.equal(tokenForm().resource, undefined);
  });

  it('accepts metadata for another resource only when the plan names that resource', async () => {
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

  it('runs once, and again after a failure', async () => {
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
