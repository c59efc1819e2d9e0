import assert from 'node:assert/strict';
import { createPublicKey, generateKeyPairSync, type KeyObject, verify } from 'node:crypto';
import { afterEach, describe, it } from 'node:test';
import { type AuthRig, issued, type Seen, startAuthRig } from './auth-rig.ts';

const AUTH = { type: 'client-credentials', clientId: 'my-client.1', clientSecret: 'mine' };
const SECRET = 's3cret+value/with=signs &:€';

let rig: AuthRig;

afterEach(() => rig.close());

/** Starts a target whose authorization server has this metadata. */
async function start(metadata: object = {}): Promise<void> {
  rig = await startAuthRig(({ path }, origin) => {
    switch (path) {
      case '/.well-known/oauth-protected-resource/mcp':
        return { json: { resource: `${origin}/mcp`, authorization_servers: [origin] } };
      case '/.well-known/oauth-authorization-server':
        return { json: { issuer: origin, token_endpoint: `${origin}/token`, ...metadata } };
      default:
        return path === '/token' ? issued('abc') : { status: 401 };
    }
  });
}

async function tokenRequest(auth: object, secret = SECRET): Promise<Seen> {
  await (await rig.open(auth, { mine: secret })).header();
  return rig.seen.at(-1) as Seen;
}

const methods = (...names: string[]) => ({ token_endpoint_auth_methods_supported: names });

describe('a client secret', () => {
  const named = { ...AUTH, tokenUrl: '' };
  for (const { name, metadata, auth, placement } of [
    { name: 'by Basic to a server that does not say how', metadata: {}, auth: AUTH, placement: 'basic' },
    {
      name: 'by Basic to a server that accepts both',
      metadata: methods('client_secret_post', 'client_secret_basic'),
      auth: AUTH,
      placement: 'basic',
    },
    {
      name: 'in the body to a server that accepts only that',
      metadata: methods('private_key_jwt', 'client_secret_post'),
      auth: AUTH,
      placement: 'post',
    },
    {
      name: 'as the plan says, whatever the server says',
      metadata: methods('none'),
      auth: { ...AUTH, clientAuthentication: 'post' },
      placement: 'post',
    },
    { name: 'in the body to an endpoint that the plan names', metadata: {}, auth: named, placement: 'post' },
    {
      name: 'by Basic to an endpoint that the plan names, when the plan says so',
      metadata: {},
      auth: { ...named, clientAuthentication: 'basic' },
      placement: 'basic',
    },
  ]) {
    it(`is sent ${name}`, async () => {
      await start(metadata);
      const withUrl = 'tokenUrl' in auth ? { ...auth, tokenUrl: `${rig.origin}/token` } : auth;
      const { headers, form } = await tokenRequest(withUrl);
      if (placement === 'post') {
        assert.equal(form.get('client_id'), AUTH.clientId);
        assert.equal(form.get('client_secret'), SECRET);
        assert.equal(headers.authorization, undefined);
        return;
      }
      assert.equal(form.has('client_id') || form.has('client_secret'), false);
      const credentials = Buffer.from(headers.authorization?.replace(/^Basic /, '') ?? '', 'base64').toString();
      const [id = '', secret = ''] = credentials.split(':');
      assert.equal(id, AUTH.clientId, 'the id is not encoded, as it needs no encoding');
      assert.equal(new URLSearchParams(`secret=${secret}`).get('secret'), SECRET);
    });
  }

  it('is not sent when the server does not accept secrets', async () => {
    await start(methods('private_key_jwt', 'none'));
    await assert.rejects(
      tokenRequest(AUTH),
      /authorization server http:\S+ does not accept a client secret, only private_key_jwt, none; .*auth\.clientAuthentication/,
    );
    assert.ok(!rig.asked().includes('POST /token'));
  });
});

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' });
const ed25519 = generateKeyPairSync('ed25519');
const pem = ({ privateKey }: { privateKey: KeyObject }) =>
  privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const jwk = ({ privateKey }: { privateKey: KeyObject }, more: object = {}) =>
  JSON.stringify({ ...privateKey.export({ format: 'jwk' }), ...more });

/** Node's parameters for each algorithm. */
const VERIFIERS: Record<string, { hash: string | null; options?: object }> = {
  ES256: { hash: 'sha256', options: { dsaEncoding: 'ieee-p1363' } },
  ES384: { hash: 'sha384', options: { dsaEncoding: 'ieee-p1363' } },
  RS256: { hash: 'sha256' },
  RS384: { hash: 'sha384' },
  PS256: { hash: 'sha256', options: { padding: 6, saltLength: 32 } },
  EdDSA: { hash: null },
  Ed25519: { hash: null },
};

/** Header and claims of an assertion. Its signature must be valid. */
function verified(assertion: string, privateKey: KeyObject) {
  const [head = '', claims = '', signature = ''] = assertion.split('.');
  const [header, payload] = [head, claims].map((part) => JSON.parse(Buffer.from(part, 'base64url').toString()));
  const { hash, options } = VERIFIERS[header.alg] ?? assert.fail(`unexpected ${header.alg}`);
  const key = { key: createPublicKey(privateKey), ...options };
  const signed = Buffer.from(`${head}.${claims}`);
  assert.ok(verify(hash, signed, key, Buffer.from(signature, 'base64url')), 'the signature is valid');
  return { header, payload };
}

describe('a private key', () => {
  const auth = { type: 'client-credentials', clientId: 'me', privateKey: 'mine' };
  const algorithms = (...names: string[]) => ({ token_endpoint_auth_signing_alg_values_supported: names });
  for (const { name, pair, text, metadata = {}, plan = {}, head } of [
    { name: 'P-256 in PEM', pair: p256, text: pem(p256), head: { alg: 'ES256' } },
    { name: 'P-384 as a JWK', pair: p384, text: jwk(p384, { kid: 'k1' }), head: { alg: 'ES384', kid: 'k1' } },
    {
      name: 'RSA in PEM',
      pair: rsa,
      text: `\n${pem(rsa)}\n`,
      plan: { keyId: 'k2' },
      head: { alg: 'RS256', kid: 'k2' },
    },
    {
      name: 'RSA for a server that accepts only PSS',
      pair: rsa,
      text: pem(rsa),
      metadata: algorithms('ES256', 'PS256'),
      head: { alg: 'PS256' },
    },
    {
      name: 'RSA with the algorithm of the plan',
      pair: rsa,
      text: jwk(rsa, { alg: 'RS256' }),
      metadata: algorithms('RS256'),
      plan: { algorithm: 'RS384' },
      head: { alg: 'RS384' },
    },
    { name: 'RSA with its own algorithm', pair: rsa, text: jwk(rsa, { alg: 'PS256' }), head: { alg: 'PS256' } },
    { name: 'Ed25519 under its old name', pair: ed25519, text: pem(ed25519), head: { alg: 'EdDSA' } },
    {
      name: 'Ed25519 under its new name, when the server supports it',
      pair: ed25519,
      text: pem(ed25519),
      metadata: algorithms('Ed25519'),
      head: { alg: 'Ed25519' },
    },
  ]) {
    it(`signs an assertion: ${name}`, async () => {
      await start({ ...methods('private_key_jwt'), ...metadata });
      const { headers, form } = await tokenRequest({ ...auth, ...plan }, text);
      assert.equal(headers.authorization, undefined);
      assert.equal(form.get('client_assertion_type'), 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer');
      const { header, payload } = verified(form.get('client_assertion') ?? '', pair.privateKey);
      assert.deepEqual(header, head);
      const { iss, sub, aud, exp, iat, jti } = payload;
      assert.deepEqual({ iss, sub, aud }, { iss: 'me', sub: 'me', aud: rig.origin });
      assert.ok(exp > Date.now() / 1000 && exp <= iat + 300 && iat <= Date.now() / 1000, JSON.stringify(payload));
      assert.ok(jti.length >= 16);
    });
  }

  it('signs a new assertion each time, for the token endpoint when the issuer is unknown', async () => {
    await start();
    const tokenUrl = `${rig.origin}/token`;
    const authorizer = await rig.open({ ...auth, tokenUrl }, { mine: pem(p256) });
    authorizer.rejected(await authorizer.header());
    await authorizer.header();
    const claims = rig.seen.map(({ form }) => verified(form.get('client_assertion') ?? '', p256.privateKey).payload);
    assert.deepEqual(
      claims.map(({ aud }) => aud),
      [tokenUrl, tokenUrl],
    );
    assert.notEqual(claims[0].jti, claims[1].jti);
  });

  it('is not used for a server that supports none of its algorithms', async () => {
    await start(algorithms('RS256'));
    await assert.rejects(
      tokenRequest(auth, pem(p256)),
      /accepts assertions signed with RS256, but the private key supports ES256; use another key/,
    );
  });

  for (const { name, text, plan = {}, says } of [
    { name: 'not a key', text: 'hunter2-hunter2', says: /The secret "mine" does not contain a readable private key/ },
    {
      name: 'broken JSON',
      text: '{"kty":"EC","d":"hunter2',
      says: /The secret "mine" does not contain a readable private key/,
    },
    {
      name: 'a public key',
      text: JSON.stringify(p256.publicKey.export({ format: 'jwk' })),
      says: /The secret "mine" does not contain a readable private key/,
    },
    {
      name: 'a key that cannot sign',
      text: pem(generateKeyPairSync('x25519')),
      says: /The private key in the secret "mine" supports no algorithm that servers accept/,
    },
    {
      name: 'a key that cannot sign as the plan wants',
      text: pem(p256),
      plan: { algorithm: 'RS256' },
      says: /The private key in the secret "mine" supports ES256, not RS256/,
    },
  ]) {
    it(`is refused before any request when it is ${name}`, async () => {
      await start();
      await assert.rejects(rig.open({ ...auth, ...plan }, { mine: text }), ({ message }: Error) => {
        assert.match(message, says);
        assert.ok(!message.includes('hunter2') && !message.includes(text.slice(30, 60) || '-----'), message);
        return true;
      });
      assert.equal(rig.seen.length, 0);
    });
  }
});
