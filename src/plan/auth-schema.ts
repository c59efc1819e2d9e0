import { z } from 'zod';
import { secretHeaderName } from './header-names.ts';
import { httpUrl, knowsAllKeys } from './primitives.ts';

/** A secret's name by Key Vault's rule. */
const secretName = z
  .string('expected the name of a secret')
  .regex(
    /^[0-9A-Za-z-]{1,127}$/,
    'expected the name of a secret: 1 to 127 letters, digits or dashes; never write the secret itself',
  );

const tokenUrl = httpUrl('expected an http or https URL');

/** The authorization server that the credentials belong to (RFC 8414 §2): they are sent to no other. */
const issuer = httpUrl('expected the http or https URL of an authorization server').optional();

/** Algorithms of signed client assertions (RFC 7518 §3.1, RFC 8037 §3.1, RFC 9864 §2.2). */
const SIGNING_ALGORITHMS = [
  ...['ES256', 'ES384', 'ES512', 'RS256', 'RS384', 'RS512'],
  ...['PS256', 'PS384', 'PS512', 'EdDSA', 'Ed25519'],
] as const;

const EXPECTED_RESOURCE = 'expected an absolute URI without a fragment, or false';

/** The client that asks for a token, and its credential: a secret or a signed assertion, not both. */
const client = {
  clientId: z.string().min(1),
  clientSecret: secretName.optional(),
  /** How the secret is sent; by default as the server's metadata asks. */
  clientAuthentication: z.enum(['basic', 'post']).optional(),
  /** A private key in PEM (PKCS#8) or as a JWK; it signs assertions (private_key_jwt, RFC 7523 §2.2). */
  privateKey: secretName.optional(),
  /** By default one that both the key and the server support. */
  algorithm: z.enum(SIGNING_ALGORITHMS).optional(),
  /** `kid` in the header of assertions; by default that of the JWK. */
  keyId: z.string().min(1).optional(),
};

/** The token to ask for; anything left out is discovered at the target (MCP 2026-07-28, Authorization). */
const tokenTerms = {
  /** By default the token endpoint is discovered: RFC 9728, then RFC 8414 or OpenID Connect Discovery. */
  tokenUrl: tokenUrl.optional(),
  /** By default the first authorization server that the target lists. */
  issuer,
  scope: z.string().min(1).optional(),
  /**
   * The resource indicator (RFC 8707) to send, or false for none. By default the target's own name for itself. Microsoft
   * Entra gets none, because it refuses it together with scopes, nor does a token endpoint that the plan names.
   */
  resource: z.union([z.string().refine(isResource, EXPECTED_RESOURCE), z.literal(false)], EXPECTED_RESOURCE).optional(),
};

type Client = { readonly [field in keyof typeof client | 'tokenUrl' | 'issuer']?: unknown };

/** How requests to a target prove who sends them. A plan names secrets and never contains them. */
export const authSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('none') }),
  /** `Authorization: Bearer <secret>`. */
  z.strictObject({ type: z.literal('bearer'), secret: secretName }),
  /** A header whose whole value is the secret, e.g. `X-API-Key`. */
  z.strictObject({ type: z.literal('header'), name: secretHeaderName, secret: secretName }),
  /** A token by the client credentials grant (RFC 6749 §4.4), MCP's io.modelcontextprotocol/oauth-client-credentials. */
  z
    .strictObject({ type: z.literal('client-credentials'), ...client, ...tokenTerms })
    .superRefine(checkProvenClient, { when: knowsAllKeys }),
  /** A token in exchange for an assertion from another issuer, such as a workload's JWT (RFC 7523 §2.1). */
  z
    .strictObject({
      type: z.literal('jwt-bearer'),
      assertion: secretName,
      ...client,
      clientId: client.clientId.optional(),
      ...tokenTerms,
    })
    .superRefine(checkClient, { when: knowsAllKeys }),
  /**
   * A token on behalf of a user. The user's identity provider vouches for the user to the target's authorization server
   * (MCP's io.modelcontextprotocol/enterprise-managed-authorization).
   */
  z
    .strictObject({
      type: z.literal('enterprise-managed'),
      ...client,
      issuer,
      scope: tokenTerms.scope,
      resource: tokenTerms.resource,
      /** An ID token of the user, from the identity provider. */
      idToken: secretName,
      identityProvider: z.strictObject({ tokenUrl, ...client }).superRefine(checkClient, { when: knowsAllKeys }),
    })
    .superRefine(checkClient, { when: knowsAllKeys }),
  /** A Microsoft Entra token for an API of the target's, requested by the identity that the operator chose for targets. */
  z.strictObject({ type: z.literal('entra'), scope: z.string().min(1) }),
]);

export type Auth = z.output<typeof authSchema>;

/** The URLs that an `auth` names, each with its path within the `auth`; more may be discovered during a run. */
export function authAddresses(auth: Auth): { readonly path: string; readonly url: string }[] {
  return [
    ...('tokenUrl' in auth && auth.tokenUrl !== undefined ? [{ path: 'tokenUrl', url: auth.tokenUrl }] : []),
    ...('issuer' in auth && auth.issuer !== undefined ? [{ path: 'issuer', url: auth.issuer }] : []),
    ...(auth.type === 'enterprise-managed'
      ? [{ path: 'identityProvider.tokenUrl', url: auth.identityProvider.tokenUrl }]
      : []),
  ];
}

/** True for a resource indicator (RFC 8707 §2): an absolute URI without a fragment. */
function isResource(text: string): boolean {
  return URL.canParse(text) && !text.includes('#');
}

function checkProvenClient(client: Client, context: z.RefinementCtx): void {
  if (client.clientSecret === undefined && client.privateKey === undefined) {
    problem(context, 'clientSecret', 'missing: expected the name of a secret, or privateKey instead');
  }
  checkClient(client, context);
}

function checkClient(client: Client, context: z.RefinementCtx): void {
  const { clientId, clientSecret, clientAuthentication, privateKey, algorithm, keyId, tokenUrl, issuer } = client;
  if (clientSecret !== undefined && privateKey !== undefined) {
    problem(context, 'privateKey', 'expected only one of clientSecret and privateKey');
  }
  if (clientId === undefined && (clientSecret ?? privateKey) !== undefined) {
    problem(context, 'clientId', 'missing: expected the id of the client that the secret or key belongs to');
  }
  if (clientAuthentication !== undefined && clientSecret === undefined) {
    problem(context, 'clientAuthentication', 'needs clientSecret, which is missing');
  }
  if (algorithm !== undefined && privateKey === undefined) {
    problem(context, 'algorithm', 'needs privateKey, which is missing');
  }
  if (keyId !== undefined && privateKey === undefined) {
    problem(context, 'keyId', 'needs privateKey, which is missing');
  }
  if (tokenUrl !== undefined && issuer !== undefined) {
    problem(context, 'issuer', 'expected only one of tokenUrl and issuer');
  }
}

function problem(context: z.RefinementCtx, field: string, message: string): void {
  context.addIssue({ code: 'custom', path: [field], message });
}
