import type { Auth } from '../../plan/target-schema.ts';
import type { SecretSource } from '../../secrets/secret-source.ts';
import { type Authorizer, fixedAuthorizer } from './authorizer.ts';
import { clientCredentialsTokens } from './client-credentials.ts';
import { entraTokens } from './entra.ts';
import { TokenAuthorizer } from './token-authorizer.ts';

export type AuthorizerOptions = {
  readonly secrets: SecretSource;
  readonly now: () => number;
  /** Client id of the identity that asks for Entra tokens. */
  readonly identityClientId: string | undefined;
};

/**
 * Makes the authorizer that a target's `auth` asks for, its secrets fetched.
 * @throws when a secret is missing or cannot stand in a header; the message names it
 */
export async function openAuthorizer(auth: Auth, options: AuthorizerOptions): Promise<Authorizer> {
  const { secrets, now, identityClientId } = options;
  switch (auth.type) {
    case 'none':
      return fixedAuthorizer(undefined);
    case 'bearer':
      return fixedAuthorizer({ name: 'authorization', value: `Bearer ${await headerSecret(secrets, auth.secret)}` });
    case 'header':
      return fixedAuthorizer({ name: auth.name.toLowerCase(), value: await headerSecret(secrets, auth.secret) });
    case 'client-credentials': {
      const { tokenUrl, clientId, scope } = auth;
      const clientSecret = await secrets.get(auth.clientSecret);
      return new TokenAuthorizer(clientCredentialsTokens({ tokenUrl, clientId, clientSecret, scope }, now), now);
    }
    case 'entra':
      return new TokenAuthorizer(entraTokens(auth.scope, identityClientId), now);
  }
}

/** Fetches a secret that is to stand in a header, where a line break would end it. */
async function headerSecret(secrets: SecretSource, name: string): Promise<string> {
  const value = await secrets.get(name);
  if (/^[\t\x20-\x7e]*$/.test(value)) return value;
  throw new Error(
    `The secret "${name}" holds a character that no HTTP header may contain, perhaps a line break at its end; ` +
      'store it again without.',
  );
}
