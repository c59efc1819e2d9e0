import { secretNames } from '../plan/auth-schema.ts';
import type { Plan } from '../plan/plan-schema.ts';
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
