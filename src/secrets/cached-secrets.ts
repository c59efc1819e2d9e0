import type { SecretSource } from './secret-source.ts';

type Entry = { readonly value: Promise<string>; expiresAtMs: number };

/**
 * Keeps values for a while, because a vault limits how often it may be asked (4,000 requests in 10 s for all of its
 * users) and every virtual user asks. Callers who ask at the same time share one request; failures are not kept.
 * @param options.ttlMs how long a value is kept from its arrival, so that a rotated secret is picked up
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
