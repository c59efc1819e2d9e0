import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { retryAfterMs } from '../../../src/mcp/operations/retry-after.ts';

const NOW = Date.UTC(2026, 10, 6, 8, 49, 37);

it('retryAfterMs accepts seconds', () => {
  assert.equal(retryAfterMs('0', NOW), 0);
  assert.equal(retryAfterMs('120', NOW), 120_000);
  assert.equal(retryAfterMs(' 7 ', NOW), 7000);
  assert.ok(Number.isSafeInteger(retryAfterMs('9'.repeat(400), NOW)));
});

it('retryAfterMs accepts a date in each of the three forms of HTTP', () => {
  for (const date of ['Fri, 06 Nov 2026 08:50:37 GMT', 'Friday, 06-Nov-26 08:50:37 GMT', 'Fri Nov  6 08:50:37 2026']) {
    assert.equal(retryAfterMs(date, NOW), 60_000, date);
    assert.equal(retryAfterMs(date, NOW + 60_001), 0, date);
  }
  assert.equal(retryAfterMs('Sun Nov 16 08:49:37 2026', NOW), 10 * 86_400_000);
});

it('retryAfterMs reads a two-digit year as at most fifty years ahead', () => {
  assert.equal(retryAfterMs('Sunday, 06-Nov-94 08:49:37 GMT', NOW), 0);
  assert.ok((retryAfterMs('Thursday, 06-Nov-76 08:49:37 GMT', NOW) ?? 0) > 49 * 365 * 86_400_000);
});

it('retryAfterMs accepts every date as JavaScript formats it', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 300_000_000_000 }), (secondsMs) => {
      const atMs = NOW + Math.floor(secondsMs / 1000) * 1000;
      assert.equal(retryAfterMs(new Date(atMs).toUTCString(), NOW), atMs - NOW);
    }),
  );
});

it('retryAfterMs refuses everything else', () => {
  const others = [
    '',
    'soon',
    '-5',
    '1.5',
    '1e3',
    '0x10',
    '5 s',
    '2026-11-06T08:50:37Z',
    'Fri, 06 Nov 2026 08:50:37 CET',
    'Fri, 06 Nov 2026 25:50:37 GMT',
    'Fri, 40 Nov 2026 08:50:37 GMT',
    'Fri, 06 Nvo 2026 08:50:37 GMT',
    'Fri, 6 Nov 2026 08:50:37 GMT',
  ];
  for (const header of others) assert.equal(retryAfterMs(header, NOW), undefined, header);
});
