import { TableClient } from '@azure/data-tables';
import type { RunStore } from './run-store.ts';
import { tableControl } from './table-control.ts';
import { tableDocuments } from './table-documents.ts';
import { tableRemoval } from './table-removal.ts';
import { TableRows } from './table-rows.ts';
import { tableClaims, tableRuns } from './table-runs.ts';
import { tableAttempts, tableBlocks, tableProgress } from './table-slices.ts';

/** The one table that everything is stored in. */
const TABLE_NAME = 'mcpsurge';

/** Opens the run store in the table of {@link openTable}. */
export async function openRunStore(settings: Readonly<Record<string, string | undefined>>): Promise<RunStore> {
  return tableRunStore(await openTable(settings));
}

/**
 * Opens the table that the app settings name: `AzureWebJobsStorage` with a connection string
 * (`UseDevelopmentStorage=true` for Azurite), or `AzureWebJobsStorage__tableServiceUri` or
 * `AzureWebJobsStorage__accountName` with the app's identity. `AzureWebJobsStorage__clientId` or `AZURE_CLIENT_ID` selects
 * a user-assigned identity. Nothing is contacted before the first call.
 * @throws Error naming the settings if none is set or one cannot be used
 */
export async function openTable(settings: Readonly<Record<string, string | undefined>>): Promise<TableClient> {
  const connectionString = settings.AzureWebJobsStorage;
  if (connectionString) return clientFromConnectionString(connectionString);
  const accountName = settings.AzureWebJobsStorage__accountName;
  const uri =
    settings.AzureWebJobsStorage__tableServiceUri ||
    (accountName ? `https://${accountName}.table.core.windows.net` : undefined);
  if (uri) return clientFromIdentity(uri, settings);
  throw new Error(
    'No storage account is set. Set AzureWebJobsStorage to a connection string (UseDevelopmentStorage=true for Azurite ' +
      "on its standard ports). To use the app's identity, set AzureWebJobsStorage__tableServiceUri to the account's table URL.",
  );
}

/**
 * A run store in one table of Azure Table Storage; the table is created if it is missing. docs/storage.md describes the
 * format. Calls that fail after the client's own retries throw a StoreError.
 * @param timeoutMs how long one call may take with all its retries
 */
export function tableRunStore(client: TableClient, timeoutMs?: number): RunStore {
  const rows = new TableRows(client, timeoutMs);
  return {
    ...tableRuns(rows),
    ...tableClaims(rows),
    ...tableControl(rows),
    ...tableDocuments(rows),
    ...tableAttempts(rows),
    ...tableBlocks(rows),
    ...tableProgress(rows),
    ...tableRemoval(rows),
  };
}

function clientFromConnectionString(connectionString: string): TableClient {
  const insecure = /UseDevelopmentStorage=true|TableEndpoint=http:|DefaultEndpointsProtocol=http(;|$)/i;
  try {
    return TableClient.fromConnectionString(connectionString, TABLE_NAME, {
      allowInsecureConnection: insecure.test(connectionString),
    });
  } catch {
    // The client's own message is dropped, because it may quote parts of the string.
    throw new Error(
      'AzureWebJobsStorage is not a storage connection string: expected UseDevelopmentStorage=true, or ' +
        'DefaultEndpointsProtocol=…;AccountName=…;AccountKey=… with an optional TableEndpoint=….',
    );
  }
}

async function clientFromIdentity(
  uri: string,
  settings: Readonly<Record<string, string | undefined>>,
): Promise<TableClient> {
  if (!URL.canParse(uri) || new URL(uri).protocol !== 'https:') {
    throw new Error(
      'AzureWebJobsStorage__tableServiceUri must be an https URL such as https://ACCOUNT.table.core.windows.net.',
    );
  }
  // Imported only here: loading it takes a good part of a cold start, and a connection string does not need it.
  const { DefaultAzureCredential, ManagedIdentityCredential } = await import('@azure/identity');
  const clientId = settings.AzureWebJobsStorage__clientId || settings.AZURE_CLIENT_ID;
  const managed = settings.AzureWebJobsStorage__credential?.toLowerCase() === 'managedidentity';
  const credential = managed
    ? new ManagedIdentityCredential(clientId ? { clientId } : {})
    : new DefaultAzureCredential(clientId ? { managedIdentityClientId: clientId } : {});
  return new TableClient(uri, TABLE_NAME, credential);
}
