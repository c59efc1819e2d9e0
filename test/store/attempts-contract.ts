import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { RunStore } from '../../src/store/run-store.ts';
import type { SliceCommit, SliceSkip } from '../../src/store/slice-attempts.ts';
import { healthySlice } from '../support/healthy-slice.ts';

/** What every run store must do with the attempts at slices. */
export function attemptsContract(title: string, open: () => Promise<RunStore>): void {
  describe(`${title}: attempts`, () => {
    it('gives the lease on a slice to the first holder, whichever attempt it is', async () => {
      const store = await open();
      assert.deepEqual(await store.readAttempts('r', 's'), { leases: [], supersededHolders: [], duplicates: [] });
      const holders = ['h1', 'h2', 'h3', 'h4'];
      const answers = await Promise.all(holders.map((holder) => store.takeLease('r', 's', 1, holder)));
      const winner = answers[0] ?? '';
      assert.ok(holders.includes(winner));
      assert.deepEqual(answers, [winner, winner, winner, winner]);
      assert.equal(await store.takeLease('r', 's', 1, winner), winner);
      assert.equal(await store.takeLease('r', 's', 0, 'earlier'), winner);
      assert.equal(await store.takeLease('r', 's', 2, 'later'), winner);
      assert.equal(await store.takeLease('r', 's/2', 0, 'other'), 'other');
      assert.deepEqual((await store.readAttempts('r', 's')).leases, [{ attempt: 1, holder: winner }]);
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

    it('lets a slice be taken over after its holder has released it or committed it unfinished, but not when it is over', async () => {
      const store = await open();
      const unfinished = { ...HEALTH, endedEarly: { reason: 'no store', atMs: 5, mayContinue: true } };
      await store.takeLease('r', 's', 0, 'a');
      await store.releaseLease('r', 's', 'stranger');
      assert.deepEqual((await store.readAttempts('r', 's')).leases, [{ attempt: 0, holder: 'a' }]);
      await store.releaseLease('r', 's', 'a');
      assert.deepEqual((await store.readAttempts('r', 's')).leases, [{ attempt: 0, holder: 'a', released: true }]);
      assert.equal(await store.takeLease('r', 's', 1, 'b'), 'a');
      assert.equal(await store.takeOverLease('r', 's', 1, 'a', 'b'), true);
      assert.deepEqual((await store.readAttempts('r', 's')).leases, [{ attempt: 1, holder: 'b' }]);
      assert.deepEqual((await store.readAttempts('r', 's')).supersededHolders, [
        { attempt: 0, holder: 'a', released: true },
      ]);

      assert.equal(await store.commitSlice('r', { sliceId: 's', attemptIds: ['a', 'b'], health: unfinished }), true);
      assert.equal(await store.takeOverLease('r', 's', 2, 'b', 'c'), true);
      assert.equal(await store.commitSlice('r', { sliceId: 's', attemptIds: ['a', 'b'], health: HEALTH }), false);
      const final: SliceCommit = { sliceId: 's', attemptIds: ['a', 'b', 'c'], health: HEALTH };
      assert.equal(await store.commitSlice('r', final), true);
      assert.equal(await store.commitSlice('r', final), true, 'a repeated call gets the same answer');
      assert.equal(await store.takeOverLease('r', 's', 3, 'c', 'd'), false);
      const { commit, reports, leases } = await store.readAttempts('r', 's');
      assert.deepEqual(commit, final);
      assert.deepEqual(reports, [{ holder: 'b', health: unfinished }]);
      assert.deepEqual(leases, [{ attempt: 2, holder: 'c' }]);
    });

    it('keeps what a superseded holder reports, beside the commit of the other', async () => {
      const store = await open();
      await store.takeLease('r', 's', 0, 'a');
      await store.takeOverLease('r', 's', 0, 'a', 'b');
      await store.reportHolder('r', 's', 'a', { ...HEALTH, startDelayMs: 1 });
      await store.commitSlice('r', { sliceId: 's', attemptIds: ['a', 'b'], health: HEALTH });
      await store.reportHolder('r', 's', 'a', { ...HEALTH, startDelayMs: 2 });
      const { commit, reports } = await store.readAttempts('r', 's');
      assert.deepEqual(commit?.health, HEALTH);
      assert.deepEqual(reports, [{ holder: 'a', health: { ...HEALTH, startDelayMs: 2 } }]);
    });

    it('closes a slice without load for its holder only, and for good', async () => {
      const store = await open();
      const skip: SliceSkip = { sliceId: 's', holder: 'a', reason: 'stopped', atMs: 5 };
      assert.equal(await store.skipSlice('r', skip), false);
      await store.takeLease('r', 's', 0, 'a');
      assert.equal(await store.skipSlice('r', { ...skip, holder: 'b' }), false);
      assert.equal(await store.skipSlice('r', skip), true);
      assert.equal(await store.skipSlice('r', skip), true, 'a repeated call gets the same answer');
      assert.deepEqual((await store.readAttempts('r', 's')).skip, skip);
      assert.equal(await store.takeOverLease('r', 's', 1, 'a', 'b'), false);
    });

    it('records a delivery that never held the slice once', async () => {
      const store = await open();
      const away = { attempt: 0, holder: 'a', reason: 'store away' } as const;
      const refused = { attempt: 1, holder: 'b', reason: 'refused' } as const;
      await store.recordMiss('r', 's', away);
      await store.takeLease('r', 's', 2, 'c');
      await store.recordMiss('r', 's', refused);
      await store.recordMiss('r', 's', away);
      const { misses, leases } = await store.readAttempts('r', 's');
      assert.deepEqual(misses, [away, refused]);
      assert.deepEqual(leases, [{ attempt: 2, holder: 'c' }]);
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
