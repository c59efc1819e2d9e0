import type { TokenCredential } from '@azure/identity';
import type { SecretClient, SecretClientOptions } from '@azure/keyvault-secrets';
import { assertSecretName, type SecretSource } from './secret-source.ts';

/** Which vault, and which user-assigned identity when the app has several. */
export type KeyVault = { readonly vaultUrl: string; readonly clientId?: string };

/** How to reach the vault, if not with the app's identity over the internet. */
type KeyVaultAccess = { readonly credential?: TokenCredential; readonly clientOptions?: SecretClientOptions };

/** Long enough for the client's three retries, after up to 1, 2 and 4 seconds or what Retry-After says. */
const REQUEST_TIMEOUT_MS = 30_000;

/**
 * Secrets from Azure Key Vault, each in its current version. The Azure libraries are loaded at the first request, because
 * loading them takes much of a cold start, and many plans need no secret.
 * @throws Error when the URL is not https
 */
export function keyVaultSecrets({ vaultUrl, clientId }: KeyVault, access: KeyVaultAccess = {}): SecretSource {
  if (!URL.canParse(vaultUrl) || new URL(vaultUrl).protocol !== 'https:') {
    throw new Error('SURGE_KEY_VAULT_URL must be an https URL such as https://NAME.vault.azure.net.');
  }
  let client: Promise<SecretClient> | undefined;
  const open = async (): Promise<SecretClient> => {
    const { SecretClient } = await import('@azure/keyvault-secrets');
    return new SecretClient(vaultUrl, access.credential ?? (await appIdentity(clientId)), access.clientOptions);
  };
  return {
    async get(name) {
      assertSecretName(name);
      client ??= open();
      const abortSignal = AbortSignal.timeout(REQUEST_TIMEOUT_MS);
      const { value } = await (await client).getSecret(name, { abortSignal }).catch((error: unknown) => {
        throw new Error(problemOf(name, vaultUrl, error));
      });
      if (!value) throw new Error(problemOf(name, vaultUrl, { statusCode: 404 }));
      return value;
    },
  };
}

async function appIdentity(clientId: string | undefined): Promise<TokenCredential> {
  const { DefaultAzureCredential } = await import('@azure/identity');
  return new DefaultAzureCredential(clientId === undefined ? {} : { managedIdentityClientId: clientId });
}

/** Says what to do. Leaves out the error itself, because it contains the request with its access token. */
function problemOf(name: string, vaultUrl: string, error: unknown): string {
  const { statusCode, code, message, name: kind } = (error ?? {}) as Partial<Record<string, unknown>>;
  if (statusCode === 404) {
    const vaultName = new URL(vaultUrl).hostname.split('.')[0];
    return (
      `Secret "${name}" is missing or empty in the key vault ${vaultUrl}. ` +
      `Add it: az keyvault secret set --vault-name ${vaultName} --name ${name} --file FILE`
    );
  }
  if (statusCode === 401 || statusCode === 403) {
    return (
      `The key vault ${vaultUrl} refused secret "${name}" (${statusCode}): give the app's identity the role Key Vault ` +
      "Secrets User, let the vault's firewall admit the app, and check that the secret is enabled."
    );
  }
  if (kind === 'AbortError') {
    return `The key vault ${vaultUrl} did not answer the request for secret "${name}" within ${REQUEST_TIMEOUT_MS / 1000} s.`;
  }
  if (typeof kind === 'string' && /Authentication|Credential/.test(kind)) {
    const reason = String(message).split('\n')[0]?.slice(0, 300);
    return `No identity could sign in to read secret "${name}" from the key vault ${vaultUrl}: ${reason}`;
  }
  return `Reading secret "${name}" from the key vault ${vaultUrl} failed (${statusCode ?? code ?? kind ?? 'unknown'}).`;
}
