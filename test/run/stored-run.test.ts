import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, it } from 'node:test';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { TableClient } from '@azure/data-tables';
import { conclude } from '../../src/run/conclude.ts';
import { foldName, foldSlices } from '../../src/run/fold-slices.ts';
import { readFold, readReport } from '../../src/run/run-documents.ts';
import { tableRunStore } from '../../src/store/open-run-store.ts';
import type { SliceCommit } from '../../src/store/slice-attempts.ts';
import { type Azurite, startAzurite } from '../../tools/functions-host/azurite/azurite.ts';
import { testContext } from '../support/run-context.ts';

// The rows of a run as version 0.1.0 wrote them at commit 872f094, before the fields `replaced` and `marker` got other
// names in the code. Slice w0000-l0000 is committed by `heir`, which took over from `dead`; `straggler` is not named by the
// commit. Slice w0000-l0001 is lost: `gone-1` lost its lease to `gone-2`, `gone-3` made the second attempt, and
// `second-delivery` is a duplicate. Each holder has stored a block with another power of two as its number of requests.
type StoredValue = string | number | boolean | { readonly base64: string };
const rows: readonly Record<string, StoredValue>[] = JSON.parse(
  readFileSync(new URL('../fixtures/stored-run.json', import.meta.url), 'utf8'),
);
const RUN = '20270115-075950000-0a1b2c3d';
const GROUP = { window: 0, firstLane: 0, lanes: 2 };

let azurite: Azurite;
let client: TableClient;
before(async () => {
  azurite = await startAzurite();
  client = TableClient.fromConnectionString(azurite.connectionString, 'mcpsurge', { allowInsecureConnection: true });
  await client.createTable();
  for (const row of rows) {
    const values = Object.entries(row).map(([name, value]) => [
      name,
      typeof value === 'object' ? Buffer.from(value.base64, 'base64') : value,
    ]);
    await client.createEntity(Object.fromEntries(values));
  }
});
after(() => azurite.stop());

it('reads the attempts of a run that an earlier version stored', async () => {
  const store = tableRunStore(client);
  const { commit, ...first } = await store.readAttempts(RUN, 'w0000-l0000');
  assert.deepEqual(first, {
    leases: [
      { attempt: 0, holder: 'heir' },
      { attempt: 1, holder: 'straggler' },
    ],
    supersededHolders: [{ attempt: 0, holder: 'dead' }],
    duplicates: [{ attempt: 0, holder: 'heir' }],
  });
  assert.deepEqual(commit?.attemptIds, ['dead', 'heir']);
  assert.equal(commit.health.instance, 'host-1');
  assert.deepEqual(await store.readAttempts(RUN, 'w0000-l0001'), {
    leases: [
      { attempt: 0, holder: 'gone-2' },
      { attempt: 1, holder: 'gone-3' },
    ],
    supersededHolders: [{ attempt: 0, holder: 'gone-1' }],
    duplicates: [{ attempt: 1, holder: 'second-delivery' }],
  });
});

it('folds and concludes a run that an earlier version stored', async () => {
  const context = testContext({ store: tableRunStore(client) });
  await foldSlices(context, RUN, GROUP);
  const fold = await readFold(context.store, RUN, foldName(GROUP));
  assert.equal(fold?.samples, 1 + 2 + (8 + 16 + 32));
  assert.deepEqual(
    fold.slices.map(({ sliceId, state, duplicates }) => [sliceId, state, duplicates]),
    [
      ['w0000-l0000', 'partial', 1],
      ['w0000-l0001', 'lost', 1],
    ],
  );
  const verdict = await conclude(context, RUN, { slicesHaveEnded: true });
  assert.equal(verdict.status, 'invalid');
  const report = (await readReport(context.store, RUN)) ?? assert.fail();
  assert.equal(report.totals.requests, 59);
  const { causes, instancesSeen, ...slices } = report.generator.slices;
  assert.deepEqual(slices, { planned: 2, committed: 0, partial: 1, lost: 1, duplicates: 2 });
  assert.deepEqual([causes, instancesSeen], [[{ cause: 'died', slices: 2 }], 1]);
  // The earlier version did not store how much its attempts had sent.
  assert.deepEqual(report.generator.unaccounted, { estimate: null, atMost: null, slices: 2 });
});

it('stores attempts byte for byte as the earlier version did, with the lease of the current holder only', async () => {
  const store = tableRunStore(client);
  const row = (sliceId: string, runId = RUN) => client.getEntity(`${runId}|slice|${sliceId}`, 'ledger');
  const jsonOf = async (sliceId: string, runId?: string) =>
    (await promisify(gunzip)((await row(sliceId, runId)).ledger0 as Buffer)).toString();
  const { marker } = JSON.parse(await jsonOf('w0000-l0000')) as { marker: SliceCommit };

  const again = '20270115-080950000-0a1b2c3d';
  await store.takeLease(again, 'w0000-l0000', 0, 'dead');
  await store.recordDuplicate(again, 'w0000-l0000', 0, 'heir');
  await store.takeOverLease(again, 'w0000-l0000', 0, 'dead', 'heir');
  await store.takeLease(again, 'w0000-l0000', 1, 'straggler');
  assert.doesNotMatch(await jsonOf('w0000-l0000', again), /marker|commit/);
  await store.commitSlice(again, marker);
  const stored = JSON.parse(await jsonOf('w0000-l0000')) as { leases: readonly { attempt: number }[] };
  const current = { ...stored, leases: stored.leases.filter(({ attempt }) => attempt === 0) };
  assert.equal(await jsonOf('w0000-l0000', again), JSON.stringify(current));

  const propertiesOf = async (runId: string) => Object.keys(await row('w0000-l0000', runId)).toSorted();
  assert.deepEqual(await propertiesOf(again), await propertiesOf(RUN));
});
