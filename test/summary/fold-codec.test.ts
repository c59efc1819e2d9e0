import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { decodeFold, encodeFold } from '../../src/summary/fold-codec.ts';
import { foldOf, type SampleParts } from '../support/blocks-of.ts';
import { lostSlice } from '../support/healthy-slice.ts';
import { anyLists } from './any-samples.ts';

it('the stored form of a fold has the same bytes as in earlier versions', () => {
  const samples: SampleParts[] = [
    { atMs: 500, durationMs: 10, vu: 3, closeMs: 12 },
    { atMs: 2500, durationMs: 20, outcome: 'HTTP_503', message: 'down', flags: 1 },
    { kind: 'iteration', operation: 'calls', atMs: 2500, durationMs: 40 },
    { kind: 'iteration', operation: 'calls', atMs: 2500, outcome: 'PLAN_FEED_END' },
    { kind: 'session', operation: 'session', atMs: 100, durationMs: 900 },
    { kind: 'pause', atMs: 2500, durationMs: 5, outcome: 'HTTP_503' },
  ];
  const fold = foldOf([samples], [lostSlice({ duplicates: 1 })], { phaseBoundariesMs: [2000], warmUpPhases: 1 });
  const bytes = Buffer.from(encodeFold(fold));
  const headerEnd = 4 + bytes.readUInt32LE(0);
  assert.equal(bytes.toString('utf8', 4, headerEnd), JSON.stringify(STORED_HEADER));
  assert.equal(bytes.toString('hex', headerEnd), STORED_INTEGERS);
  assert.deepEqual(decodeFold(bytes).cells, fold.cells);
  assert.deepEqual(decodeFold(bytes).iterations, fold.iterations);
});

it('the stored form of a fold is decoded from its bytes at any offset', () => {
  fc.assert(
    fc.property(anyLists, fc.nat(7), (lists, offset) => {
      const fold = foldOf(lists, [lostSlice({ duplicates: 1 })], {
        phaseBoundariesMs: [1500, 3000],
        warmUpPhases: 1,
      });
      const bytes = encodeFold(fold);
      const shifted = new Uint8Array(bytes.length + offset + 3).subarray(offset, offset + bytes.length);
      shifted.set(bytes);
      const back = decodeFold(shifted);
      assert.equal(back.slices[0]?.health, undefined);
      assert.deepEqual({ ...back, slices: [] }, { ...fold, slices: [] });
    }),
    { numRuns: 40 },
  );
});

it('the stored form of a fold is not decoded when bytes are missing', () => {
  const bytes = encodeFold(foldOf([[{}, {}, {}]]));
  for (const missing of [1, 4, 8]) assert.throws(() => decodeFold(bytes.subarray(0, bytes.length - missing)), /bytes/);
});

/** How earlier versions stored the fold above: a header, and the integers of its arrays. */
const STORED_HEADER = {
  intervalMs: 1000,
  cells: [
    {
      target: 'web',
      operation: 'tools/call:look',
      interval: 0,
      part: 0,
      failures: {},
      useful: { integers: 1 },
      failed: { integers: 0 },
    },
    {
      target: 'web',
      operation: 'tools/call:look',
      interval: 2,
      part: 1,
      failures: { HTTP_503: 1 },
      useful: { integers: 0 },
      failed: { integers: 1 },
    },
  ],
  operations: [
    {
      target: 'web',
      operation: 'tools/call:look',
      lag: { integers: 1 },
      socket: { integers: 1 },
      connect: { integers: 0 },
      tls: { integers: 0 },
      headers: { integers: 0 },
      firstEvent: { integers: 0 },
      close: { integers: 0 },
      hold: { integers: 0 },
      firstOfSession: { integers: 0 },
      afterIdle: { integers: 0 },
      held: 0,
      resumed: 0,
      retries: 1,
    },
  ],
  outcomes: [
    {
      target: 'web',
      operation: 'tools/call:look',
      outcome: 'HTTP_503',
      count: 1,
      firstMs: 1800000002500,
      lastMs: 1800000002500,
    },
  ],
  examples: [{ target: 'web', operation: 'tools/call:look', outcome: 'HTTP_503', message: 'down' }],
  lastEndMs: 1800000002520,
  pauses: [{ target: 'web', count: 1, totalUs: 5000, maxUs: 5000 }],
  vus: { integers: 2 },
  iterations: [
    {
      target: 'web',
      scenario: 'calls',
      interval: 2,
      part: 1,
      durations: { integers: 1 },
      aborted: 0,
      unfed: 1,
      dropped: 0,
    },
  ],
  sessions: [
    { target: 'web', opened: { integers: 1 }, closed: { integers: 1 }, lifetimes: { integers: 1 }, losses: {} },
  ],
  abortedRequests: 0,
  limitedRequests: 0,
  limitedExample: '',
  samples: 6,
  slices: [{ sliceId: 'w0000-l0000', state: 'lost', duplicates: 1 }],
};
const STORED_INTEGERS = '10270000204e000000000000640000000000000003000000409c000064000000e803000084030000';
