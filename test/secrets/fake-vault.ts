import { createServer } from 'node:https';
import type { SecretClientOptions } from '@azure/keyvault-secrets';
import { makeCertificate } from '../support/certificate.ts';
import { listenOnLoopback } from '../support/loopback-server.ts';

/** The vault's replies by the secret's name; it replies 404 to any other name. */
export type VaultAnswers = Readonly<Record<string, { readonly status: number; readonly body: unknown }>>;

/** The client uses the public name, so that it checks the challenge's resource; the bytes go to loopback. */
export const VAULT_URL = 'https://surge-test.vault.azure.net';

export type FakeVault = {
  /** Every request as `PATH AUTHORIZATION`. */
  readonly requests: string[];
  readonly clientOptions: SecretClientOptions;
  stop(): Promise<void>;
};

/**
 * A Key Vault over TLS on loopback. A request without a token gets the same challenge as from the real one.
 * @throws when the openssl command, which makes the certificate, is missing
 */
export async function startFakeVault(answers: VaultAnswers, resource = 'https://vault.azure.net'): Promise<FakeVault> {
  const { key, cert } = makeCertificate('IP:127.0.0.1');
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
  });
  const { port, close } = await listenOnLoopback(server);
  return {
    requests,
    clientOptions: {
      retryOptions: { retryDelayInMs: 1, maxRetryDelayInMs: 2 },
      additionalPolicies: [{ position: 'perRetry', policy: loopbackPolicy(port, cert) }],
    },
    stop: close,
  };
}

type Policy = NonNullable<SecretClientOptions['additionalPolicies']>[number]['policy'];

/** Sends requests for the vault to loopback, where only our certificate is trusted. */
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
