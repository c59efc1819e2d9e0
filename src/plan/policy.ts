import {
  type AddressRefusalCode,
  type AddressRules,
  type HowToAllow,
  isLoopback,
  type Refused,
  refusalOfIp,
  refusalText,
} from '../net/address-rules.ts';
import { authAddresses } from './auth-schema.ts';
import { scopeProblem } from './entra-scope.ts';
import type { Plan } from './plan-schema.ts';
import { type Problem, problemText } from './problem.ts';
import { type SecretOrigins, secretProblem, secretProblems } from './secret-origins.ts';
import { planExtent } from './slices.ts';
import type { Target } from './target-schema.ts';

/**
 * Who requests Microsoft Entra tokens for targets: a managed identity, or whoever is signed in on this machine. Never the
 * identity that the app itself works with, because targets get the tokens.
 */
export type EntraIdentity = { readonly kind: 'managed'; readonly clientId: string } | { readonly kind: 'signed-in' };

/** What the operator of this installation allows plans to do; from app settings or command line options. */
export type Policy = AddressRules & {
  /** Exact origins, e.g. `https://mcp.example.com`. */
  readonly allowedOrigins: readonly string[];
  /** Undefined when plans must not use Entra tokens. */
  readonly entraIdentity: EntraIdentity | undefined;
  /** Scopes that plans may request Entra tokens for, exactly as they write them. */
  readonly allowedScopes: readonly string[];
  readonly secretOrigins: SecretOrigins;
  readonly maxVus: number;
  /** Starts a second, of scenarios whose starts come at a rate. */
  readonly maxRate: number;
  readonly maxDurationMs: number;
  readonly howToAllow: HowToAllow<RefusalCode>;
};

export type RefusalCode =
  | AddressRefusalCode
  | 'plain-http'
  | 'origin'
  | 'no-permission'
  | 'no-identity'
  | 'scope'
  | 'forbidden-scope'
  | 'secret-origin'
  | 'too-many-vus'
  | 'rate-too-high'
  | 'too-long';

/** Something in a plan that the operator does not allow. */
export type Refusal = Refused<RefusalCode> & {
  /** Dotted path in the plan, e.g. `targets.web.url`. */
  readonly path: string;
};

/**
 * Everything in a plan that the operator does not allow; empty when the plan may run. Checked before any traffic: when a
 * run is created, in its preflight and in every slice.
 */
export function policyRefusals(plan: Plan, policy: Policy): Refusal[] {
  const refusals: Refusal[] = [];
  for (const [name, target] of Object.entries(plan.targets)) {
    const fromAuth = authAddresses(target.auth).map(({ path, url }) => ({ path: `auth.${path}`, url }));
    for (const { path, url } of [{ path: 'url', url: target.url }, ...fromAuth]) {
      const refused = refusalOfUrl(url, policy);
      if (refused !== undefined) refusals.push({ path: `targets.${name}.${path}`, ...refused });
    }
    if (!isLoopback(target.url) && !target.permission) {
      const { origin } = new URL(target.url);
      const message = `${origin} is not on this machine; set permission: true once its owner has agreed to the load`;
      refusals.push({ path: `targets.${name}.permission`, code: 'no-permission', message });
    }
    refusals.push(...scopeRefusals(name, target, policy));
  }
  for (const { path, message } of secretProblems(plan, policy.secretOrigins)) {
    refusals.push({ path, code: 'secret-origin', message });
  }
  const { vus, peakRate, durationMs } = planExtent(plan);
  const add = (code: RefusalCode, message: string) => refusals.push({ path: 'scenarios', code, message });
  if (vus > policy.maxVus) {
    add('too-many-vus', `the scenarios have ${vus} virtual users together; ${policy.maxVus} are allowed here`);
  }
  if (peakRate > policy.maxRate) {
    add('rate-too-high', `the scenarios start ${peakRate} iterations a second; ${policy.maxRate} are allowed here`);
  }
  if (durationMs > policy.maxDurationMs) {
    add('too-long', `the run takes ${durationMs / 1000} s; ${policy.maxDurationMs / 1000} s are allowed here`);
  }
  return refusals;
}

/** A refusal as a problem of the plan; its message also says how the operator can allow it. */
export function refusalProblem(refusal: Refusal, { howToAllow }: Policy): Problem {
  return { path: refusal.path, message: `${refusalText(refusal, howToAllow)}.` };
}

/** A refusal as a sentence: where, what, and how the operator can allow it. */
export function refusalSentence(refusal: Refusal, policy: Policy): string {
  return problemText(refusalProblem(refusal, policy));
}

/** Why requests to a URL are refused, as a sentence; undefined when they are allowed. */
export function addressProblem(url: string, policy: Policy): string | undefined {
  const refused = refusalOfUrl(url, policy);
  return refused && `${refusalText(refused, policy.howToAllow)}.`;
}

/** Why a secret must not be sent to a URL, as a sentence; undefined when it may be sent there. */
export function secretAddressProblem(secret: string, url: string, policy: Policy): string | undefined {
  const message = secretProblem(secret, url, policy.secretOrigins);
  return message && `${refusalText({ code: 'secret-origin', message }, policy.howToAllow)}.`;
}

/** What the operator does not allow about a target's Entra tokens. */
function scopeRefusals(name: string, { url, auth }: Target, { entraIdentity, allowedScopes }: Policy): Refusal[] {
  if (auth.type !== 'entra') return [];
  const path = `targets.${name}.auth`;
  const { scope } = auth;
  const refusals: Refusal[] = [];
  if (entraIdentity === undefined) {
    const message = 'no identity requests Microsoft Entra tokens for targets here';
    refusals.push({ path: `${path}.type`, code: 'no-identity', message });
  }
  const forbidden = scopeProblem(scope, url);
  if (forbidden !== undefined) {
    refusals.push({ path: `${path}.scope`, code: 'forbidden-scope', message: forbidden });
  } else if (!allowedScopes.includes(scope)) {
    const allowed = allowedScopes.length === 0 ? 'is empty' : `has ${allowedScopes.join(', ')}`;
    const message = `${scope} is not on the list of scopes that plans may request tokens for, which ${allowed}`;
    refusals.push({ path: `${path}.scope`, code: 'scope', message });
  }
  return refusals;
}

/**
 * Why requests to a URL are refused; undefined when they are allowed. The addresses that a name resolves to are known only
 * when a connection is made: the connector then checks them by the same rules.
 */
function refusalOfUrl(url: string, policy: Policy): Refused<RefusalCode> | undefined {
  const { origin, protocol, hostname } = new URL(url);
  if (isLoopback(url)) {
    if (policy.allowLoopback) return undefined;
    return { code: 'loopback', message: `${origin} is this machine, which is not allowed here` };
  }
  const ip = ipOf(hostname);
  const refused = ip === undefined ? undefined : refusalOfIp(policy, ip);
  if (refused !== undefined) return refused;
  if (protocol !== 'https:') {
    return { code: 'plain-http', message: `${origin} must be https; plain http is for this machine only` };
  }
  if (policy.allowedOrigins.includes(origin)) return undefined;
  const allowed = policy.allowedOrigins.length === 0 ? 'is empty' : `has ${policy.allowedOrigins.join(', ')}`;
  return { code: 'origin', message: `${origin} is not on the allowlist, which ${allowed}` };
}

/** The address that a URL's host is; undefined for a name. URL parsing has normalised every IPv4 notation to dotted form. */
function ipOf(hostname: string): string | undefined {
  if (hostname.startsWith('[')) return hostname.slice(1, -1);
  return /^\d+(\.\d+){3}$/.test(hostname) ? hostname : undefined;
}
