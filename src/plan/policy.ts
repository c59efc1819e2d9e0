import { isLoopback } from './loopback.ts';
import type { Plan } from './plan-schema.ts';
import { planExtent } from './slices.ts';

/** What the operator of this installation lets plans do; from app settings or command line flags. */
export type Policy = {
  /** Exact origins, e.g. `https://mcp.example.com`. */
  readonly allowedOrigins: readonly string[];
  readonly allowLoopback: boolean;
  readonly maxVus: number;
  readonly maxDurationMs: number;
};

/**
 * Everything in a plan that the operator does not allow, one sentence each with the way out; empty when the plan may
 * run. Checked before any traffic: in the starter, in preflight and in every slice.
 */
export function policyProblems(plan: Plan, policy: Policy): string[] {
  const problems: string[] = [];
  for (const [name, target] of Object.entries(plan.targets)) {
    const local = isLoopback(target.url);
    problems.push(...addressProblems(`targets.${name}.url`, target.url, policy));
    if (!local && !target.permission) {
      problems.push(
        `targets.${name}.permission: ${new URL(target.url).origin} is not on this machine; ` +
          'set permission: true once its owner has agreed to the load.',
      );
    }
    if (target.auth.type === 'client-credentials') {
      problems.push(...addressProblems(`targets.${name}.auth.tokenUrl`, target.auth.tokenUrl, policy));
    }
  }
  const { vus, durationMs } = planExtent(plan);
  if (vus > policy.maxVus) {
    problems.push(
      `scenarios: ${vus} virtual users in all are more than the ${policy.maxVus} allowed here (SURGE_MAX_VUS).`,
    );
  }
  if (durationMs > policy.maxDurationMs) {
    const limits = `${durationMs / 1000} s are more than the ${policy.maxDurationMs / 1000} s allowed here`;
    problems.push(`scenarios: ${limits} (SURGE_MAX_DURATION_SECONDS).`);
  }
  return problems;
}

function addressProblems(path: string, address: string, policy: Policy): string[] {
  const { origin, protocol } = new URL(address);
  if (isLoopback(address)) {
    return policy.allowLoopback
      ? []
      : [`${path}: ${origin} is this machine, which is not allowed here (SURGE_ALLOW_LOOPBACK).`];
  }
  if (protocol !== 'https:') return [`${path}: ${origin} must be https; plain http is for this machine only.`];
  if (policy.allowedOrigins.includes(origin)) return [];
  const allowed = policy.allowedOrigins.length === 0 ? 'none is' : `allowed are ${policy.allowedOrigins.join(', ')}`;
  return [`${path}: ${origin} is not on the allowlist (${allowed}); the operator adds it to SURGE_ALLOWED_ORIGINS.`];
}
