import { keyVaultSecrets } from './key-vault-secrets.ts';
import { assertSecretName, cachedSecrets, type SecretSource } from './secret-source.ts';

/** A secret that was rotated in the vault is used after this time at the latest. */
const TTL_MS = 5 * 60_000;

/**
 * Opens the source that the settings name: Key Vault if `SURGE_KEY_VAULT_URL` is set, otherwise environment variables. Key
 * Vault is read with the user-assigned identity `AZURE_CLIENT_ID` if there is one, and its values are kept for five minutes.
 * @param now a clock in milliseconds that never runs backwards
 * @throws Error when SURGE_KEY_VAULT_URL is not an https URL
 */
export function openSecrets(env: Readonly<Record<string, string | undefined>>, now: () => number): SecretSource {
  const vaultUrl = env.SURGE_KEY_VAULT_URL;
  if (!vaultUrl) return environmentSecrets(env);
  const clientId = env.AZURE_CLIENT_ID;
  return cachedSecrets(keyVaultSecrets({ vaultUrl, ...(clientId ? { clientId } : {}) }), { ttlMs: TTL_MS, now });
}

/**
 * Secrets from environment variables, for the command line and for laptops: `github-pat` is `SURGE_SECRET_GITHUB_PAT`. An
 * empty variable counts as missing, because an unset pipeline secret looks like that.
 */
export function environmentSecrets(env: Readonly<Record<string, string | undefined>>): SecretSource {
  return {
    async get(name) {
      assertSecretName(name);
      const variable = secretVariable(name);
      const value = env[variable];
      if (value === undefined || value === '') {
        throw new Error(
          `Secret "${name}" is missing: the environment variable ${variable} is not set or empty. ` +
            `Set ${variable}, or set SURGE_KEY_VAULT_URL to take secrets from Key Vault.`,
        );
      }
      return value;
    },
  };
}

/** The environment variable that stands for a secret. */
export function secretVariable(name: string): string {
  return `SURGE_SECRET_${name.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_')}`;
}
