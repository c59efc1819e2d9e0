import type { Plan } from '../plan/plan-schema.ts';
import type { Problem } from '../plan/problem.ts';
import { secretNames } from '../plan/secret-origins.ts';
import { compileScenario } from '../scenario/compile-scenario.ts';
import type { SecretSource } from '../secrets/secret-source.ts';

/** Scenarios that cannot be compiled, for example because of a check's schema; every slice would throw on them. */
export function compileProblems(plan: Plan): Problem[] {
  return Object.keys(plan.scenarios).flatMap((name) => {
    try {
      compileScenario(plan, name);
      return [];
    } catch (error) {
      return [{ path: `scenarios.${name}`, message: messageOf(error) }];
    }
  });
}

/** Secrets that the plan names and that are missing, in the words in which preflight reports them. */
export async function missingSecrets(plan: Plan, secrets: SecretSource): Promise<Problem[]> {
  const named = Object.entries(plan.targets).flatMap(([target, { auth }]) => {
    return [...new Set(secretNames(auth))].map((secret) => ({ target, secret }));
  });
  const found = await Promise.allSettled(named.map(({ secret }) => secrets.get(secret)));
  return found.flatMap((result, index) => {
    if (result.status === 'fulfilled') return [];
    return [{ path: `targets.${named[index]?.target}`, message: messageOf(result.reason) }];
  });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
