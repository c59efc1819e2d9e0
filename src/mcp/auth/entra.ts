import type { FetchToken } from './token-source.ts';

type Credential = { getToken(scope: string): Promise<{ token: string; expiresOnTimestamp: number } | null> };

/** Longer than the library's own retries. A request that waits for a token must not wait forever. */
const TIMEOUT_MS = 30_000;

/**
 * Fetches Microsoft Entra tokens: as the app's managed identity in Azure, as the signed-in developer on a laptop. The
 * library caches a token until five minutes before it expires; that is also when a TokenSource asks for the next. The
 * library is loaded on first use, because loading it takes longer than everything else at start.
 * @param clientId of the user-assigned identity; undefined for the default identity
 */
export function entraTokens(scope: string, clientId: string | undefined): FetchToken {
  let credential: Promise<Credential> | undefined;
  return async () => {
    credential ??= openCredential(clientId);
    const failed = `Microsoft Entra did not issue a token for ${scope}${runsAsApp() ? ` to ${identityName(clientId)}` : ''}`;
    const token = await withinLimit(credential.then((opened) => opened.getToken(scope))).catch((error: unknown) => {
      const reason = error instanceof Error ? error.message : String(error);
      throw new Error(`${failed}: ${reason}`, { cause: error });
    });
    if (token === null) throw new Error(`${failed}.`);
    return { value: token.token, expiresAtMs: token.expiresOnTimestamp };
  };
}

async function openCredential(clientId: string | undefined): Promise<Credential> {
  const { DefaultAzureCredential, ManagedIdentityCredential } = await import('@azure/identity');
  // DefaultAzureCredential would try the app's identity too, but only report its error after half a minute of retries,
  // among the errors of all other credentials.
  if (runsAsApp()) {
    const retryOptions = { maxRetries: 2, retryDelayInMs: 300 };
    return new ManagedIdentityCredential({ retryOptions, ...(clientId !== undefined && { clientId }) });
  }
  return new DefaultAzureCredential(clientId === undefined ? {} : { managedIdentityClientId: clientId });
}

/** App Service and Functions set this variable only for an app with a managed identity. */
function runsAsApp(): boolean {
  return Boolean(process.env.IDENTITY_ENDPOINT);
}

function identityName(clientId: string | undefined): string {
  return clientId === undefined ? "the app's managed identity" : `the managed identity ${clientId}`;
}

async function withinLimit<Result>(work: Promise<Result>): Promise<Result> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`no answer within ${TIMEOUT_MS / 1000} s`)), TIMEOUT_MS);
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
