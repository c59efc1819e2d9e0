import { type ClientAuth, ClientSecretPost, modifyAssertion, None, PrivateKeyJwt } from 'oauth4webapi';
import type { AuthorizationServer } from './discovery.ts';
import { cryptoKeyOf, readSigningKey, type SigningKey } from './signing-key.ts';

/** Who asks a token endpoint, and what proves it. */
export type OAuthClient = {
  /** Undefined where an assertion says it all. */
  readonly id: string | undefined;
  readonly secret: string | undefined;
  /** How the plan wants the secret to be sent; undefined to go by what the server takes. */
  readonly placement: 'basic' | 'post' | undefined;
  readonly key: SigningKey | undefined;
};

/** What the plan says of a client; secrets by name. */
export type ClientFields = {
  readonly clientId?: string | undefined;
  readonly clientSecret?: string | undefined;
  readonly clientAuthentication?: 'basic' | 'post' | undefined;
  readonly privateKey?: string | undefined;
  readonly algorithm?: string | undefined;
  readonly keyId?: string | undefined;
};

/**
 * @param secret gives the value of a secret
 * @throws when the private key cannot be used; the message names its secret
 */
export function readClient(fields: ClientFields, secret: (name: string) => string): OAuthClient {
  const { clientId, clientSecret, clientAuthentication, privateKey: name, algorithm, keyId } = fields;
  return {
    id: clientId,
    secret: clientSecret === undefined ? undefined : secret(clientSecret),
    placement: clientAuthentication,
    key: name === undefined ? undefined : readSigningKey(secret(name), { name, algorithm, keyId }),
  };
}

/**
 * How a client proves to a server who it is (RFC 6749 §2.3, RFC 7523 §2.2).
 * @throws when the server takes nothing that the client has; the message says what each has
 */
export function clientAuthentication(client: OAuthClient, server: AuthorizationServer): ClientAuth {
  const { id, secret, key } = client;
  if (key !== undefined) return signed(key, server);
  if (secret !== undefined) return placementOf(client, server) === 'post' ? ClientSecretPost(secret) : basic(secret);
  return id === undefined ? () => {} : None();
}

function placementOf({ placement }: OAuthClient, { issuer, authMethods }: AuthorizationServer): 'basic' | 'post' {
  if (placement !== undefined) return placement;
  if (authMethods.includes('client_secret_basic')) return 'basic';
  if (authMethods.includes('client_secret_post')) return 'post';
  throw new Error(
    `The authorization server ${issuer} takes no client secret but ${authMethods.join(', ')}; use a private key, or ` +
      'try it all the same with auth.clientAuthentication.',
  );
}

/**
 * RFC 6749 §2.3.1. The library's own encodes even dashes, which servers that do not decode compare in vain; here the
 * characters that forms leave as they are stay so.
 */
function basic(secret: string): ClientAuth {
  return (_server, { client_id }, _body, headers) => {
    const credentials = Buffer.from(`${formEncoded(client_id)}:${formEncoded(secret)}`);
    headers.set('authorization', `Basic ${credentials.toString('base64')}`);
  };
}

function formEncoded(text: string): string {
  return new URLSearchParams([['', text]]).toString().slice(1);
}

function signed(key: SigningKey, { issuer, algorithms }: AuthorizationServer): ClientAuth {
  const algorithm = key.algorithm ?? key.algorithms.find((each) => algorithms?.includes(each) ?? true);
  if (algorithm === undefined) {
    throw new Error(
      `The authorization server ${issuer} takes assertions signed by ${algorithms?.join(', ')}, but the private key signs ` +
        `by ${key.algorithms.join(', ')}; use another key.`,
    );
  }
  const named = key.keyId === undefined ? {} : { kid: key.keyId };
  return PrivateKeyJwt(
    { key: cryptoKeyOf(key, algorithm), ...named },
    {
      [modifyAssertion]: (header) => {
        header.alg = algorithm;
      },
    },
  );
}
