import { isMicrosoftAudience } from '../../plan/entra-scope.ts';
import type { EntraIdentity } from '../../plan/policy.ts';
import type { FetchToken } from './token-source.ts';

type Credential = { getToken(scope: string): Promise<{ token: string; expiresOnTimestamp: number } | null> };

/** Longer than the library's own retries. A request that waits for a token must not wait forever. */
const TIMEOUT_MS = 30_000;

/**
 * Fetches Microsoft Entra tokens for a target, as the identity that the operator chose for targets. A managed identity is
 * always requested by its id, because any other identity of the app has access to its storage and its secrets. The library
 * caches a token until five minutes before it expires; that is also when a TokenSource asks for the next. The library is
 * loaded on first use, because loading it takes longer than everything else at start.
 */
export function entraTokens(scope: string, identity: EntraIdentity): FetchToken {
  let credential: Promise<Credential> | undefined;
  const failed = `Microsoft Entra did not issue a token for ${scope} to ${identityName(identity)}`;
  return async () => {
    credential ??= openCredential(identity);
    const token = await withinLimit(credential.then((opened) => opened.getToken(scope))).catch((error: unknown) => {
      const reason = error instanceof Error ? error.message : String(error);
      throw new Error(`${failed}: ${reason}`, { cause: error });
    });
    if (token === null) throw new Error(`${failed}.`);
    assertUsable(token.token, scope);
    return { value: token.token, expiresAtMs: token.expiresOnTimestamp };
  };
}

async function openCredential(identity: EntraIdentity): Promise<Credential> {
  const { DefaultAzureCredential, ManagedIdentityCredential } = await import('@azure/identity');
  if (identity.kind === 'signed-in') return new DefaultAzureCredential();
  const retryOptions = { maxRetries: 2, retryDelayInMs: 300 };
  return new ManagedIdentityCredential({ retryOptions, clientId: identity.clientId });
}

function identityName(identity: EntraIdentity): string {
  if (identity.kind === 'managed') return `the managed identity ${identity.clientId}`;
  return 'the identity that is signed in on this machine';
}

/**
 * Refuses a token that Azure's own services would accept. The scope was checked before; this check does not depend on how
 * Entra reads a scope. A token that is not a JWT cannot be read and passes.
 */
function assertUsable(token: string, scope: string): void {
  const forbidden = audiencesOf(token).find((audience) => isMicrosoftAudience(audience));
  if (forbidden === undefined || isMicrosoftAudience(scope)) return;
  throw new Error(
    `Microsoft Entra issued a token for ${forbidden} although the scope is ${scope}; it was not sent to the target, ` +
      "because Azure's own services accept it.",
  );
}

/** The audiences of a JWT (RFC 7519 §4.1.3); none when the token is not one. */
function audiencesOf(token: string): string[] {
  try {
    const payload: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'));
    const { aud } = payload as { readonly aud?: unknown };
    return [aud].flat().filter((each) => typeof each === 'string');
  } catch {
    return [];
  }
}

async function withinLimit<Result>(work: Promise<Result>): Promise<Result> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`no answer within ${TIMEOUT_MS / 1000} s`)), TIMEOUT_MS);
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
