import assert from 'node:assert/strict';
import { it } from 'node:test';
import { TableClient } from '@azure/data-tables';
import { startAzurite } from '../azurite/azurite.ts';
import { isAlive } from './test-apps.ts';

it('Azurite keeps tables in memory, and its process is gone after stop()', async (t) => {
  const azurite = await startAzurite();
  t.after(() => azurite.stop());
  assert.ok(azurite.tableUrl?.startsWith('http://127.0.0.1:'));
  assert.ok(!azurite.connectionString.includes('BlobEndpoint'));
  const table = TableClient.fromConnectionString(azurite.connectionString, 'kept', { allowInsecureConnection: true });
  await table.createTable();
  await table.createEntity({ partitionKey: 'p', rowKey: 'r', bytes: new Uint8Array([1, 2, 3]) });
  const { bytes } = await table.getEntity<{ bytes: Uint8Array }>('p', 'r');
  assert.deepEqual([...bytes], [1, 2, 3]);
  await azurite.stop();
  assert.equal(isAlive(azurite.pid), false);
});

it('Azurite starts the blob and queue services on request', async (t) => {
  const azurite = await startAzurite({ services: ['blob', 'queue'] });
  t.after(() => azurite.stop());
  assert.equal(azurite.tableUrl, undefined);
  for (const name of ['BlobEndpoint', 'QueueEndpoint']) {
    const url = new RegExp(`${name}=([^;]+);`).exec(azurite.connectionString)?.[1];
    const response = await fetch(`${url}?comp=list`);
    // Azurite refuses a request without a signature, with the error code of the storage service.
    assert.equal(response.status, 403, name);
    assert.match(await response.text(), /AuthorizationFailure|AuthenticationFailed/);
  }
});
