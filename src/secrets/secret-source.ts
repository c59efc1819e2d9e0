/** Where the values of a plan's secrets come from. Plans contain names only. */
export type SecretSource = {
  /**
   * The value of a secret.
   * @param name as in the plan, by Key Vault's rule: 1 to 127 letters, digits and hyphens
   * @throws Error when it is missing; the message names the secret and where it was looked for, never a value
   */
  get(name: string): Promise<string>;
};

/** Key Vault's rule for names of secrets. */
const SECRET_NAME = /^[0-9A-Za-z-]{1,127}$/;

/**
 * Refuses a name that cannot be a secret's, before it becomes part of a URL or of a variable's name.
 * @throws Error that states the rule
 */
export function assertSecretName(name: string): void {
  if (SECRET_NAME.test(name)) return;
  throw new Error(
    `"${name.slice(0, 127)}" cannot be a secret's name: use 1 to 127 letters, digits and hyphens, as Key Vault does.`,
  );
}

type Entry = { readonly value: Promise<string>; expiresAtMs: number };

/**
 * Keeps values for a while, because a vault limits its requests (4,000 in 10 s for all of its users). Calls at the same time
 * share one request. Failures are not kept.
 * @param options.ttlMs how long a value is kept after it arrived, so that a rotated secret is picked up
 * @param options.now a clock in milliseconds that never runs backwards
 */
export function cachedSecrets(
  source: SecretSource,
  { ttlMs, now }: { readonly ttlMs: number; readonly now: () => number },
): SecretSource {
  const entries = new Map<string, Entry>();
  return {
    get(name) {
      const known = entries.get(name);
      if (known !== undefined && now() < known.expiresAtMs) return known.value;
      const entry: Entry = { value: source.get(name), expiresAtMs: Number.POSITIVE_INFINITY };
      entries.set(name, entry);
      entry.value.then(
        () => {
          entry.expiresAtMs = now() + ttlMs;
        },
        () => {
          if (entries.get(name) === entry) entries.delete(name);
        },
      );
      return entry.value;
    },
  };
}
