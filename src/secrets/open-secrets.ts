import { cachedSecrets } from './cached-secrets.ts';
import { environmentSecrets } from './environment-secrets.ts';
import { keyVaultSecrets } from './key-vault-secrets.ts';
import type { SecretSource } from './secret-source.ts';

/** A secret that was rotated in the vault is in use after this time. */
const TTL_MS = 5 * 60_000;

/**
 * The source that the settings name: Key Vault when `SURGE_KEY_VAULT_URL` is set (with the user-assigned identity
 * `AZURE_CLIENT_ID` if there is one; values are kept for five minutes), environment variables otherwise.
 * @param now a clock in milliseconds that never runs backwards
 * @throws Error when SURGE_KEY_VAULT_URL is not an https URL
 */
export function openSecrets(env: Readonly<Record<string, string | undefined>>, now: () => number): SecretSource {
  const vaultUrl = env.SURGE_KEY_VAULT_URL;
  if (!vaultUrl) return environmentSecrets(env);
  const clientId = env.AZURE_CLIENT_ID;
  return cachedSecrets(keyVaultSecrets({ vaultUrl, ...(clientId ? { clientId } : {}) }), { ttlMs: TTL_MS, now });
}
