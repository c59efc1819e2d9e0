import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { RunStore } from '../../src/store/run-store.ts';
import type { LiveProgress } from '../../src/summary/live-progress.ts';

/** What every run store must do with the progress of slices. */
export function progressContract(title: string, open: () => Promise<RunStore>): void {
  describe(`${title}: progress`, () => {
    it('lists the latest progress of every attempt, also of those that were replaced', async () => {
      const store = await open();
      assert.deepEqual(await store.listProgress('r'), []);
      await store.putProgress('r', progress('s1', 'a', 1000));
      await store.putProgress('r', progress('s1', 'a', 2000));
      await store.putProgress('r', progress('s2', 'straggler', 4000));
      await store.putProgress('r', progress('s2', 'b', 5000));
      await store.putProgress('other', progress('s3', 'c', 1));
      const expected = [progress('s1', 'a', 2000), progress('s2', 'b', 5000), progress('s2', 'straggler', 4000)];
      assert.deepEqual(await store.listProgress('r'), expected);
      assert.deepEqual(await store.listProgress('r'), expected);
    });

    it('reads the progress of one attempt', async () => {
      const store = await open();
      assert.equal(await store.readProgress('r', 's', 'a'), undefined);
      await store.putProgress('r', progress('s', 'a', 1000));
      await store.putProgress('r', progress('s', 'b', 2000));
      assert.deepEqual(await store.readProgress('r', 's', 'a'), progress('s', 'a', 1000));
    });

    it('lists the progress of more slices than a page holds', async () => {
      const store = await open();
      const rows = Array.from({ length: 230 }, (_, i) => progress(`s${String(i).padStart(4, '0')}`, 'a', i));
      await Promise.all(rows.map((row) => store.putProgress('r', row)));
      assert.deepEqual(await store.listProgress('r'), rows);
    });
  });
}

function progress(sliceId: string, attemptId: string, atMs: number): LiveProgress {
  const outcomes = { HTTP_429: 1 };
  const operations = [{ target: 't', operation: 'ping', count: atMs, failures: 1, outcomes, histogram: 'HISTogram=' }];
  const scenarios = [{ scenario: 's', iterations: 7, aborted: 0, dropped: 2, histogram: 'HISTogram=' }];
  return { sliceId, attemptId, atMs, activeVus: 3, warmUpRequests: 4, operations, scenarios };
}
