/** A name in a plan that stands for nothing. */
export type DanglingReference = { readonly path: readonly PropertyKey[]; readonly message: string };

type Tree = Readonly<Record<string, unknown>>;

/**
 * Checks that the parts of a plan name each other rightly. Takes the plan as it was written, so that these problems
 * are found in the same pass as those of the schema; parts of a wrong shape are passed over, the schema tells of them.
 */
export function danglingReferences(plan: unknown): DanglingReference[] {
  const { targets, feeds, scenarios } = tree(plan);
  const problems: DanglingReference[] = [];
  for (const [name, scenario] of Object.entries(tree(scenarios))) {
    const { target, steps } = tree(scenario);
    if (typeof target === 'string' && !Object.hasOwn(tree(targets), target)) {
      const known = Object.keys(tree(targets)).join(', ');
      const path = ['scenarios', name, 'target'];
      problems.push({ path, message: `expected one of the plan's targets (${known}), got "${target}"` });
    }
    (Array.isArray(steps) ? steps : []).forEach((step, index) => {
      for (const feed of feedNames(tree(step).arguments ?? {})) {
        if (Object.hasOwn(tree(feeds), feed)) continue;
        const path = ['scenarios', name, 'steps', index, 'arguments'];
        problems.push({ path, message: `{{${feed}}} names no feed; declare it under feeds` });
      }
    });
  }
  return problems;
}

/** Every name that stands as `{{name}}` in the texts of a JSON value. */
export function feedNames(value: unknown): string[] {
  const matches = JSON.stringify(value).matchAll(/\{\{\s*([^{}\s]+)\s*\}\}/g);
  return [...new Set([...matches].map((match) => match[1] as string))];
}

function tree(value: unknown): Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Tree) : {};
}
