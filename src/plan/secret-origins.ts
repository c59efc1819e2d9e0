import type { Auth } from './auth-schema.ts';
import type { Plan } from './plan-schema.ts';
import type { Target } from './target-schema.ts';

/** The origins that each secret may be sent to, by the secret's name; the operator need not list every secret. */
export type SecretOrigins = ReadonlyMap<string, readonly string[]>;

/** A secret of a plan that may not go where the plan sends it: the path of its name in the plan, and why. */
type SecretProblem = { readonly path: string; readonly message: string };

/** A secret that an `auth` sends, or signs with, and who gets that. */
type SecretUse = {
  /** Within the `auth`. */
  readonly path: string;
  readonly secret: string;
  readonly to: 'target' | 'authorization server' | 'identity provider';
};

/** The names of all secrets that an `auth` uses. */
export function secretNames(auth: Auth): string[] {
  return secretUses(auth).map(({ secret }) => secret);
}

/** The names of the secrets that the authorization server of a target gets, as they are or as signatures. */
export function serverSecretNames(auth: Auth): string[] {
  return secretUses(auth).flatMap(({ secret, to }) => (to === 'authorization server' ? [secret] : []));
}

function secretUses(auth: Auth): SecretUse[] {
  switch (auth.type) {
    case 'none':
    case 'entra':
      return [];
    case 'bearer':
    case 'header':
      return [{ path: 'secret', secret: auth.secret, to: 'target' }];
    case 'client-credentials':
      return clientUses(auth);
    case 'jwt-bearer':
      return [{ path: 'assertion', secret: auth.assertion, to: 'authorization server' }, ...clientUses(auth)];
    case 'enterprise-managed':
      return [
        { path: 'idToken', secret: auth.idToken, to: 'identity provider' },
        ...clientUses(auth),
        ...clientUses(auth.identityProvider).map(({ path, secret }) => {
          return { path: `identityProvider.${path}`, secret, to: 'identity provider' } as const;
        }),
      ];
  }
}

type Client = { readonly clientSecret?: string | undefined; readonly privateKey?: string | undefined };

function clientUses({ clientSecret, privateKey }: Client): SecretUse[] {
  const named = [
    { path: 'clientSecret', secret: clientSecret },
    { path: 'privateKey', secret: privateKey },
  ];
  return named.flatMap(({ path, secret }) =>
    secret === undefined ? [] : [{ path, secret, to: 'authorization server' } as const],
  );
}

export const EXPECTED_SECRET_ORIGIN =
  "expected a secret's name and an exact origin, such as search-token=https://mcp.example.com";

/**
 * Reads an entry of the operator's list, such as `search-token=https://mcp.example.com`.
 * @returns undefined when it is not the name of a secret and an exact origin
 */
export function parseSecretOrigin(text: string): { readonly secret: string; readonly origin: string } | undefined {
  const [, secret = '', origin = ''] = /^([0-9A-Za-z-]{1,127})=(https?:\/\/\S+)$/.exec(text) ?? [];
  return URL.canParse(origin) && new URL(origin).origin === origin ? { secret, origin } : undefined;
}

/** Collects entries by the name of their secret. */
export function secretOriginsOf(
  entries: readonly { readonly secret: string; readonly origin: string }[],
): SecretOrigins {
  const origins = new Map<string, readonly string[]>();
  for (const { secret, origin } of entries) origins.set(secret, [...(origins.get(secret) ?? []), origin]);
  return origins;
}

/** Why a secret must not be sent to a URL by the operator's list; undefined when that allows it or does not name the secret. */
export function secretProblem(secret: string, url: string, origins: SecretOrigins): string | undefined {
  const allowed = origins.get(secret);
  const { origin } = new URL(url);
  if (allowed === undefined || allowed.includes(origin)) return undefined;
  return `the secret "${secret}" may go to ${allowed.join(', ')}, not to ${origin}`;
}

/**
 * The secrets of a plan that go to an origin that the operator did not name for them or, where the operator names none, to
 * more than one origin. Who gets the secrets of an authorization server that the target names is known only when the
 * target has been asked; they are checked once more then.
 */
export function secretProblems(plan: Plan, origins: SecretOrigins): SecretProblem[] {
  const problems: SecretProblem[] = [];
  const first = new Map<string, { readonly destination: string; readonly path: string }>();
  for (const [name, target] of Object.entries(plan.targets)) {
    for (const use of secretUses(target.auth)) {
      const { secret } = use;
      const path = `targets.${name}.auth.${use.path}`;
      const url = knownDestination(use, target);
      const listed = url === undefined ? undefined : secretProblem(secret, url, origins);
      if (listed !== undefined) problems.push({ path, message: listed });
      if (origins.has(secret)) continue;
      const destination = destinationOf(use, target);
      const before = first.get(secret);
      if (before === undefined) first.set(secret, { destination, path });
      else if (before.destination !== destination) {
        const message = `the secret "${secret}" goes to ${before.destination} (${before.path}), so it must not go to ${destination} too`;
        problems.push({ path, message });
      }
    }
  }
  return problems;
}

/** The URL that a secret is sent to; undefined when it is not in the plan. */
function knownDestination({ to }: SecretUse, { url, auth }: Target): string | undefined {
  if (to === 'target') return url;
  if (to === 'identity provider')
    return auth.type === 'enterprise-managed' ? auth.identityProvider.tokenUrl : undefined;
  return 'tokenUrl' in auth ? auth.tokenUrl : undefined;
}

function destinationOf(use: SecretUse, target: Target): string {
  const { auth, url } = target;
  const known = knownDestination(use, target) ?? ('issuer' in auth ? auth.issuer : undefined);
  if (known !== undefined) return new URL(known).origin;
  return `the authorization server that ${new URL(url).origin} names`;
}
