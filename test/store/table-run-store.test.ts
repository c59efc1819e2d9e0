import { after, before } from 'node:test';
import { TableClient } from '@azure/data-tables';
import { tableRunStore } from '../../src/store/open-run-store.ts';
import { type Azurite, startAzurite } from '../../tools/functions-host/azurite/azurite.ts';
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
