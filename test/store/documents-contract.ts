import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { RunStore } from '../../src/store/run-store.ts';
import { ODD_NAMES } from './odd-names.ts';

/** What every run store must do with documents. */
export function documentsContract(title: string, open: () => Promise<RunStore>): void {
  describe(`${title}: documents`, () => {
    it('keeps documents of any size', async () => {
      const store = await open();
      assert.equal(await store.getDocument('r', 'none'), undefined);
      for (const size of [0, 1, 61_439, 61_440, 61_441, 614_400, 2_000_000]) {
        const bytes = noise(size, size + 1);
        await store.putDocument('r', `size-${size}`, bytes);
        sameBytes(await store.getDocument('r', `size-${size}`), bytes);
      }
      sameBytes(await store.getDocument('r', 'size-61440'), noise(61_440, 61_441));
      assert.equal(await store.getDocument('other', 'size-1'), undefined);
    });

    it('replaces a document by a shorter and by a longer one', async () => {
      const store = await open();
      for (const size of [1_500_000, 700_000, 10, 1_300_000, 0]) {
        await store.putDocument('r', 'report', noise(size, 7));
        await store.putDocument('r', 'report', noise(size, 7));
        sameBytes(await store.getDocument('r', 'report'), noise(size, 7));
      }
    });

    it('accepts any document name, and bytes that are part of a larger buffer', async () => {
      const store = await open();
      const whole = noise(5_000, 3);
      for (const [index, name] of ODD_NAMES.entries()) {
        await store.putDocument('r', name, whole.subarray(index, index + 100));
      }
      for (const [index, name] of ODD_NAMES.entries()) {
        sameBytes(await store.getDocument('r', name), whole.slice(index, index + 100));
      }
    });

    it('never returns a mixture of two versions of a document', async () => {
      const store = await open();
      const versions = [1, 2, 3].map((seed) => noise(700_000 + seed * 300_000, seed));
      await store.putDocument('r', 'report', versions[0] ?? noise(0, 0));
      let writing = true;
      const writers = Promise.all(
        versions.map(async (bytes) => {
          for (let i = 0; i < 3; i++) await store.putDocument('r', 'report', bytes);
        }),
      ).finally(() => {
        writing = false;
      });
      let reads = 0;
      while (writing) {
        const seen = Buffer.from((await store.getDocument('r', 'report')) ?? []);
        assert.ok(versions.some((bytes) => seen.equals(bytes)));
        reads++;
        // The writers of a store without I/O need a turn of the event loop to finish.
        await new Promise((resolve) => setImmediate(resolve));
      }
      await writers;
      assert.ok(reads > 0);
    });

    it('does not share the memory of documents with its callers', async () => {
      const store = await open();
      const bytes = noise(10, 1);
      await store.putDocument('r', 'd', bytes);
      bytes.fill(0);
      sameBytes(await store.getDocument('r', 'd'), noise(10, 1));
    });
  });
}

/** Incompressible bytes, the same for the same seed. */
function noise(size: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(size);
  let state = (seed * 2_654_435_761 + 1) >>> 0;
  for (let i = 0; i < size; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes[i] = state >>> 11;
  }
  return bytes;
}

function sameBytes(actual: Uint8Array | undefined, expected: Uint8Array): void {
  assert.ok(actual !== undefined, 'the document is missing');
  assert.ok(Buffer.from(actual).equals(expected), `${actual.byteLength} bytes differ from ${expected.byteLength}`);
}
