import type { Settings } from './app-settings.ts';

export type Resolved = { readonly ok: true; readonly text: string } | { readonly ok: false; readonly missing: string };

/** Replaces every `%NAME%` by the app setting of that name. A name without a setting is the answer's `missing`. */
export function resolveReferences(text: string, settings: Settings): Resolved {
  let missing: string | undefined;
  const replaced = text.replace(/%([^%]+)%/g, (whole, name: string) => {
    const value = settings[name];
    if (value === undefined) {
      missing ??= name;
    }
    return value ?? whole;
  });
  return missing === undefined ? { ok: true, text: replaced } : { ok: false, missing };
}
