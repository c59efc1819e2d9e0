import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SecretClientOptions } from '@azure/keyvault-secrets';

/** What the vault answers for a secret's name; a name that is not there gives 404. */
export type VaultAnswers = Readonly<Record<string, { readonly status: number; readonly body: unknown }>>;

/** The client uses the public name, so that its check of the challenge's resource stays on; the bytes go to loopback. */
export const VAULT_URL = 'https://surge-test.vault.azure.net';

export type FakeVault = {
  /** Every request as `PATH AUTHORIZATION`. */
  readonly requests: string[];
  readonly clientOptions: SecretClientOptions;
  stop(): Promise<void>;
};

/**
 * A Key Vault over TLS on loopback: a request without a token gets the challenge of the real one.
 * @throws when the openssl command, which makes the certificate, is missing
 */
export async function startFakeVault(answers: VaultAnswers, resource = 'https://vault.azure.net'): Promise<FakeVault> {
  const { key, cert } = makeCertificate();
  const requests: string[] = [];
  const server = createServer({ key, cert }, (request, response) => {
    const path = new URL(request.url ?? '/', VAULT_URL).pathname;
    requests.push(`${path} ${request.headers.authorization ?? '-'}`);
    response.setHeader('content-type', 'application/json');
    if (request.headers.authorization === undefined) {
      const authorization = 'https://login.microsoftonline.com/00000000-0000-0000-0000-000000000001';
      response.setHeader('www-authenticate', `Bearer authorization="${authorization}", resource="${resource}"`);
      response.writeHead(401).end(JSON.stringify({ error: { code: 'Unauthorized', message: 'no token' } }));
      return;
    }
    const name = /^\/secrets\/([^/]+)\/?$/.exec(path)?.[1] ?? '';
    const notFound = { error: { code: 'SecretNotFound', message: `A secret with (name/id) ${name} was not found.` } };
    const { status, body } = answers[name] ?? { status: 404, body: notFound };
    response.writeHead(status).end(JSON.stringify(body));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    requests,
    clientOptions: {
      retryOptions: { retryDelayInMs: 1, maxRetryDelayInMs: 2 },
      additionalPolicies: [{ position: 'perRetry', policy: loopbackPolicy(port, cert) }],
    },
    async stop() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

type Policy = NonNullable<SecretClientOptions['additionalPolicies']>[number]['policy'];

/** Sends what is meant for the vault to loopback, where only our certificate is trusted. */
function loopbackPolicy(port: number, ca: string): Policy {
  return {
    name: 'loopback',
    async sendRequest(request, next) {
      const { url } = request;
      request.url = url.replace(VAULT_URL, `https://127.0.0.1:${port}`);
      request.tlsSettings = { ca };
      try {
        return await next(request);
      } finally {
        request.url = url;
      }
    },
  };
}

function makeCertificate(): { key: string; cert: string } {
  const folder = mkdtempSync(join(tmpdir(), 'fake-vault-'));
  try {
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    const options = [
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-days',
      '2',
      '-subj',
      '/CN=fake',
    ];
    execFileSync(
      'openssl',
      ['req', '-x509', ...options, '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', cert],
      { stdio: 'pipe', timeout: 20_000 },
    );
    return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
