import { createPrivateKey, type KeyObject, type webcrypto } from 'node:crypto';
import { type ClientAuth, ClientSecretPost, modifyAssertion, None, PrivateKeyJwt } from 'oauth4webapi';
import type { AuthorizationServer } from './discovery.ts';

/** A client of a token endpoint, and its credentials. */
export type OAuthClient = {
  /** Undefined when an assertion is enough. */
  readonly id: string | undefined;
  readonly secret: string | undefined;
  /** How the plan wants the secret to be sent; undefined to choose by what the server accepts. */
  readonly placement: 'basic' | 'post' | undefined;
  readonly key: SigningKey | undefined;
};

/** What the plan says about a client; secrets by name. */
type ClientFields = {
  readonly clientId?: string | undefined;
  readonly clientSecret?: string | undefined;
  readonly clientAuthentication?: 'basic' | 'post' | undefined;
  readonly privateKey?: string | undefined;
  readonly algorithm?: string | undefined;
  readonly keyId?: string | undefined;
};

/**
 * Reads a client from the plan.
 * @param secret returns the value of a secret
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
 * How a client authenticates at a server (RFC 6749 §2.3, RFC 7523 §2.2).
 * @throws when the server does not accept what the client has; the message says what each supports
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
    `The authorization server ${issuer} does not accept a client secret, only ${authMethods.join(', ')}; use a private ` +
      'key, or set auth.clientAuthentication to try it anyway.',
  );
}

/**
 * RFC 6749 §2.3.1. The library's own method encodes even dashes, and servers that do not decode them refuse the client.
 * This one leaves the characters that forms do not encode.
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
      `The authorization server ${issuer} accepts assertions signed with ${algorithms?.join(', ')}, but the private key ` +
        `supports ${key.algorithms.join(', ')}; use another key.`,
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

/** A private key that signs client assertions. */
type SigningKey = {
  /** What the plan or the key itself demands; undefined to choose by what the server accepts. */
  readonly algorithm: string | undefined;
  /** All algorithms that it supports, best known first. */
  readonly algorithms: readonly string[];
  readonly keyId: string | undefined;
  readonly keyObject: KeyObject;
};

type SigningKeyWishes = {
  /** The name of the secret, for messages. */
  readonly name: string;
  readonly algorithm: string | undefined;
  readonly keyId: string | undefined;
};

/**
 * Reads a private key from PEM (PKCS#8) or a JWK (RFC 7517).
 * @throws when the text is not a key, or cannot sign as the plan wants; the message names the secret, never its value
 */
function readSigningKey(text: string, { name, algorithm, keyId }: SigningKeyWishes): SigningKey {
  const jwk = readJwk(text);
  const keyObject = importKey(jwk ?? text, name);
  const algorithms = algorithmsOf(keyObject);
  const wanted = algorithm ?? jwk?.alg;
  if (algorithms.length === 0 || (wanted !== undefined && !algorithms.includes(wanted))) {
    const supported = algorithms.length === 0 ? 'no algorithm that servers accept' : algorithms.join(', ');
    throw new Error(`The private key in the secret "${name}" supports ${supported}${wanted ? `, not ${wanted}` : ''}.`);
  }
  return { algorithm: wanted, algorithms, keyId: keyId ?? jwk?.kid, keyObject };
}

/** The key in the form that Web Crypto signs with. */
function cryptoKeyOf({ keyObject }: SigningKey, algorithm: string): webcrypto.CryptoKey {
  return keyObject.toCryptoKey(webAlgorithm(algorithm), false, ['sign']);
}

type Jwk = { readonly alg?: string; readonly kid?: string };

/** Undefined for text that is not a JSON object. Importing it shows whether it is a key. */
function readJwk(text: string): Jwk | undefined {
  if (!text.trimStart().startsWith('{')) return undefined;
  try {
    const { alg, kid, ...rest } = JSON.parse(text) as Record<string, unknown>;
    return { ...rest, ...(typeof alg === 'string' && { alg }), ...(typeof kid === 'string' && { kid }) };
  } catch {
    return undefined;
  }
}

function importKey(source: string | Jwk, name: string): KeyObject {
  try {
    return typeof source === 'string' ? createPrivateKey(source) : createPrivateKey({ key: source, format: 'jwk' });
  } catch {
    // The parser's own message may quote the key.
    throw new Error(
      `The secret "${name}" does not contain a readable private key; store the key as PEM (PKCS#8, without a ` +
        'passphrase) or as a JWK.',
    );
  }
}

const RS = ['RS256', 'RS384', 'RS512'];
const PS = ['PS256', 'PS384', 'PS512'];
const CURVES: Readonly<Record<string, string>> = { prime256v1: 'ES256', secp384r1: 'ES384', secp521r1: 'ES512' };

function algorithmsOf({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): string[] {
  const curve = CURVES[asymmetricKeyDetails?.namedCurve ?? ''];
  if (asymmetricKeyType === 'ec') return curve === undefined ? [] : [curve];
  if (asymmetricKeyType === 'rsa') return [...RS, ...PS];
  if (asymmetricKeyType === 'rsa-pss') return PS;
  // The same signature under its old and its new name (RFC 9864 §2.2).
  return asymmetricKeyType === 'ed25519' ? ['EdDSA', 'Ed25519'] : [];
}

/** RFC 7518 §3.1 in the terms of Web Crypto. */
function webAlgorithm(algorithm: string) {
  const hash = `SHA-${algorithm.slice(2)}`;
  switch (algorithm.slice(0, 2)) {
    case 'RS':
      return { name: 'RSASSA-PKCS1-v1_5', hash };
    case 'PS':
      return { name: 'RSA-PSS', hash };
    case 'ES':
      return { name: 'ECDSA', namedCurve: algorithm === 'ES512' ? 'P-521' : `P-${algorithm.slice(2)}` };
    default:
      return { name: 'Ed25519' };
  }
}
