import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TokenAuthorizer, TokenSource } from '../../../src/mcp/auth/token-source.ts';
import { Redactor } from '../../../src/secrets/redact.ts';

/** A source whose fetches take a second each; each fetch gives what the list holds next. */
function sourceOf(...outcomes: readonly (string | Error)[]) {
  const left = [...outcomes];
  let nowMs = 0;
  const source = new TokenSource(
    async () => {
      await new Promise(setImmediate);
      nowMs += 1000;
      const next = left.shift();
      if (typeof next === 'string') return { value: next, expiresAtMs: nowMs + 3_600_000 };
      throw next ?? new Error('nobody expected this fetch');
    },
    () => nowMs,
  );
  return { source, left };
}

describe('TokenAuthorizer', () => {
  it('counts the fetches that it set off, so that those of one source add up', async () => {
    const { source, left } = sourceOf('one', 'two');
    const redacted: string[][] = [[], []];
    const [first, second] = redacted.map(
      (tokens) => new TokenAuthorizer(source, { add: (token) => tokens.push(token) }),
    ) as [TokenAuthorizer, TokenAuthorizer];
    const [header] = await Promise.all([first.header(), second.header()]);
    assert.deepEqual(first.tokens, { fetched: 1, failed: 0, maxMs: 1000 });
    assert.deepEqual(second.tokens, { fetched: 0, failed: 0, maxMs: 0 });
    // Both were sent away with the same token; the second asks for the next.
    assert.equal(first.rejected(header), true);
    assert.equal(second.rejected(header), true);
    assert.deepEqual(await Promise.all([second.header(), first.header()]), [
      { name: 'authorization', value: 'Bearer two' },
      { name: 'authorization', value: 'Bearer two' },
    ]);
    assert.equal(first.tokens.fetched, 1);
    assert.equal(second.tokens.fetched, 1);
    assert.deepEqual(left, []);
    for (const tokens of redacted) assert.deepEqual(tokens, ['one', 'two']);
  });

  it('adds a token to its redactor before anybody can send it, until it is closed', async () => {
    const { source } = sourceOf('token-one', 'token-two');
    const redactor = new Redactor();
    const authorizer = new TokenAuthorizer(source, redactor);
    const header = await authorizer.header();
    assert.equal(redactor.redact(`sent ${header?.value}`), 'sent Bearer [redacted]');
    authorizer.close();
    authorizer.rejected(header);
    await authorizer.header();
    assert.equal(redactor.redact('token-one, token-two'), '[redacted], token-two');
  });

  it('prepares the first token, so that no request waits', async () => {
    const { source } = sourceOf('one');
    const authorizer = new TokenAuthorizer(source, new Redactor());
    await authorizer.prepare();
    assert.deepEqual(authorizer.header(), { name: 'authorization', value: 'Bearer one' });
    await authorizer.prepare();
    assert.deepEqual(authorizer.tokens, { fetched: 1, failed: 0, maxMs: 1000 });
  });

  it('counts a preparation that fails, and leaves its reason to the request that comes next', async () => {
    const { source } = sourceOf(new Error('no luck'));
    const authorizer = new TokenAuthorizer(source, new Redactor());
    await authorizer.prepare();
    assert.deepEqual(authorizer.tokens, { fetched: 0, failed: 1, maxMs: 1000 });
    await assert.rejects(async () => authorizer.header(), /no luck/);
    assert.equal(authorizer.tokens.failed, 1);
  });
});
