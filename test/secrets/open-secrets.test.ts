import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { environmentSecrets, openSecrets } from '../../src/secrets/open-secrets.ts';

describe('openSecrets', () => {
  const now = () => 0;

  it('reads environment variables when no vault is set', async () => {
    const secrets = openSecrets({ SURGE_KEY_VAULT_URL: '', SURGE_SECRET_A: 'value' }, now);
    assert.equal(await secrets.get('a'), 'value');
  });

  it('reads the vault when one is set, and never a variable instead', async () => {
    const env = { SURGE_KEY_VAULT_URL: 'https://surge-test.vault.azure.net', SURGE_SECRET_A_B: 'value' };
    await assert.rejects(openSecrets(env, now).get('a_b'), /cannot be a secret's name/);
    assert.throws(() => openSecrets({ ...env, SURGE_KEY_VAULT_URL: 'http://x' }, now), /must be an https URL/);
  });
});

describe('environmentSecrets', () => {
  const secrets = environmentSecrets({ SURGE_SECRET_GITHUB_PAT: 'ghp_value', SURGE_SECRET_EMPTY: '' });

  it('reads the variable that stands for the secret', async () => {
    assert.equal(await secrets.get('github-pat'), 'ghp_value');
    assert.equal(await secrets.get('GitHub-PAT'), 'ghp_value');
  });

  it('names the secret and the variable when the value is missing or empty', async () => {
    await assert.rejects(secrets.get('api-key'), /Secret "api-key" is missing.*Set SURGE_SECRET_API_KEY/);
    await assert.rejects(secrets.get('empty'), /SURGE_SECRET_EMPTY is not set or empty/);
  });

  it("refuses names that break Key Vault's rule", async () => {
    for (const name of ['', 'a_b', 'a/b', 'a b', 'ä', '../x', 'x'.repeat(128)]) {
      await assert.rejects(secrets.get(name), /cannot be a secret's name/, name);
    }
    await assert.rejects(secrets.get('x'.repeat(127)), /is missing/);
  });
});
