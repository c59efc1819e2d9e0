import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { after, before, describe, it } from 'node:test';
import { keyVaultSecrets } from '../../src/secrets/key-vault-secrets.ts';
import { type FakeVault, startFakeVault, VAULT_URL } from './fake-vault.ts';

const TOKEN = 'access-token-of-the-app';
const noOpenssl = spawnSync('openssl', ['version']).status !== 0;

// A pipeline has openssl. There, a silent skip would hide that the vault was never tested.
const skip = noOpenssl && !process.env.CI ? 'the openssl command, which makes the certificate, is missing' : false;

describe('keyVaultSecrets', { skip }, () => {
  let vault: FakeVault;
  const scopes: string[] = [];
  const credential = {
    async getToken(scope: string | string[]) {
      scopes.push(String(scope));
      return { token: TOKEN, expiresOnTimestamp: Date.now() + 3_600_000 };
    },
  };
  const error = (code: string) => ({ error: { code, message: `${code} for caller with ${TOKEN}` } });

  before(async () => {
    vault = await startFakeVault({
      'github-pat': { status: 200, body: { value: 'ghp_from_vault', id: `${VAULT_URL}/secrets/github-pat/1` } },
      empty: { status: 200, body: { value: '', id: `${VAULT_URL}/secrets/empty/1` } },
      forbidden: { status: 403, body: error('Forbidden') },
      broken: { status: 500, body: error('InternalError') },
      busy: { status: 429, body: error('Throttled') },
    });
  });
  after(() => vault.stop());

  const open = () => keyVaultSecrets({ vaultUrl: VAULT_URL }, { credential, clientOptions: vault.clientOptions });

  it('answers the challenge of the vault and reads the current version', async () => {
    const secrets = open();
    assert.equal(await secrets.get('github-pat'), 'ghp_from_vault');
    assert.equal(await secrets.get('github-pat'), 'ghp_from_vault');
    assert.deepEqual(vault.requests, [
      '/secrets/github-pat/ -',
      `/secrets/github-pat/ Bearer ${TOKEN}`,
      `/secrets/github-pat/ Bearer ${TOKEN}`,
    ]);
    assert.deepEqual(scopes, ['https://vault.azure.net/.default']);
  });

  for (const [name, expected] of [
    [
      'missing',
      /Secret "missing" is missing or empty in the key vault https:\/\/surge-test.*--vault-name surge-test --name missing/,
    ],
    ['empty', /Secret "empty" is missing or empty/],
    ['forbidden', /refused secret "forbidden" \(403\).*Key Vault Secrets User/],
    ['broken', /Reading secret "broken" from .* failed \(500\)/],
    ['busy', /Reading secret "busy" from .* failed \(429\)/],
  ] as const) {
    it(`explains a reply such as ${name}, without the token`, async () => {
      await assert.rejects(open().get(name), (problem: Error) => {
        assert.match(problem.message, expected);
        assert.ok(!`${problem.stack}${JSON.stringify(problem)}${String(problem.cause)}`.includes(TOKEN));
        return true;
      });
    });
  }

  it('sends nothing for a name that cannot be a secret', async () => {
    const before = vault.requests.length;
    await assert.rejects(open().get('../keys/x'), /cannot be a secret's name/);
    assert.equal(vault.requests.length, before);
  });

  it('reports that no identity can sign in', async () => {
    const failing = {
      async getToken(): Promise<never> {
        throw Object.assign(new Error('no identity here\nmore lines'), { name: 'CredentialUnavailableError' });
      },
    };
    const secrets = keyVaultSecrets(
      { vaultUrl: VAULT_URL },
      { credential: failing, clientOptions: vault.clientOptions },
    );
    await assert.rejects(secrets.get('github-pat'), /No identity could sign in.*no identity here$/);
  });

  it('gives no token to a vault of another domain', async (t) => {
    const impostor = await startFakeVault({}, 'https://vault.example.net');
    t.after(() => impostor.stop());
    const asked = scopes.length;
    const secrets = keyVaultSecrets({ vaultUrl: VAULT_URL }, { credential, clientOptions: impostor.clientOptions });
    await assert.rejects(secrets.get('github-pat'), /Reading secret "github-pat" from .* failed/);
    assert.equal(scopes.length, asked);
  });

  it('does not accept a certificate that no authority signed', async () => {
    const { additionalPolicies: _trust, ...clientOptions } = vault.clientOptions;
    const [{ policy } = { policy: undefined }] = vault.clientOptions.additionalPolicies ?? [];
    assert.ok(policy);
    const distrust: typeof policy = {
      name: 'distrust',
      sendRequest: (request, next) =>
        policy.sendRequest(request, (sent) => {
          delete sent.tlsSettings;
          return next(sent);
        }),
    };
    const options = { ...clientOptions, additionalPolicies: [{ position: 'perRetry' as const, policy: distrust }] };
    const secrets = keyVaultSecrets({ vaultUrl: VAULT_URL }, { credential, clientOptions: options });
    await assert.rejects(secrets.get('github-pat'), /Reading secret "github-pat" .*CERT/);
  });
});

describe('keyVaultSecrets without a vault', () => {
  it('refuses a URL that is not https', () => {
    for (const vaultUrl of ['http://surge.vault.azure.net', 'surge', '']) {
      assert.throws(() => keyVaultSecrets({ vaultUrl }), /SURGE_KEY_VAULT_URL must be an https URL/);
    }
  });
});
