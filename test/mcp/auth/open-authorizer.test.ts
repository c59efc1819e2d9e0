import assert from 'node:assert/strict';
import { afterEach, beforeEach, it } from 'node:test';
import { type AuthRig, issued, startAuthRig } from './auth-rig.ts';

let rig: AuthRig;
let count = 0;

beforeEach(async () => {
  count = 0;
  rig = await startAuthRig(({ path }) => (path === '/token' ? issued(`token-${++count}`) : { status: 401 }));
});
afterEach(() => rig.close());

const credentials = (more: object = {}) => ({
  type: 'client-credentials',
  tokenUrl: `${rig.origin}/token`,
  clientId: 'me',
  clientSecret: 'name',
  ...more,
});

it('openAuthorizer returns no header, a bearer token or any header, the same object every time', async () => {
  const none = await rig.open({ type: 'none' });
  assert.equal(none.header(), undefined);
  assert.equal(none.rejected(undefined), false);
  const bearer = await rig.open({ type: 'bearer', secret: 'name' }, { name: 'value' });
  await bearer.prepare();
  assert.deepEqual(bearer.header(), { name: 'authorization', value: 'Bearer value' });
  assert.equal(bearer.header(), bearer.header());
  assert.equal(bearer.rejected(undefined), false);
  assert.deepEqual(rig.redacted, []);
  const header = await rig.open({ type: 'header', name: 'X-API-Key', secret: 'name' }, { name: 'value' });
  assert.deepEqual(header.header(), { name: 'x-api-key', value: 'value' });
  assert.equal(rig.seen.length, 0);
});

it('openAuthorizer names a secret that is missing', async () => {
  const client = { clientId: 'me' };
  const identityProvider = { tokenUrl: 'http://127.0.0.1:1/', clientId: 'me' };
  const managed = { type: 'enterprise-managed', ...client, idToken: 'name', identityProvider };
  for (const auth of [
    { type: 'bearer', secret: 'gone' },
    { type: 'header', name: 'X-API-Key', secret: 'gone' },
    { type: 'client-credentials', ...client, clientSecret: 'gone' },
    { type: 'client-credentials', ...client, privateKey: 'gone' },
    { type: 'jwt-bearer', assertion: 'gone' },
    { ...managed, idToken: 'gone' },
    { ...managed, clientSecret: 'gone' },
    { ...managed, identityProvider: { ...identityProvider, clientSecret: 'gone' } },
  ])
    await assert.rejects(rig.open(auth, { name: 'value' }), /there is no secret "gone"/);
});

for (const [name, value] of [
  ['a line break', 's3cret\n'],
  ['a letter that is not ASCII', 's3cr€t'],
] as const) {
  it(`openAuthorizer refuses a secret with ${name}, without showing it`, async () => {
    for (const auth of [
      { type: 'bearer', secret: 'odd' },
      { type: 'header', name: 'X-API-Key', secret: 'odd' },
    ]) {
      await assert.rejects(rig.open(auth, { odd: value }), ({ message }: Error) => {
        assert.match(message, /The secret "odd" contains a character that is not allowed in an HTTP header/);
        assert.doesNotMatch(message, /s3cr/);
        return true;
      });
    }
  });
}

it('openAuthorizer fetches no token before the first request', async () => {
  const authorizer = await rig.open(credentials({ tokenUrl: 'http://127.0.0.1:1/token' }), { name: 'value' });
  assert.deepEqual(authorizer.tokens, { fetched: 0, failed: 0, maxMs: 0 });
  await assert.rejects(
    async () => authorizer.header(),
    /token endpoint http:\/\/127\.0\.0\.1:1\/token gave no usable answer/,
  );
  assert.equal(authorizer.tokens.failed, 1);
});

it('openAuthorizer shares one token among the authorizers of a target in the process', async () => {
  const [first, second] = [
    await rig.open(credentials(), { name: 'value' }),
    await rig.open(credentials(), { name: 'value' }),
  ];
  await Promise.all([first.prepare(), second.prepare()]);
  assert.deepEqual(first.header(), { name: 'authorization', value: 'Bearer token-1' });
  assert.equal(first.header(), second.header());
  assert.equal(rig.seen.length, 1);
  assert.equal(first.tokens.fetched + second.tokens.fetched, 1);
});

it('openAuthorizer fetches a separate token for a rotated secret, another target, client or identity', async () => {
  const value = { name: 'value' };
  const authorizers = [
    await rig.open(credentials(), value),
    await rig.open(credentials(), { name: 'rotated' }),
    await rig.open(credentials(), value, { targetUrl: `${rig.origin}/other` }),
    await rig.open(credentials({ clientId: 'you' }), value),
    await rig.open(credentials(), value, { entraIdentity: { kind: 'managed', clientId: 'id' } }),
  ];
  await Promise.all(authorizers.map((each) => each.prepare()));
  assert.equal(rig.seen.length, authorizers.length);
  assert.deepEqual(rig.seen.map(({ form }) => form.get('client_secret')).sort(), [
    'rotated',
    'value',
    'value',
    'value',
    'value',
  ]);
});
