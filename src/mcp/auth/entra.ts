import type { FetchToken } from './token-authorizer.ts';

type Credential = { getToken(scope: string): Promise<{ token: string; expiresOnTimestamp: number } | null> };

/**
 * Fetches Microsoft Entra tokens: as the app's managed identity in Azure, as the logged-in developer on a laptop
 * (DefaultAzureCredential). The library is loaded only here, because loading it takes longer than all the rest.
 * @param clientId of the user-assigned identity; undefined for the default one
 */
export function entraTokens(scope: string, clientId: string | undefined): FetchToken {
  let credential: Promise<Credential> | undefined;
  return async () => {
    credential ??= import('@azure/identity').then(({ DefaultAzureCredential }) => {
      return new DefaultAzureCredential(clientId === undefined ? {} : { managedIdentityClientId: clientId });
    });
    const token = await (await credential).getToken(scope).catch((error: unknown) => {
      const reason = error instanceof Error ? error.message : String(error);
      throw new Error(`Microsoft Entra gave no token for ${scope}: ${reason}`, { cause: error });
    });
    if (token === null) throw new Error(`Microsoft Entra gave no token for ${scope}.`);
    return { value: token.token, expiresAtMs: token.expiresOnTimestamp };
  };
}
