import { assertSecretName } from './secret-name.ts';
import type { SecretSource } from './secret-source.ts';

/**
 * Secrets from environment variables, for the command line and a laptop: `github-pat` is `SURGE_SECRET_GITHUB_PAT`.
 * An empty variable counts as missing, because that is what an unset pipeline secret looks like.
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
