import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TokenAuthorizer, TokenSource } from '../../../src/mcp/auth/token-source.ts';

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
    const [first, second] = [new TokenAuthorizer(source), new TokenAuthorizer(source)];
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
    for (const { secretValues } of [first, second]) assert.deepEqual(secretValues, ['two', 'one']);
  });

  it('prepares the first token, so that no request waits', async () => {
    const { source } = sourceOf('one');
    const authorizer = new TokenAuthorizer(source);
    await authorizer.prepare();
    assert.deepEqual(authorizer.header(), { name: 'authorization', value: 'Bearer one' });
    await authorizer.prepare();
    assert.deepEqual(authorizer.tokens, { fetched: 1, failed: 0, maxMs: 1000 });
  });

  it('counts a preparation that fails, and leaves its reason to the request that comes next', async () => {
    const { source } = sourceOf(new Error('no luck'));
    const authorizer = new TokenAuthorizer(source);
    await authorizer.prepare();
    assert.deepEqual(authorizer.tokens, { fetched: 0, failed: 1, maxMs: 1000 });
    await assert.rejects(async () => authorizer.header(), /no luck/);
    assert.equal(authorizer.tokens.failed, 1);
  });
});
