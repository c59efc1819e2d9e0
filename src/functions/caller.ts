import { z } from 'zod';
import { shortened } from '../plan/problem.ts';
import { printable } from '../report/format.ts';

/** What callers may do. Each role includes those before it. */
export const ROLES = ['read', 'run', 'operate'] as const;

export type Role = (typeof ROLES)[number];

/** Who sent a request. */
export type Caller = {
  /** For records: a person's or an app's name, or `unknown`. */
  readonly name: string;
  /** The highest role of the caller; undefined for none. */
  readonly role: Role | undefined;
};

/** Where nobody has said who the caller is: a function key does not name its holder. */
export const UNKNOWN_CALLER = 'unknown';

/**
 * The caller's identity as App Service authentication adds it to a request: JSON in base64 (Microsoft Learn, "Work with
 * user identities in Azure App Service authentication").
 */
const principalSchema = z.object({
  role_typ: z.string().nullish(),
  claims: z.array(z.object({ typ: z.string(), val: z.string() })),
});

/** Claims that name the caller, the most readable first; tokens of apps have no more than the last two. */
const NAME_CLAIMS = ['preferred_username', 'name', 'azp', 'appid'];
/** Entra puts app roles into `roles`; App Service may rename the claim. */
const ROLE_CLAIMS = ['roles', 'http://schemas.microsoft.com/ws/2008/06/identity/claims/role'];

/** More than any name needs. */
const MAX_NAME_CHARACTERS = 200;

/**
 * The caller of a request.
 * @param requireRoles whether App Service authentication is in front of the app: only then can its headers be believed,
 *   because it removes what callers send under their names. Otherwise everyone with a function key has all roles.
 */
export function callerOf(headers: Pick<Headers, 'get'>, requireRoles: boolean): Caller {
  if (!requireRoles) return { name: UNKNOWN_CALLER, role: 'operate' };
  const principal = readPrincipal(headers.get('x-ms-client-principal') ?? '');
  if (principal === undefined) return { name: UNKNOWN_CALLER, role: undefined };
  const { claims, role_typ: renamed } = principal;
  const claimOf = (type: string) => claims.find(({ typ }) => typ === type)?.val;
  const names = [headers.get('x-ms-client-principal-name'), ...NAME_CLAIMS.map(claimOf)];
  const name = names.map((each) => printable(each ?? '').trim()).find((each) => each !== '') ?? UNKNOWN_CALLER;
  const types = new Set([...ROLE_CLAIMS, ...(renamed ? [renamed] : [])]);
  const given = new Set(claims.filter(({ typ }) => types.has(typ)).map(({ val }) => val));
  return { name: shortened(name, MAX_NAME_CHARACTERS), role: ROLES.findLast((role) => given.has(role)) };
}

/** Whether a caller may do what needs a role. */
export function hasRole({ role }: Caller, needed: Role): boolean {
  return role !== undefined && ROLES.indexOf(role) >= ROLES.indexOf(needed);
}

function readPrincipal(header: string): z.output<typeof principalSchema> | undefined {
  try {
    return principalSchema.parse(JSON.parse(Buffer.from(header, 'base64').toString('utf8')));
  } catch {
    return undefined;
  }
}
