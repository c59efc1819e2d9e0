import type { Plan } from '../plan/plan-schema.ts';
import type { Auth } from '../plan/target-schema.ts';
import { redactor } from '../secrets/redact.ts';
import type { SecretSource } from '../secrets/secret-source.ts';

/**
 * Takes every secret that the plan names out of a text; one that is missing cannot stand in any.
 * @param issued the access tokens that have come since, asked for at every text
 */
export async function planRedactor(
  plan: Plan,
  secrets: SecretSource,
  issued: () => readonly string[],
): Promise<(text: string) => string> {
  const names = Object.values(plan.targets).flatMap(({ auth }) => secretNames(auth));
  const values = await Promise.allSettled(names.map((name) => secrets.get(name)));
  const known = values.flatMap((value) => (value.status === 'fulfilled' ? [value.value] : []));
  return (text) => redactor([...known, ...issued()])(text);
}

function secretNames(auth: Auth): string[] {
  if ('secret' in auth) return [auth.secret];
  return 'clientSecret' in auth ? [auth.clientSecret] : [];
}
