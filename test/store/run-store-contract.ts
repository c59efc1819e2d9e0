import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BLOCK_CAPACITY, type Block } from '../../src/sample/block.ts';
import type { RunRecord } from '../../src/store/run-record.ts';
import type { RunStore } from '../../src/store/run-store.ts';
import type { SliceMarker } from '../../src/store/slice-ledger.ts';
import type { LiveProgress } from '../../src/summary/live-progress.ts';
import { sampleBlock } from './sample-block.ts';

const ODD_NAMES = ['a/b\\c#d?e', "it's", 'naïve 計画 🚀', 'é'.repeat(200), '/'.repeat(200), '=2F', '%2F', 'tab\there'];

/** What every run store must do; `open` gives an empty one. */
export function runStoreContract(title: string, open: () => Promise<RunStore>): void {
  describe(`${title}: runs`, () => {
    it('keeps a record as it was given', async () => {
      const store = await open();
      const full: RunRecord = {
        ...run('r-full'),
        schedule: { startAtMs: 1, endAtMs: 2, lanes: 3, windows: 4, windowMs: 5 },
        targets: [
          { name: 't', url: 'https://t.example', protocolVersion: '2025-11-25', server: '', session: 'stateful' },
        ],
        problems: ['ünï 🚀', ''],
        verdict: { status: 'invalid', reasons: ['late', 'x'.repeat(90_000)] },
        endedAt: '2026-01-01T00:00:00.000Z',
      };
      assert.equal(await store.createRun(full), true);
      assert.deepEqual(await store.getRun('r-full'), full);
      assert.equal(await store.createRun(run('r-bare')), true);
      assert.deepEqual(await store.getRun('r-bare'), run('r-bare'));
      assert.equal(await store.getRun('r-none'), undefined);
    });

    it('keeps the first record of an id', async () => {
      const store = await open();
      const races = await Promise.all(
        ['one', 'two', 'three'].map((planHash) => store.createRun({ ...run('r-race'), planHash })),
      );
      assert.equal(races.filter(Boolean).length, 1);
      const winner = ['one', 'two', 'three'][races.indexOf(true)];
      assert.equal((await store.getRun('r-race'))?.planHash, winner);
      assert.equal(await store.createRun(run('r-race')), false);
      assert.equal((await store.getRun('r-race'))?.planHash, winner);
    });

    it('lets two writers change different parts', async () => {
      const store = await open();
      await store.createRun(run('r-1'));
      await Promise.all([
        store.updateRun('r-1', { stopRequested: true }),
        store.updateRun('r-1', { state: 'running', targets: [] }),
      ]);
      const expected = { ...run('r-1'), stopRequested: true, state: 'running', targets: [] };
      assert.deepEqual(await store.getRun('r-1'), expected);
      const verdict = { status: 'fail', reasons: ['y'.repeat(200_000)] } as const;
      await store.updateRun('r-1', { verdict });
      await store.updateRun('r-1', { verdict: { status: 'pass', reasons: [] } });
      await store.updateRun('r-1', { verdict: { status: 'pass', reasons: [] } });
      assert.deepEqual(await store.getRun('r-1'), { ...expected, verdict: { status: 'pass', reasons: [] } });
    });

    it('refuses to change a run that is not there', async () => {
      const store = await open();
      await assert.rejects(store.updateRun('r-none', { state: 'done' }), /Run r-none is not in the store/);
      assert.equal(await store.getRun('r-none'), undefined);
    });

    it('lists the newest first, up to the limit', async () => {
      const store = await open();
      assert.deepEqual(await store.listRuns({ limit: 10 }), []);
      const ids = ['20260101T000000-_z', '20260101T000000-a', '20260102', '20260102-A', '20260102-a', '20260102_a'];
      for (const id of [...ids].reverse()) await store.createRun(run(id));
      const newestFirst = [...ids].sort().reverse();
      assert.deepEqual((await store.listRuns({ limit: 10 })).map(idOf), newestFirst);
      assert.deepEqual((await store.listRuns({ limit: 2 })).map(idOf), newestFirst.slice(0, 2));
      assert.deepEqual(await store.listRuns({ limit: 0 }), []);
      await store.updateRun('20260102', { state: 'done' });
      assert.equal((await store.listRuns({ limit: 10 })).find(({ runId }) => runId === '20260102')?.state, 'done');
    });

    it('lists the runs of a plan, whatever its name', async () => {
      const store = await open();
      for (const [index, planName] of ODD_NAMES.entries()) {
        await store.createRun({ ...run(`a${index}`), planName });
        await store.createRun({ ...run(`b${index}`), planName });
      }
      // The id is taken: this run must not turn up under the other plan.
      await store.createRun({ ...run('a0'), planName: 'other' });
      for (const [index, planName] of ODD_NAMES.entries()) {
        assert.deepEqual(
          (await store.listRuns({ planName, limit: 9 })).map(idOf),
          [`b${index}`, `a${index}`],
          planName,
        );
        assert.deepEqual((await store.listRuns({ planName, limit: 1 })).map(idOf), [`b${index}`]);
      }
      assert.deepEqual(await store.listRuns({ planName: 'other', limit: 9 }), []);
    });

    it('gives an idempotency key to its first claimant', async () => {
      const store = await open();
      const claims = ['r-1', 'r-2', 'r-3'].map((runId) => ({ runId, planHash: `hash-${runId}` }));
      const key = `key /\\#? ${'k'.repeat(5000)} 🚀`;
      const answers = await Promise.all(claims.map((claim) => store.reserveKey(key, claim)));
      assert.deepEqual(new Set(answers.map((answer) => JSON.stringify(answer))).size, 1);
      assert.ok(claims.some((claim) => claim.runId === answers[0]?.runId && claim.planHash === answers[0].planHash));
      const late = { runId: 'r-late', planHash: 'late' };
      assert.deepEqual(await store.reserveKey(key, late), answers[0]);
      assert.deepEqual(await store.reserveKey('', late), late);
      assert.deepEqual(await store.reserveKey('', late), late);
    });
  });

  describe(`${title}: documents`, () => {
    it('keeps bytes of any size', async () => {
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

    it('takes any name, and part of a buffer', async () => {
      const store = await open();
      const whole = noise(5_000, 3);
      for (const [index, name] of ODD_NAMES.entries()) {
        await store.putDocument('r', name, whole.subarray(index, index + 100));
      }
      for (const [index, name] of ODD_NAMES.entries()) {
        sameBytes(await store.getDocument('r', name), whole.slice(index, index + 100));
      }
    });

    it('never shows a mixture of two versions', async () => {
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
        // Lets the writers of a store without I/O finish.
        await new Promise((resolve) => setImmediate(resolve));
      }
      await writers;
      assert.ok(reads > 0);
    });
  });

  describe(`${title}: ledger`, () => {
    it('gives an attempt to its first holder', async () => {
      const store = await open();
      assert.deepEqual(await store.readLedger('r', 's'), { leases: [], replaced: [], duplicates: [] });
      const holders = ['h1', 'h2', 'h3', 'h4'];
      const answers = await Promise.all(holders.map((holder) => store.takeLease('r', 's', 1, holder)));
      const winner = answers[0] ?? '';
      assert.ok(holders.includes(winner));
      assert.deepEqual(answers, [winner, winner, winner, winner]);
      assert.equal(await store.takeLease('r', 's', 1, winner), winner);
      assert.equal(await store.takeLease('r', 's', 0, 'h0'), 'h0');
      assert.equal(await store.takeLease('r', 's/2', 0, 'other'), 'other');
      assert.deepEqual((await store.readLedger('r', 's')).leases, [
        { attempt: 0, holder: 'h0' },
        { attempt: 1, holder: winner },
      ]);
    });

    it('moves a lease once', async () => {
      const store = await open();
      assert.equal(await store.takeOverLease('r', 's', 0, 'dead', 'x'), false);
      await store.takeLease('r', 's', 0, 'dead');
      const heirs = ['a', 'b', 'c'];
      const answers = await Promise.all(heirs.map((heir) => store.takeOverLease('r', 's', 0, 'dead', heir)));
      assert.equal(answers.filter(Boolean).length, 1);
      const heir = heirs[answers.indexOf(true)] ?? '';
      assert.equal(await store.takeOverLease('r', 's', 0, 'dead', heir), true, 'a repeated call gets its answer again');
      assert.equal(await store.takeOverLease('r', 's', 0, 'dead', 'late'), false);
      assert.equal(await store.takeLease('r', 's', 0, 'dead'), heir);
      assert.equal(await store.takeOverLease('r', 's', 0, heir, 'last'), true);
      assert.deepEqual(await store.readLedger('r', 's'), {
        leases: [{ attempt: 0, holder: 'last' }],
        replaced: [
          { attempt: 0, holder: 'dead' },
          { attempt: 0, holder: heir },
        ],
        duplicates: [],
      });
    });

    it('loses none of several concurrent entries', async () => {
      const store = await open();
      const marker: SliceMarker = { sliceId: 's', attemptIds: ['h0', 'h'], health: HEALTH };
      await Promise.all([
        store.takeLease('r', 's', 0, 'h'),
        store.recordDuplicate('r', 's', 0, 'd1'),
        store.recordDuplicate('r', 's', 0, 'd2'),
        store.recordDuplicate('r', 's', 1, 'd1'),
        store.recordDuplicate('r', 's', 0, 'd1'),
        store.commitSlice('r', marker),
        store.commitSlice('r', marker),
      ]);
      const ledger = await store.readLedger('r', 's');
      assert.deepEqual(ledger.leases, [{ attempt: 0, holder: 'h' }]);
      assert.deepEqual(ledger.marker, marker);
      assert.deepEqual(ledger.duplicates.map(({ attempt, holder }) => `${attempt} ${holder}`).sort(), [
        '0 d1',
        '0 d2',
        '1 d1',
      ]);
    });
  });

  describe(`${title}: blocks`, () => {
    it('keeps a full block byte for byte', async () => {
      const store = await open();
      const block = sampleBlock(BLOCK_CAPACITY, 1);
      await store.appendBlock('r', 's', 'a', 0, block);
      sameBlocks(await allOf(store.readBlocks('r', 's', 'a')), [block]);
    });

    it('keeps an empty block, part of a buffer, and long texts', async () => {
      const store = await open();
      const texts = sampleBlock(3, 2, {
        operations: Array.from({ length: 400 }, (_, i) => ({
          target: `zïel-${i}`,
          operation: `tools/call:${'🚀'.repeat(60)}${i}`,
        })),
        examples: Array.from({ length: 100 }, (_, i) => ({
          operation: i,
          outcome: 1,
          message: `${i} ${'\u{1F600}ä"\\\n'.repeat(80)}`,
        })),
      });
      const blocks = [sampleBlock(0, 3), texts, partOf(sampleBlock(50, 4))];
      for (const [seq, block] of blocks.entries()) await store.appendBlock('r', 's', 'a', seq, block);
      sameBlocks(await allOf(store.readBlocks('r', 's', 'a')), blocks);
    });

    it('gives the blocks of an attempt in order, and of no other', async () => {
      const store = await open();
      const seqs = Array.from({ length: 13 }, (_, i) => i);
      for (const seq of [...seqs].reverse()) {
        const block = sampleBlock(seq, seq);
        await store.appendBlock('r', 's', 'a', seq, block);
        await store.appendBlock('r', 's', 'a', seq, block);
      }
      await store.appendBlock('r', 's', 'a', 100_000, sampleBlock(1, 100_000));
      await store.appendBlock('r', 's', 'ab', 0, sampleBlock(1, 50));
      await store.appendBlock('r', 's', 'a/b|c', 0, sampleBlock(1, 51));
      await store.appendBlock('r', 's2', 'a', 0, sampleBlock(1, 52));
      await store.takeLease('r', 's', 0, 'a');
      const origins = (blocks: Block[]) => blocks.map(({ originMs }) => originMs - 1_790_000_000_000);
      assert.deepEqual(origins(await allOf(store.readBlocks('r', 's', 'a'))), [...seqs, 100_000]);
      assert.deepEqual(origins(await allOf(store.readBlocks('r', 's', 'ab'))), [50]);
      assert.deepEqual(origins(await allOf(store.readBlocks('r', 's', 'a/b|c'))), [51]);
      assert.deepEqual(await allOf(store.readBlocks('r', 's', 'none')), []);
    });
  });

  describe(`${title}: progress`, () => {
    it('lists the latest of every slice', async () => {
      const store = await open();
      assert.deepEqual(await store.listProgress('r'), []);
      await store.putProgress('r', progress('s1', 'a', 1000));
      await store.putProgress('r', progress('s1', 'a', 2000));
      await store.putProgress('r', progress('s2', 'b', 5000));
      await store.putProgress('r', progress('s2', 'straggler', 4000));
      await store.putProgress('other', progress('s3', 'c', 1));
      const expected = [progress('s1', 'a', 2000), progress('s2', 'b', 5000)];
      assert.deepEqual(await store.listProgress('r'), expected);
      assert.deepEqual(await store.listProgress('r'), expected);
    });

    it('lists more slices than a page holds', async () => {
      const store = await open();
      const rows = Array.from({ length: 230 }, (_, i) => progress(`s${String(i).padStart(4, '0')}`, 'a', i));
      await Promise.all(rows.map((row) => store.putProgress('r', row)));
      assert.deepEqual(await store.listProgress('r'), rows);
    });
  });

  it(`${title}: does not share memory with its callers`, async () => {
    const store = await open();
    const block = sampleBlock(5, 9);
    const bytes = noise(10, 1);
    await store.appendBlock('r', 's', 'a', 0, block);
    await store.putDocument('r', 'd', bytes);
    block.columns.vu.fill(0);
    bytes.fill(0);
    sameBlocks(await allOf(store.readBlocks('r', 's', 'a')), [sampleBlock(5, 9)]);
    sameBytes(await store.getDocument('r', 'd'), noise(10, 1));
  });
}

const HEALTH: SliceMarker['health'] = {
  startDelayMs: 0.25,
  eventLoopDelayMs: { p99: 1.5, max: 20 },
  cpuSeconds: 3,
  vus: { planned: 10, started: 10 },
  tokens: Array.from({ length: 3000 }, (_, i) => ({ target: `target-${i}`, fetched: i, failed: 0, maxMs: i / 7 })),
  store: { errors: 0, blocks: 1, samples: 14_000 },
  instance: 'instance',
};

function run(runId: string): RunRecord {
  const createdAt = '2026-01-01T00:00:00.000Z';
  return {
    runId,
    planName: 'plan',
    planHash: 'hash',
    trigger: 'http',
    createdAt,
    state: 'queued',
    stopRequested: false,
  };
}

function idOf({ runId }: RunRecord): string {
  return runId;
}

function progress(sliceId: string, attemptId: string, atMs: number): LiveProgress {
  const operations = [{ target: 't', operation: 'ping', count: atMs, failures: 1, histogram: 'HISTogram=' }];
  return { sliceId, attemptId, atMs, activeVus: 3, iterations: 7, operations };
}

/** Bytes that do not compress, the same for the same seed. */
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

/** The block with columns that show the middle of larger buffers, as a recorder hands them over. */
function partOf(block: Block): Block {
  const columns = Object.fromEntries(
    Object.entries(block.columns).map(([name, column]) => [name, column.subarray(10, 40)]),
  );
  return { ...block, count: 30, columns: columns as unknown as Block['columns'] };
}

function sameBytes(actual: Uint8Array | undefined, expected: Uint8Array): void {
  assert.ok(actual !== undefined, 'the document is missing');
  assert.ok(Buffer.from(actual).equals(expected), `${actual.byteLength} bytes differ from ${expected.byteLength}`);
}

/** deepEqual would take minutes to describe the difference of two large columns. */
function sameBlocks(actual: readonly Block[], expected: readonly Block[]): void {
  const withoutColumns = (blocks: readonly Block[]) => blocks.map(({ columns: _columns, ...rest }) => rest);
  assert.deepEqual(withoutColumns(actual), withoutColumns(expected));
  for (const [index, block] of expected.entries()) {
    for (const [name, column] of Object.entries(block.columns)) {
      const found = actual[index]?.columns[name as keyof Block['columns']];
      assert.equal(found?.constructor, column.constructor, name);
      assert.ok(bytesOf(found).equals(bytesOf(column)), `column ${name} of block ${index} differs`);
    }
  }
}

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}

async function allOf<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}
