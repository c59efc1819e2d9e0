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
 * @throws when a secret is missing; the message names it
 */
export async function openAuthorizer(auth: Auth, options: AuthorizerOptions): Promise<Authorizer> {
  const { secrets, now, identityClientId } = options;
  switch (auth.type) {
    case 'none':
      return fixedAuthorizer(undefined);
    case 'bearer':
      return fixedAuthorizer({ name: 'authorization', value: `Bearer ${await secrets.get(auth.secret)}` });
    case 'header':
      return fixedAuthorizer({ name: auth.name.toLowerCase(), value: await secrets.get(auth.secret) });
    case 'client-credentials': {
      const { tokenUrl, clientId, scope } = auth;
      const clientSecret = await secrets.get(auth.clientSecret);
      return new TokenAuthorizer(clientCredentialsTokens({ tokenUrl, clientId, clientSecret, scope }, now), now);
    }
    case 'entra':
      return new TokenAuthorizer(entraTokens(auth.scope, identityClientId), now);
  }
}
