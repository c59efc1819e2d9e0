import assert from 'node:assert/strict';
import { it } from 'node:test';
import { cachedSecrets } from '../../src/secrets/secret-source.ts';

function counting(answers: readonly (string | Error)[]) {
  const asked: string[] = [];
  const get = async (name: string) => {
    const answer = answers[asked.push(name) - 1] ?? new Error('asked too often');
    if (answer instanceof Error) throw answer;
    return answer;
  };
  return { asked, get };
}

it('cachedSecrets reads a value once for calls at the same time, and again after the time to live', async () => {
  let nowMs = 0;
  const source = counting(['first', 'second']);
  const secrets = cachedSecrets(source, { ttlMs: 1000, now: () => nowMs });
  assert.deepEqual(await Promise.all([secrets.get('a'), secrets.get('a'), secrets.get('a')]), [
    'first',
    'first',
    'first',
  ]);
  nowMs = 999;
  assert.equal(await secrets.get('a'), 'first');
  nowMs = 1000;
  assert.equal(await secrets.get('a'), 'second');
  assert.equal(source.asked.length, 2);
});

it('cachedSecrets keeps no failure, but shares one among calls at the same time', async () => {
  const source = counting([new Error('the vault is down'), 'value']);
  const secrets = cachedSecrets(source, { ttlMs: 1000, now: () => 0 });
  const results = await Promise.allSettled([secrets.get('a'), secrets.get('a')]);
  assert.deepEqual(
    results.map(({ status }) => status),
    ['rejected', 'rejected'],
  );
  assert.equal(source.asked.length, 1);
  assert.equal(await secrets.get('a'), 'value');
});

it('cachedSecrets keeps the values of different names separately', async () => {
  const source = counting(['one', 'two']);
  const secrets = cachedSecrets(source, { ttlMs: 1000, now: () => 0 });
  assert.deepEqual([await secrets.get('a'), await secrets.get('b'), await secrets.get('a')], ['one', 'two', 'one']);
  assert.deepEqual(source.asked, ['a', 'b']);
});
