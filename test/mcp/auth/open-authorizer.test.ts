import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type AuthorizerOptions, openAuthorizer } from '../../../src/mcp/auth/open-authorizer.ts';
import { authSchema } from '../../../src/plan/target-schema.ts';

const open = (auth: object, secrets: Record<string, string> = {}) => {
  const options: AuthorizerOptions = {
    secrets: { get: async (name) => secrets[name] ?? Promise.reject(new Error(`there is no secret "${name}"`)) },
    now: () => 0,
    identityClientId: undefined,
  };
  return openAuthorizer(authSchema.parse(auth), options);
};

describe('openAuthorizer', () => {
  it('sends nothing, a bearer token or any header, the same object every time', async () => {
    const none = await open({ type: 'none' });
    assert.equal(none.header(), undefined);
    assert.equal(none.rejected(undefined), false);
    const bearer = await open({ type: 'bearer', secret: 'name' }, { name: 'value' });
    assert.deepEqual(bearer.header(), { name: 'authorization', value: 'Bearer value' });
    assert.equal(bearer.header(), bearer.header());
    assert.equal(bearer.rejected(undefined), false);
    assert.deepEqual(bearer.secretValues, []);
    const header = await open({ type: 'header', name: 'X-API-Key', secret: 'name' }, { name: 'value' });
    assert.deepEqual(header.header(), { name: 'x-api-key', value: 'value' });
  });

  it('names a secret that is missing', async () => {
    const tokenUrl = 'http://127.0.0.1:1/token';
    for (const auth of [
      { type: 'bearer', secret: 'gone' },
      { type: 'header', name: 'X-API-Key', secret: 'gone' },
      { type: 'client-credentials', tokenUrl, clientId: 'me', clientSecret: 'gone' },
    ])
      await assert.rejects(open(auth), /there is no secret "gone"/);
  });

  for (const [name, value] of [
    ['a line break', 's3cret\n'],
    ['a letter that is not ASCII', 's3cr€t'],
  ] as const) {
    it(`refuses a secret with ${name}, without showing it`, async () => {
      for (const auth of [
        { type: 'bearer', secret: 'odd' },
        { type: 'header', name: 'X-API-Key', secret: 'odd' },
      ]) {
        await assert.rejects(open(auth, { odd: value }), ({ message }: Error) => {
          assert.match(message, /The secret "odd" holds a character that no HTTP header may contain/);
          assert.doesNotMatch(message, /s3cr/);
          return true;
        });
      }
    });
  }

  it('fetches no token before one is asked for', async () => {
    const tokenUrl = 'http://127.0.0.1:1/token';
    const auth = { type: 'client-credentials', tokenUrl, clientId: 'me', clientSecret: 'name' };
    const authorizer = await open(auth, { name: 'value' });
    assert.deepEqual(authorizer.tokens, { fetched: 0, failed: 0, maxMs: 0 });
    await assert.rejects(
      async () => authorizer.header(),
      /token endpoint http:\/\/127\.0\.0\.1:1\/token gave no answer/,
    );
    assert.equal(authorizer.tokens.failed, 1);
  });
});
