import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { type Token, TokenSource } from '../../../src/mcp/auth/token-source.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

let nowMs = 0;
let asked: PromiseWithResolvers<Token>[] = [];
let fetches: { ok: boolean; tookMs: number }[] = [];
let source: TokenSource;

beforeEach(() => {
  nowMs = 1_000_000;
  asked = [];
  fetches = [];
  source = new TokenSource(
    () => {
      const fetching = Promise.withResolvers<Token>();
      asked.push(fetching);
      return fetching.promise;
    },
    () => nowMs,
  );
});

const bearer = (value: string) => ({ name: 'authorization', value: `Bearer ${value}` });
const header = () => source.header((fetch) => fetches.push(fetch));

/** What a redactor that comes now is fed with. */
function latestTokens(): string[] {
  const tokens: string[] = [];
  source.feed({ add: (token) => tokens.push(token) })();
  return tokens;
}

/** Answers the latest fetch and waits until the source has taken it. */
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
  const first = header();
  await answer(value, lifeMs);
  await first;
}

describe('TokenSource', () => {
  it('fetches once for fifty who wait, tells only the first of them, then answers without a promise', async () => {
    const told: number[] = [];
    const waiting = Array.from({ length: 50 }, (_, caller) => source.header(() => told.push(caller)));
    assert.equal(asked.length, 1);
    await answer('one', 3_600_000);
    assert.deepEqual(
      await Promise.all(waiting),
      waiting.map(() => bearer('one')),
    );
    assert.deepEqual(told, [0]);
    const now = header();
    assert.ok(!(now instanceof Promise));
    assert.equal(header(), now, 'the same object as long as the token is the same');
    assert.equal(asked.length, 1);
  });

  for (const { lifeMs, renewMs, what } of [
    { lifeMs: 3_600_000, renewMs: 3_300_000, what: 'five minutes before its end' },
    { lifeMs: 20_000, renewMs: 16_000, what: 'after four fifths of a short life' },
  ]) {
    it(`renews a token in the background ${what}`, async () => {
      await start('one', lifeMs);
      nowMs += renewMs - 1;
      header();
      assert.equal(asked.length, 1);
      nowMs += 1;
      assert.deepEqual(header(), bearer('one'));
      assert.deepEqual(header(), bearer('one'));
      assert.equal(asked.length, 2);
      await answer('two', lifeMs);
      assert.deepEqual(header(), bearer('two'));
      assert.deepEqual(latestTokens(), ['one', 'two']);
      assert.equal(asked.length, 2);
    });
  }

  it('lets no request wait but the first, over a day of tokens that live ten minutes and take seconds to fetch', async () => {
    const clock = new VirtualClock(0);
    let fetched = 0;
    const daily = new TokenSource(async () => {
      const sentMs = clock.now();
      await clock.sleepUntil(sentMs + 3000);
      return { value: `token-${++fetched}`, expiresAtMs: sentMs + 600_000 };
    }, clock.now.bind(clock));
    let waited = 0;
    const users = Array.from({ length: 3 }, async (_, user) => {
      for (let at = user * 100; at < 86_400_000; at += 10_000) {
        await clock.sleepUntil(at);
        const got = daily.header(() => {});
        if (got instanceof Promise) waited++;
        await got;
      }
    });
    await clock.run(Promise.all(users));
    assert.equal(waited, 3, 'each user once, for the first token');
    // Renewed after four fifths of what was left when a token came: 3 + 0.8 * 597 s, at the next request.
    assert.ok(fetched >= 86_400 / 500 && fetched <= 86_400 / 480, `${fetched} fetches`);
  });

  it('goes on with a token that holds when its renewal fails, and tries again a second later', async () => {
    await start('one', 20_000);
    nowMs += 16_000;
    header();
    await fail('endpoint is down');
    assert.deepEqual(header(), bearer('one'));
    nowMs += 999;
    assert.deepEqual(header(), bearer('one'));
    assert.equal(asked.length, 2);
    nowMs += 1;
    assert.deepEqual(header(), bearer('one'));
    assert.equal(asked.length, 3);
    await answer('two', 20_000);
    assert.deepEqual(header(), bearer('two'));
    assert.deepEqual(
      fetches.map(({ ok }) => ok),
      [true, false, true],
    );
  });

  it('waits for the renewal under way once the old token has ended', async () => {
    await start('one', 20_000);
    nowMs += 16_000;
    header();
    nowMs += 4_000;
    const waiting = header();
    assert.ok(waiting instanceof Promise);
    assert.equal(asked.length, 2);
    await answer('two', 20_000);
    assert.deepEqual(await waiting, bearer('two'));
    assert.deepEqual(fetches.at(-1), { ok: true, tookMs: 4000 });
  });

  it('fails all who wait, and those of the next second without asking', async () => {
    const waiting = [header(), header()].map((failing) => assert.rejects(async () => failing, /no luck/));
    await fail('no luck');
    await Promise.all(waiting);
    nowMs += 999;
    await assert.rejects(async () => header(), /no luck/);
    assert.equal(asked.length, 1);
    assert.deepEqual(fetches, [{ ok: false, tookMs: 0 }]);
    nowMs += 1;
    const next = header();
    assert.equal(asked.length, 2);
    await answer('one', 20_000);
    assert.deepEqual(await next, bearer('one'));
  });

  it('fetches anew after a rejection, once for all who were rejected', async () => {
    await start('one', 3_600_000);
    const rejected = await header();
    source.discard(rejected);
    const first = header();
    source.discard(rejected);
    const second = header();
    assert.equal(asked.length, 2);
    await answer('two', 3_600_000);
    assert.deepEqual(await Promise.all([first, second]), [bearer('two'), bearer('two')]);
    // A reply that was slow: the header it rejects is no longer in use.
    source.discard(rejected);
    assert.deepEqual(header(), bearer('two'));
    assert.equal(asked.length, 2);
  });

  it('feeds a new redactor with the latest tokens, but not with all that ever were', async () => {
    assert.equal(latestTokens().length, 0);
    for (let i = 1; i <= 10; i++) {
      await start(`token-${i}`, 1000);
      nowMs += 1000;
    }
    assert.equal(latestTokens().at(-1), 'token-10');
    assert.equal(latestTokens().length, 8);
    assert.ok(latestTokens().includes('token-3'));
  });
});
