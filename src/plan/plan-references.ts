import type { DanglingReference } from './dangling-reference.ts';
import { type KnownFeeds, templateReferences } from './references.ts';
import { thresholdReferences } from './threshold-references.ts';
import { tree } from './tree.ts';

/**
 * Checks that the parts of a plan name each other rightly. Takes the plan as it was written, so that these problems
 * are found in the same pass as those of the schema; parts of a wrong shape are passed over, the schema tells of them.
 */
export function danglingReferences(plan: unknown, feeds: KnownFeeds): DanglingReference[] {
  const { targets, scenarios } = tree(plan);
  const problems: DanglingReference[] = [];
  for (const [name, scenario] of Object.entries(tree(scenarios))) {
    const { target } = tree(scenario);
    if (typeof target === 'string' && !Object.hasOwn(tree(targets), target)) {
      const message = `expected one of the plan's targets (${Object.keys(tree(targets)).join(', ')}), got "${target}"`;
      problems.push({ path: ['scenarios', name, 'target'], message });
    }
    problems.push(...templateReferences(scenario, ['scenarios', name], feeds));
  }
  return [...problems, ...thresholdReferences(plan)];
}
