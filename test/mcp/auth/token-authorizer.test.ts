import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { type Token, TokenAuthorizer } from '../../../src/mcp/auth/token-authorizer.ts';

let nowMs = 0;
let asked: PromiseWithResolvers<Token>[] = [];
let authorizer: TokenAuthorizer;

beforeEach(() => {
  nowMs = 1_000_000;
  asked = [];
  authorizer = new TokenAuthorizer(
    () => {
      const fetching = Promise.withResolvers<Token>();
      asked.push(fetching);
      return fetching.promise;
    },
    () => nowMs,
  );
});

const bearer = (value: string) => ({ name: 'authorization', value: `Bearer ${value}` });

/** Answers the latest fetch and waits until the authorizer has taken it. */
async function answer(value: string, lifeMs: number): Promise<void> {
  asked.at(-1)?.resolve({ value, expiresAtMs: nowMs + lifeMs });
  await new Promise(setImmediate);
}

async function fail(message: string): Promise<void> {
  asked.at(-1)?.reject(new Error(message));
  await new Promise(setImmediate);
}

/** Has a first token. */
async function start(value: string, lifeMs: number): Promise<void> {
  const first = authorizer.header();
  await answer(value, lifeMs);
  await first;
}

describe('TokenAuthorizer', () => {
  it('fetches once for all who wait, then answers without a promise', async () => {
    const waiting = [authorizer.header(), authorizer.header(), authorizer.header()];
    assert.equal(asked.length, 1);
    await answer('one', 3_600_000);
    assert.deepEqual(await Promise.all(waiting), [bearer('one'), bearer('one'), bearer('one')]);
    const header = authorizer.header();
    assert.ok(!(header instanceof Promise));
    assert.equal(authorizer.header(), header, 'the same object as long as the token is the same');
    assert.equal(asked.length, 1);
  });

  for (const { lifeMs, renewMs, what } of [
    { lifeMs: 3_600_000, renewMs: 3_300_000, what: 'five minutes before its end' },
    { lifeMs: 20_000, renewMs: 16_000, what: 'after four fifths of a short life' },
  ]) {
    it(`renews a token in the background ${what}`, async () => {
      await start('one', lifeMs);
      nowMs += renewMs - 1;
      authorizer.header();
      assert.equal(asked.length, 1);
      nowMs += 1;
      assert.deepEqual(authorizer.header(), bearer('one'));
      assert.deepEqual(authorizer.header(), bearer('one'));
      assert.equal(asked.length, 2);
      await answer('two', lifeMs);
      assert.deepEqual(authorizer.header(), bearer('two'));
      assert.deepEqual(authorizer.secretValues, ['two', 'one']);
      assert.equal(asked.length, 2);
    });
  }

  it('goes on with a token that holds when its renewal fails, and tries again a second later', async () => {
    await start('one', 20_000);
    nowMs += 16_000;
    authorizer.header();
    await fail('endpoint is down');
    assert.deepEqual(authorizer.header(), bearer('one'));
    nowMs += 999;
    assert.deepEqual(authorizer.header(), bearer('one'));
    assert.equal(asked.length, 2);
    nowMs += 1;
    assert.deepEqual(authorizer.header(), bearer('one'));
    assert.equal(asked.length, 3);
    await answer('two', 20_000);
    assert.deepEqual(authorizer.header(), bearer('two'));
    assert.deepEqual(authorizer.tokens, { fetched: 2, failed: 1, maxMs: 0 });
  });

  it('waits for the renewal under way once the old token has ended', async () => {
    await start('one', 20_000);
    nowMs += 16_000;
    authorizer.header();
    nowMs += 4_000;
    const waiting = authorizer.header();
    assert.ok(waiting instanceof Promise);
    assert.equal(asked.length, 2);
    await answer('two', 20_000);
    assert.deepEqual(await waiting, bearer('two'));
    assert.equal(authorizer.tokens.maxMs, 4000);
  });

  it('fails all who wait, and those of the next second without asking', async () => {
    const waiting = [authorizer.header(), authorizer.header()].map((header) =>
      assert.rejects(async () => header, /no luck/),
    );
    await fail('no luck');
    await Promise.all(waiting);
    nowMs += 999;
    await assert.rejects(async () => authorizer.header(), /no luck/);
    assert.equal(asked.length, 1);
    assert.deepEqual(authorizer.tokens, { fetched: 0, failed: 1, maxMs: 0 });
    nowMs += 1;
    const next = authorizer.header();
    assert.equal(asked.length, 2);
    await answer('one', 20_000);
    assert.deepEqual(await next, bearer('one'));
  });

  it('fetches anew after a rejection, once for all who were rejected', async () => {
    await start('one', 3_600_000);
    const rejected = await authorizer.header();
    assert.equal(authorizer.rejected(rejected), true);
    const first = authorizer.header();
    assert.equal(authorizer.rejected(rejected), true);
    const second = authorizer.header();
    assert.equal(asked.length, 2);
    await answer('two', 3_600_000);
    assert.deepEqual(await Promise.all([first, second]), [bearer('two'), bearer('two')]);
    // A reply that was slow: the header it rejects is no longer in use.
    authorizer.rejected(rejected);
    assert.deepEqual(authorizer.header(), bearer('two'));
    assert.equal(asked.length, 2);
  });

  it('names the latest tokens as secrets, but not all that ever were', async () => {
    assert.equal(authorizer.secretValues.length, 0);
    for (let i = 1; i <= 10; i++) {
      await start(`token-${i}`, 1000);
      nowMs += 1000;
    }
    assert.equal(authorizer.secretValues[0], 'token-10');
    assert.equal(authorizer.secretValues.length, 8);
    assert.ok(authorizer.secretValues.includes('token-3'));
  });
});
