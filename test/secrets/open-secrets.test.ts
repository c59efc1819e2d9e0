import assert from 'node:assert/strict';
import { it } from 'node:test';
import { openSecrets } from '../../src/secrets/open-secrets.ts';

const now = () => 0;

it('takes environment variables when no vault is set', async () => {
  const secrets = openSecrets({ SURGE_KEY_VAULT_URL: '', SURGE_SECRET_A: 'value' }, now);
  assert.equal(await secrets.get('a'), 'value');
});

it('takes the vault when one is set, and never a variable in its place', async () => {
  const env = { SURGE_KEY_VAULT_URL: 'https://surge-test.vault.azure.net', SURGE_SECRET_A_B: 'value' };
  await assert.rejects(openSecrets(env, now).get('a_b'), /cannot be a secret's name/);
  assert.throws(() => openSecrets({ ...env, SURGE_KEY_VAULT_URL: 'http://x' }, now), /must be an https URL/);
});
