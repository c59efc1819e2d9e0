import { createPrivateKey, type KeyObject, type webcrypto } from 'node:crypto';

/** A private key that signs client assertions. */
export type SigningKey = {
  /** What the plan or the key itself demands; undefined to choose by what the server takes. */
  readonly algorithm: string | undefined;
  /** All that it can sign by, best known first. */
  readonly algorithms: readonly string[];
  readonly keyId: string | undefined;
  readonly keyObject: KeyObject;
};

export type SigningKeyWishes = {
  /** Of the secret, for messages. */
  readonly name: string;
  readonly algorithm: string | undefined;
  readonly keyId: string | undefined;
};

/**
 * Reads a private key from PEM (PKCS#8) or a JWK (RFC 7517).
 * @throws when the text is none, or cannot sign as the plan wants; the message names the secret, never its value
 */
export function readSigningKey(text: string, { name, algorithm, keyId }: SigningKeyWishes): SigningKey {
  const jwk = readJwk(text);
  const keyObject = importKey(jwk ?? text, name);
  const algorithms = algorithmsOf(keyObject);
  const wanted = algorithm ?? jwk?.alg;
  if (algorithms.length === 0 || (wanted !== undefined && !algorithms.includes(wanted))) {
    const can = algorithms.length === 0 ? 'no algorithm that servers take' : algorithms.join(', ');
    throw new Error(`The private key in the secret "${name}" can sign by ${can}${wanted ? `, not by ${wanted}` : ''}.`);
  }
  return { algorithm: wanted, algorithms, keyId: keyId ?? jwk?.kid, keyObject };
}

/** The key as Web Crypto signs with it. */
export function cryptoKeyOf({ keyObject }: SigningKey, algorithm: string): webcrypto.CryptoKey {
  return keyObject.toCryptoKey(webAlgorithm(algorithm), false, ['sign']);
}

type Jwk = { readonly alg?: string; readonly kid?: string };

/** Undefined for what is no JSON object; whether it is a key is found when it is imported. */
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
    // The parser's own words may quote the key.
    throw new Error(
      `The secret "${name}" holds no private key that can be read; store it in PEM (PKCS#8, without a passphrase) or ` +
        'as a JWK.',
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
  // One and the same signature under its old and its new name (RFC 9864 §2.2).
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
