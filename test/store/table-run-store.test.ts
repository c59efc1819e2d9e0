import { after, before } from 'node:test';
import { TableClient } from '@azure/data-tables';
import { type Azurite, startAzurite } from '../../src/local/azurite.ts';
import { tableRunStore } from '../../src/store/table-run-store.ts';
import { runStoreContract } from './run-store-contract.ts';

let azurite: Azurite;
let tables = 0;

before(async () => {
  azurite = await startAzurite();
});

after(() => azurite.stop());

runStoreContract('tables', async () =>
  tableRunStore(
    TableClient.fromConnectionString(azurite.connectionString, `contract${tables++}`, {
      allowInsecureConnection: true,
    }),
  ),
);
