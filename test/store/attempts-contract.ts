import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { RunStore } from '../../src/store/run-store.ts';
import type { SliceCommit } from '../../src/store/slice-attempts.ts';
import { healthySlice } from '../support/healthy-slice.ts';

/** What every run store must do with the attempts at slices. */
export function attemptsContract(title: string, open: () => Promise<RunStore>): void {
  describe(`${title}: attempts`, () => {
    it('gives the lease on an attempt to the first holder', async () => {
      const store = await open();
      assert.deepEqual(await store.readAttempts('r', 's'), { leases: [], supersededHolders: [], duplicates: [] });
      const holders = ['h1', 'h2', 'h3', 'h4'];
      const answers = await Promise.all(holders.map((holder) => store.takeLease('r', 's', 1, holder)));
      const winner = answers[0] ?? '';
      assert.ok(holders.includes(winner));
      assert.deepEqual(answers, [winner, winner, winner, winner]);
      assert.equal(await store.takeLease('r', 's', 1, winner), winner);
      assert.equal(await store.takeLease('r', 's', 0, 'h0'), 'h0');
      assert.equal(await store.takeLease('r', 's/2', 0, 'other'), 'other');
      assert.deepEqual((await store.readAttempts('r', 's')).leases, [
        { attempt: 0, holder: 'h0' },
        { attempt: 1, holder: winner },
      ]);
    });

    it('moves a lease from a dead holder once', async () => {
      const store = await open();
      assert.equal(await store.takeOverLease('r', 's', 0, 'dead', 'x'), false);
      await store.takeLease('r', 's', 0, 'dead');
      const heirs = ['a', 'b', 'c'];
      const answers = await Promise.all(heirs.map((heir) => store.takeOverLease('r', 's', 0, 'dead', heir)));
      assert.equal(answers.filter(Boolean).length, 1);
      const heir = heirs[answers.indexOf(true)] ?? '';
      assert.equal(await store.takeOverLease('r', 's', 0, 'dead', heir), true, 'a repeated call gets the same answer');
      assert.equal(await store.takeOverLease('r', 's', 0, 'dead', 'late'), false);
      assert.equal(await store.takeLease('r', 's', 0, 'dead'), heir);
      assert.equal(await store.takeOverLease('r', 's', 0, heir, 'last'), true);
      assert.deepEqual(await store.readAttempts('r', 's'), {
        leases: [{ attempt: 0, holder: 'last' }],
        supersededHolders: [
          { attempt: 0, holder: 'dead' },
          { attempt: 0, holder: heir },
        ],
        duplicates: [],
      });
    });

    it('keeps every entry when several are written at the same time', async () => {
      const store = await open();
      const commit: SliceCommit = { sliceId: 's', attemptIds: ['h0', 'h'], health: HEALTH };
      await Promise.all([
        store.takeLease('r', 's', 0, 'h'),
        store.recordDuplicate('r', 's', 0, 'd1'),
        store.recordDuplicate('r', 's', 0, 'd2'),
        store.recordDuplicate('r', 's', 1, 'd1'),
        store.recordDuplicate('r', 's', 0, 'd1'),
        store.commitSlice('r', commit),
        store.commitSlice('r', commit),
      ]);
      const attempts = await store.readAttempts('r', 's');
      assert.deepEqual(attempts.leases, [{ attempt: 0, holder: 'h' }]);
      assert.deepEqual(attempts.commit, commit);
      assert.deepEqual(attempts.duplicates.map(({ attempt, holder }) => `${attempt} ${holder}`).sort(), [
        '0 d1',
        '0 d2',
        '1 d1',
      ]);
    });
  });
}

const HEALTH = healthySlice({
  startDelayMs: 0.25,
  eventLoopDelayMs: { p99: 1.5, max: 20 },
  cpuSeconds: 3,
  wallSeconds: 1,
  tokens: Array.from({ length: 3000 }, (_, i) => ({ target: `target-${i}`, fetched: i, failed: 0, maxMs: i / 7 })),
  stoppedTargets: [{ target: 'docs', reason: 'AUTH_REJECTED', atMs: 1_790_000_000_000.5 }],
  store: { errors: 0, blocks: 1, samples: 12_500 },
  instance: 'instance',
});
