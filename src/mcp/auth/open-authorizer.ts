import type { Auth } from '../../plan/auth-schema.ts';
import type { EntraIdentity } from '../../plan/policy.ts';
import { secretNames, serverSecretNames } from '../../plan/secret-origins.ts';
import type { Redactor } from '../../secrets/redact.ts';
import type { SecretSource } from '../../secrets/secret-source.ts';
import { AuthHttp, type AuthHttpOptions } from './auth-http.ts';
import { type Authorizer, fixedAuthorizer } from './authorizer.ts';
import { namedServer } from './discovery.ts';
import { entraTokens } from './entra.ts';
import { clientCredentialsTokens, enterpriseManagedTokens, jwtBearerTokens } from './grants.ts';
import { readClient } from './oauth-client.ts';
import { type FetchToken, TokenAuthorizer, TokenSource, type TokenSources } from './token-source.ts';
import { type TokenWishes, tokenTerms } from './token-terms.ts';

/** Its dispatcher and its address check must work as long as `sources`, which outlives the client. */
export type AuthorizerOptions = AuthHttpOptions & {
  /** Where the requests go. Discovery of the authorization server starts there. */
  readonly targetUrl: string;
  readonly secrets: SecretSource;
  /** Is fed with the tokens that are issued, because a target may echo them. */
  readonly redactor: Pick<Redactor, 'add'>;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** Requests Entra tokens; undefined when nobody may. */
  readonly entraIdentity: EntraIdentity | undefined;
  /** Why the operator does not allow a secret, by name, to be sent to a URL; undefined when it may be sent there. */
  readonly problemOfSecret: (secret: string, url: string) => string | undefined;
  /** The token sources of the process. */
  readonly sources: TokenSources;
};

type TokenAuth = Exclude<Auth, { type: 'none' | 'bearer' | 'header' }>;

/**
 * Fetches the secrets of a target's `auth` and makes its authorizer.
 * @throws when a secret is missing, is not allowed in a header or is not a key; the message names it
 */
export async function openAuthorizer(auth: Auth, options: AuthorizerOptions): Promise<Authorizer> {
  const { secrets, sources, targetUrl, entraIdentity, now } = options;
  switch (auth.type) {
    case 'none':
      return fixedAuthorizer(undefined);
    case 'bearer':
      return fixedAuthorizer({ name: 'authorization', value: `Bearer ${await headerSecret(secrets, auth.secret)}` });
    case 'header':
      return fixedAuthorizer({ name: auth.name.toLowerCase(), value: await headerSecret(secrets, auth.secret) });
    default: {
      const values = new Map(
        await Promise.all(secretNames(auth).map(async (name) => [name, await secrets.get(name)] as const)),
      );
      const parts = [auth, targetUrl, entraIdentity ?? null, [...values.values()]];
      const source = sources.get(parts, () => new TokenSource(fetchTokens(auth, values, options), now));
      return new TokenAuthorizer(source, options.redactor);
    }
  }
}

function fetchTokens(auth: TokenAuth, values: ReadonlyMap<string, string>, options: AuthorizerOptions): FetchToken {
  if (auth.type === 'entra') {
    // The policy has refused such plans before.
    if (options.entraIdentity === undefined) throw new Error('No identity requests Microsoft Entra tokens here.');
    return entraTokens(auth.scope, options.entraIdentity);
  }
  const { now, targetUrl } = options;
  const http = new AuthHttp(options);
  const secret = (name: string) => values.get(name) ?? '';
  const client = readClient(auth, secret);
  const problemOfServer = (url: string) => firstProblem(serverSecretNames(auth), url, options);
  const termsFor = (wishes: TokenWishes, advice: string) =>
    tokenTerms({ http, targetUrl, wishes, advice, problemOfServer });
  if (auth.type === 'enterprise-managed') {
    const terms = termsFor(
      { issuer: auth.issuer, scope: auth.scope, resource: auth.resource },
      "Ask the target's owner to correct this.",
    );
    const { tokenUrl, ...fields } = auth.identityProvider;
    const identityProvider = { server: namedServer(tokenUrl), client: readClient(fields, secret) };
    return enterpriseManagedTokens(
      { http, terms, client, identityProvider, idToken: secret(auth.idToken).trim() },
      now,
    );
  }
  const terms = termsFor(auth, 'To skip discovery, set auth.tokenUrl in the plan.');
  if (auth.type === 'client-credentials') return clientCredentialsTokens({ http, terms, client }, now);
  return jwtBearerTokens({ http, terms, client, assertion: secret(auth.assertion).trim() }, now);
}

function firstProblem(secrets: readonly string[], url: string, { problemOfSecret }: AuthorizerOptions) {
  return secrets.map((name) => problemOfSecret(name, url)).find((problem) => problem !== undefined);
}

/** Fetches a secret for a header. A line break in it would end the header. */
async function headerSecret(secrets: SecretSource, name: string): Promise<string> {
  const value = await secrets.get(name);
  if (/^[\t\x20-\x7e]*$/.test(value)) return value;
  throw new Error(
    `The secret "${name}" contains a character that is not allowed in an HTTP header, perhaps a line break at its ` +
      'end; store the secret without it.',
  );
}
