import type { Plan } from '../plan/plan-schema.ts';
import type { Auth } from '../plan/target-schema.ts';
import { redactor } from '../secrets/redact.ts';
import type { SecretSource } from '../secrets/secret-source.ts';

/** Takes every secret that the plan names out of a text; one that is missing cannot stand in any. */
export async function planRedactor(plan: Plan, secrets: SecretSource): Promise<(text: string) => string> {
  const names = Object.values(plan.targets).flatMap(({ auth }) => secretNames(auth));
  const values = await Promise.allSettled(names.map((name) => secrets.get(name)));
  return redactor(values.flatMap((value) => (value.status === 'fulfilled' ? [value.value] : [])));
}

function secretNames(auth: Auth): string[] {
  if ('secret' in auth) return [auth.secret];
  return 'clientSecret' in auth ? [auth.clientSecret] : [];
}
