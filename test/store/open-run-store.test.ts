import assert from 'node:assert/strict';
import { it } from 'node:test';
import { openRunStore } from '../../src/store/open-run-store.ts';
import { startAzurite } from '../../tools/functions-host/azurite/azurite.ts';

it('opens the store that a connection string names', async (t) => {
  const azurite = await startAzurite();
  t.after(() => azurite.stop());
  const settings = { AzureWebJobsStorage: azurite.connectionString };
  await (await openRunStore(settings)).putDocument('r', 'd', Buffer.from('kept'));
  const bytes = await (await openRunStore(settings)).getDocument('r', 'd');
  assert.equal(Buffer.from(bytes ?? []).toString(), 'kept');
});

it('accepts the settings for Azurite and for an identity without contacting anything', async () => {
  const uri = 'https://account.table.core.windows.net';
  for (const settings of [
    { AzureWebJobsStorage: 'UseDevelopmentStorage=true' },
    { AzureWebJobsStorage__tableServiceUri: uri, AzureWebJobsStorage__credential: 'managedidentity' },
    {
      AzureWebJobsStorage__tableServiceUri: uri,
      AzureWebJobsStorage__clientId: '00000000-0000-0000-0000-000000000001',
    },
    { AzureWebJobsStorage__accountName: 'account' },
  ]) {
    assert.equal(typeof (await openRunStore(settings)).getRun, 'function');
  }
});

it('names the settings if none is set or one is wrong, and does not quote a secret', async () => {
  await assert.rejects(openRunStore({}), /AzureWebJobsStorage .*AzureWebJobsStorage__tableServiceUri/);
  await assert.rejects(openRunStore({ AzureWebJobsStorage__tableServiceUri: 'http://x' }), /must be an https URL/);
  for (const wrong of ['AccountKey=c2VjcmV0', 'TableEndpoint=c2VjcmV0;SharedAccessSignature=c2VjcmV0', 'c2VjcmV0']) {
    await assert.rejects(openRunStore({ AzureWebJobsStorage: wrong }), (error: Error) => {
      assert.match(error.message, /AzureWebJobsStorage is not a storage connection string/);
      assert.doesNotMatch(error.message, /c2VjcmV0/);
      return true;
    });
  }
});
