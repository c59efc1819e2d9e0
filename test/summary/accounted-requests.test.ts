import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { type Block, operationId } from '../../src/sample/block.ts';
import { outcomeClass } from '../../src/sample/outcome.ts';
import { LiveTally } from '../../src/summary/live-progress.ts';
import { mergeFolds } from '../../src/summary/merge-folds.ts';
import { summarise } from '../../src/summary/summarise.ts';
import { blockOf, foldOf, INTERVAL_MS, type SampleParts } from '../support/blocks-of.ts';
import { runSpan } from '../support/summary-of.ts';
import { anyLists } from './any-samples.ts';

type Counts = { useful: number; failures: number; censored: number };

/** In which of the three groups each request of some samples belongs that was sent, by operation. */
function expectedOf(samples: readonly SampleParts[]): {
  readonly byOperation: Map<string, Counts>;
  readonly unsent: number;
} {
  const byOperation = new Map<string, Counts>();
  let unsent = 0;
  for (const { kind = 'request', target = 'web', operation = 'tools/call:look', ...sample } of samples) {
    if (kind !== 'request') continue;
    const { outcome = 'OK', operationKind = 'step' } = sample;
    const is = outcomeClass(outcome);
    const isSent = !('socketMs' in sample) || sample.socketMs !== undefined;
    if (is === 'aborted' || (is === 'censored' && !isSent)) {
      unsent++;
      continue;
    }
    const id = operationId({ target, operation, kind: operationKind });
    const counts = byOperation.get(id) ?? { useful: 0, failures: 0, censored: 0 };
    if (is === 'censored') counts.censored++;
    else if (is === 'failed') counts.failures++;
    else counts.useful++;
    byOperation.set(id, counts);
  }
  return { byOperation, unsent };
}

it('counts every request that was sent as useful, failed or censored, by operation and in total', () => {
  let censored = 0;
  fc.assert(
    fc.property(anyLists, (lists) => {
      const { byOperation, unsent } = expectedOf(lists.flat());
      const fold = mergeFolds(
        lists.map((list) => foldOf([list])),
        INTERVAL_MS,
      );
      const { operations, totals, protocol, generator } = summarise(fold, runSpan());
      assert.equal(operations.length, byOperation.size);
      for (const { count, ...row } of operations) {
        const { useful, failures, censored: ended, withoutAnswer } = row;
        assert.deepEqual({ useful, failures, censored: ended }, byOperation.get(operationId(row)));
        assert.equal(count, useful + failures + ended);
        assert.ok(withoutAnswer >= ended && withoutAnswer <= ended + failures);
        censored += ended;
      }
      for (const [kind, sum] of [
        ['step', totals],
        ['protocol', protocol],
      ] as const) {
        const rows = operations.filter((row) => row.kind === kind);
        for (const name of ['useful', 'failures', 'censored'] as const) {
          assert.equal(
            sum[name],
            rows.reduce((total, row) => total + row[name], 0),
          );
        }
        assert.equal(sum.requests, sum.useful + sum.failures + sum.censored);
      }
      assert.equal(generator.abortedRequests + generator.limitedRequests, unsent);
    }),
  );
  assert.ok(censored > 0);
});

it('counts the same requests while the run is active', () => {
  fc.assert(
    fc.property(anyLists, (lists) => {
      const tally = new LiveTally();
      for (const list of lists) if (list.length > 0) tally.add(blockOf(list) as Block);
      const { operations } = tally.progress({ sliceId: 's', attemptId: 'a', atMs: 0, activeVus: 0 });
      const live = operations.map(({ count, failures, censored, ...key }) => {
        const ended = censored?.count ?? 0;
        return [operationId(key), { useful: count - failures - ended, failures, censored: ended }] as const;
      });
      assert.deepEqual(new Map(live), expectedOf(lists.flat()).byOperation);
    }),
  );
});
