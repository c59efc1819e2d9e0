import type { FetchToken } from './token-source.ts';

type Credential = { getToken(scope: string): Promise<{ token: string; expiresOnTimestamp: number } | null> };

/** Longer than the library's own retries; a request that waits for a token must not wait for ever. */
const TIMEOUT_MS = 30_000;

/**
 * Fetches Microsoft Entra tokens: as the app's managed identity in Azure, as the logged-in developer on a laptop. The
 * library keeps tokens itself until five minutes before their end, which is when a source asks for the next. It is
 * loaded only here, because loading it takes longer than all the rest.
 * @param clientId of the user-assigned identity; undefined for the default one
 */
export function entraTokens(scope: string, clientId: string | undefined): FetchToken {
  let credential: Promise<Credential> | undefined;
  return async () => {
    credential ??= openCredential(clientId);
    const asked = `Microsoft Entra gave no token for ${scope}${ofApp() ? ` to ${identityName(clientId)}` : ''}`;
    const token = await inTime(credential.then((opened) => opened.getToken(scope))).catch((error: unknown) => {
      const reason = error instanceof Error ? error.message : String(error);
      throw new Error(`${asked}: ${reason}`, { cause: error });
    });
    if (token === null) throw new Error(`${asked}.`);
    return { value: token.token, expiresAtMs: token.expiresOnTimestamp };
  };
}

async function openCredential(clientId: string | undefined): Promise<Credential> {
  const { DefaultAzureCredential, ManagedIdentityCredential } = await import('@azure/identity');
  // DefaultAzureCredential would come to the app's identity as well, but hide what that says behind half a minute of
  // retries and then the complaints of every other credential.
  if (ofApp()) {
    const retryOptions = { maxRetries: 2, retryDelayInMs: 300 };
    return new ManagedIdentityCredential({ retryOptions, ...(clientId !== undefined && { clientId }) });
  }
  return new DefaultAzureCredential(clientId === undefined ? {} : { managedIdentityClientId: clientId });
}

/** App Service and Functions set this variable, and only for an app that has a managed identity. */
function ofApp(): boolean {
  return Boolean(process.env.IDENTITY_ENDPOINT);
}

function identityName(clientId: string | undefined): string {
  return clientId === undefined ? "the app's managed identity" : `the managed identity ${clientId}`;
}

async function inTime<Result>(work: Promise<Result>): Promise<Result> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`nothing came within ${TIMEOUT_MS / 1000} s`)), TIMEOUT_MS);
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
