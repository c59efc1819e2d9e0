import { placeholdersIn } from './placeholder.ts';
import { parseThreshold } from './threshold.ts';

/** A name in a plan that stands for nothing. */
export type DanglingReference = { readonly path: readonly PropertyKey[]; readonly message: string };

/** The parts of a step that feeds are put into. */
const TEMPLATES = [['resource'], ['arguments'], ['complete', 'argument', 'value'], ['complete', 'context']] as const;

type Tree = Readonly<Record<string, unknown>>;

/**
 * Checks that the parts of a plan name each other rightly. Takes the plan as it was written, so that these problems
 * are found in the same pass as those of the schema; parts of a wrong shape are passed over, the schema tells of them.
 */
export function danglingReferences(plan: unknown): DanglingReference[] {
  const { targets, feeds, scenarios, thresholds } = tree(plan);
  const problems: DanglingReference[] = [];
  const checkTarget = (target: unknown, path: readonly PropertyKey[]) => {
    if (typeof target !== 'string' || Object.hasOwn(tree(targets), target)) return;
    const known = Object.keys(tree(targets)).join(', ');
    problems.push({ path, message: `expected one of the plan's targets (${known}), got "${target}"` });
  };
  for (const [name, scenario] of Object.entries(tree(scenarios))) {
    const { target, steps } = tree(scenario);
    checkTarget(target, ['scenarios', name, 'target']);
    (Array.isArray(steps) ? steps : []).forEach((step, index) => {
      for (const key of TEMPLATES) {
        const text = key.reduce<unknown>((value, part) => tree(value)[part], step);
        for (const feed of placeholdersIn(text ?? {})) {
          if (Object.hasOwn(tree(feeds), feed)) continue;
          const path = ['scenarios', name, 'steps', index, ...key];
          problems.push({ path, message: `{{${feed}}} names no feed; declare it under feeds` });
        }
      }
    });
  }
  for (const [metric, expressions] of Object.entries(tree(thresholds))) {
    const expression: unknown = Array.isArray(expressions) ? expressions[0] : undefined;
    const threshold = typeof expression === 'string' ? parseThreshold(metric, expression) : undefined;
    if (threshold !== undefined && 'tags' in threshold) checkTarget(threshold.tags.target, ['thresholds', metric]);
  }
  return problems;
}

function tree(value: unknown): Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Tree) : {};
}
