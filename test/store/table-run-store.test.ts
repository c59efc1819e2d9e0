import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { TableClient } from '@azure/data-tables';
import { tableRunStore } from '../../src/store/open-run-store.ts';
import { packJson } from '../../src/store/row-values.ts';
import { runKey } from '../../src/store/table-keys.ts';
import { type Azurite, startAzurite } from '../../tools/functions-host/azurite/azurite.ts';
import { runStoreContract } from './run-store-contract.ts';

let azurite: Azurite;
let tables = 0;

before(async () => {
  azurite = await startAzurite();
});

after(() => azurite.stop());

const openTable = () =>
  TableClient.fromConnectionString(azurite.connectionString, `contract${tables++}`, { allowInsecureConnection: true });

runStoreContract('tables', async () => tableRunStore(openTable()));

it('reads problems that an earlier version stored as sentences', async () => {
  const table = openTable();
  await table.createTable();
  const problems = await packJson('problems', ['targets.web: it is down.', 'an error']);
  await table.createEntity({ ...runKey('r-1'), runId: 'r-1', state: 'refused', ...problems });
  assert.deepEqual((await tableRunStore(table).getRun('r-1'))?.problems, [
    { path: '', message: 'targets.web: it is down.' },
    { path: '', message: 'an error' },
  ]);
});
