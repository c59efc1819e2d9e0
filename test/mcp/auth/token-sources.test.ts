import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TokenSource, TokenSources } from '../../../src/mcp/auth/token-source.ts';

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

  it('lets the one go that was not asked for longest', () => {
    const sources = new TokenSources(2);
    const [one, two] = [sources.get(['one'], open), sources.get(['two'], open)];
    assert.equal(sources.get(['one'], open), one);
    sources.get(['three'], open);
    assert.equal(sources.get(['one'], open), one);
    assert.notEqual(sources.get(['two'], open), two);
  });
});
