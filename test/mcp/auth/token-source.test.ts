import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { type Token, TokenAuthorizer, TokenSource, TokenSources } from '../../../src/mcp/auth/token-source.ts';
import { Redactor } from '../../../src/secrets/redact.ts';
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

/** The tokens that a redactor receives when it is added now. */
function latestTokens(): string[] {
  const tokens: string[] = [];
  source.feed({ add: (token) => tokens.push(token) })();
  return tokens;
}

/** Answers the latest fetch and waits until the source has processed it. */
async function answer(value: string, lifeMs: number): Promise<void> {
  asked.at(-1)?.resolve({ value, expiresAtMs: nowMs + lifeMs });
  await new Promise(setImmediate);
}

async function fail(message: string): Promise<void> {
  asked.at(-1)?.reject(new Error(message));
  await new Promise(setImmediate);
}

/** Fetches a first token. */
async function start(value: string, lifeMs: number): Promise<void> {
  const first = header();
  await answer(value, lifeMs);
  await first;
}

describe('TokenSource', () => {
  it('fetches once for fifty callers, tells only the first of them, then answers without a promise', async () => {
    const notified: number[] = [];
    const waiting = Array.from({ length: 50 }, (_, caller) => source.header(() => notified.push(caller)));
    assert.equal(asked.length, 1);
    await answer('one', 3_600_000);
    assert.deepEqual(
      await Promise.all(waiting),
      waiting.map(() => bearer('one')),
    );
    assert.deepEqual(notified, [0]);
    const now = header();
    assert.ok(!(now instanceof Promise));
    assert.equal(header(), now, 'the same object as long as the token is the same');
    assert.equal(asked.length, 1);
  });

  for (const { lifeMs, renewMs, what } of [
    { lifeMs: 3_600_000, renewMs: 3_300_000, what: 'five minutes before it expires' },
    { lifeMs: 20_000, renewMs: 16_000, what: 'after four fifths of a short lifetime' },
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

  it('makes only the first request wait, over a day of ten-minute tokens that take seconds to fetch', async () => {
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
    // Renewed after four fifths of the lifetime left when a token came: 3 + 0.8 * 597 s, at the next request.
    assert.ok(fetched >= 86_400 / 500 && fetched <= 86_400 / 480, `${fetched} fetches`);
  });

  it('continues with a valid token when its renewal fails, and tries again a second later', async () => {
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

  it('waits for the renewal in progress once the old token has expired', async () => {
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

  it('fails all callers, and those of the next second without a fetch', async () => {
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

  it('fetches a new token after a rejection, once for all rejected callers', async () => {
    await start('one', 3_600_000);
    const rejected = await header();
    source.discard(rejected);
    const first = header();
    source.discard(rejected);
    const second = header();
    assert.equal(asked.length, 2);
    await answer('two', 3_600_000);
    assert.deepEqual(await Promise.all([first, second]), [bearer('two'), bearer('two')]);
    // A slow reply: the header that it rejects is no longer in use.
    source.discard(rejected);
    assert.deepEqual(header(), bearer('two'));
    assert.equal(asked.length, 2);
  });

  it('gives a new redactor the latest tokens, but not all tokens ever issued', async () => {
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

const open = () =>
  new TokenSource(
    () => Promise.reject(new Error('not asked here')),
    () => 0,
  );

describe('TokenSources', () => {
  it('gives the same source for the same parts, and another when any of them differs', () => {
    const sources = new TokenSources();
    const first = sources.get([{ a: 1 }, 'b', ['c', 'd']], open);
    assert.equal(sources.get([{ a: 1 }, 'b', ['c', 'd']], open), first);
    for (const parts of [
      [{ a: 2 }, 'b', ['c', 'd']],
      [{ a: 1 }, 'x', ['c', 'd']],
      [{ a: 1 }, 'b', ['cd']],
    ]) {
      assert.notEqual(sources.get(parts, open), first);
    }
  });

  it('drops the least recently used source', () => {
    const sources = new TokenSources(2);
    const [one, two] = [sources.get(['one'], open), sources.get(['two'], open)];
    assert.equal(sources.get(['one'], open), one);
    sources.get(['three'], open);
    assert.equal(sources.get(['one'], open), one);
    assert.notEqual(sources.get(['two'], open), two);
  });
});

/** A source whose fetches take a second each and return the next outcome. */
function sourceOf(...outcomes: readonly (string | Error)[]) {
  const left = [...outcomes];
  let nowMs = 0;
  const source = new TokenSource(
    async () => {
      await new Promise(setImmediate);
      nowMs += 1000;
      const next = left.shift();
      if (typeof next === 'string') return { value: next, expiresAtMs: nowMs + 3_600_000 };
      throw next ?? new Error('unexpected fetch');
    },
    () => nowMs,
  );
  return { source, left };
}

describe('TokenAuthorizer', () => {
  it('counts the fetches that it started, so that the counts of one source add up', async () => {
    const { source, left } = sourceOf('one', 'two');
    const redacted: string[][] = [[], []];
    const [first, second] = redacted.map(
      (tokens) => new TokenAuthorizer(source, { add: (token) => tokens.push(token) }),
    ) as [TokenAuthorizer, TokenAuthorizer];
    const [header] = await Promise.all([first.header(), second.header()]);
    assert.deepEqual(first.tokens, { fetched: 1, failed: 0, maxMs: 1000 });
    assert.deepEqual(second.tokens, { fetched: 0, failed: 0, maxMs: 0 });
    // Both were refused with the same token. The second one starts the next fetch.
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

  it('adds a token to its redactor before the token can be sent, until it is closed', async () => {
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

  it('counts a preparation that fails, and the next request reports the reason', async () => {
    const { source } = sourceOf(new Error('no luck'));
    const authorizer = new TokenAuthorizer(source, new Redactor());
    await authorizer.prepare();
    assert.deepEqual(authorizer.tokens, { fetched: 0, failed: 1, maxMs: 1000 });
    await assert.rejects(async () => authorizer.header(), /no luck/);
    assert.equal(authorizer.tokens.failed, 1);
  });
});
