import { type AddressRules, isLoopback, problemOfIp } from '../net/address-rules.ts';
import { authAddresses } from './auth-schema.ts';
import type { Plan } from './plan-schema.ts';
import { planExtent } from './slices.ts';

/** What the operator of this installation lets plans do; from app settings or command line flags. */
export type Policy = AddressRules & {
  /** Exact origins, e.g. `https://mcp.example.com`. */
  readonly allowedOrigins: readonly string[];
  readonly maxVus: number;
  /** Starts a second, of scenarios whose starts come at a rate. */
  readonly maxRate: number;
  readonly maxDurationMs: number;
};

/**
 * Everything in a plan that the operator does not allow, one sentence each with the way out; empty when the plan may
 * run. Checked before any traffic: in the starter, in preflight and in every slice.
 */
export function policyProblems(plan: Plan, policy: Policy): string[] {
  const problems: string[] = [];
  for (const [name, target] of Object.entries(plan.targets)) {
    const fromAuth = authAddresses(target.auth).map(({ path, url }) => ({ path: `auth.${path}`, url }));
    for (const { path, url } of [{ path: 'url', url: target.url }, ...fromAuth]) {
      const problem = addressProblem(url, policy);
      if (problem !== undefined) problems.push(`targets.${name}.${path}: ${problem}`);
    }
    if (!isLoopback(target.url) && !target.permission) {
      problems.push(
        `targets.${name}.permission: ${new URL(target.url).origin} is not on this machine; ` +
          'set permission: true once its owner has agreed to the load.',
      );
    }
  }
  const { vus, peakRate, durationMs } = planExtent(plan);
  if (vus > policy.maxVus) {
    problems.push(
      `scenarios: ${vus} virtual users in all are more than the ${policy.maxVus} allowed here (SURGE_MAX_VUS).`,
    );
  }
  if (peakRate > policy.maxRate) {
    problems.push(
      `scenarios: ${peakRate} starts a second in all are more than the ${policy.maxRate} allowed here (SURGE_MAX_RATE).`,
    );
  }
  if (durationMs > policy.maxDurationMs) {
    const limits = `${durationMs / 1000} s are more than the ${policy.maxDurationMs / 1000} s allowed here`;
    problems.push(`scenarios: ${limits} (SURGE_MAX_DURATION_SECONDS).`);
  }
  return problems;
}

/**
 * Why the operator does not let a URL be asked, with the way out; undefined when it may be. Where a name leads to shows
 * only when it is connected to: the connection holds that address against the same policy.
 */
export function addressProblem(url: string, policy: Policy): string | undefined {
  const { origin, protocol, hostname } = new URL(url);
  if (isLoopback(url)) {
    return policy.allowLoopback
      ? undefined
      : `${origin} is this machine, which is not allowed here (SURGE_ALLOW_LOOPBACK).`;
  }
  const ip = ipOf(hostname);
  const problem = ip === undefined ? undefined : problemOfIp(policy, ip);
  if (problem !== undefined) return `${problem}.`;
  if (protocol !== 'https:') return `${origin} must be https; plain http is for this machine only.`;
  if (policy.allowedOrigins.includes(origin)) return undefined;
  const allowed = policy.allowedOrigins.length === 0 ? 'none is' : `allowed are ${policy.allowedOrigins.join(', ')}`;
  return `${origin} is not on the allowlist (${allowed}); the operator adds it to SURGE_ALLOWED_ORIGINS.`;
}

/** The address that a URL's host is, undefined for a name. URL parsing has turned all that is read as IPv4 to dotted form. */
function ipOf(hostname: string): string | undefined {
  if (hostname.startsWith('[')) return hostname.slice(1, -1);
  return /^\d+(\.\d+){3}$/.test(hostname) ? hostname : undefined;
}
