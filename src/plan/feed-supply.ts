import type { DanglingReference } from './dangling-reference.ts';
import type { Plan } from './plan-schema.ts';
import { plannedIterationsOf } from './planned-iterations.ts';
import { feedsUsed } from './references.ts';
import { maxVusOf } from './timeline.ts';

/**
 * Feeds that have too few rows for a scenario that uses them: fewer than its virtual users where each has its own, or
 * fewer than its iterations where each takes the next and there is an end. Each scenario counts for itself.
 */
export function feedSupplyProblems({ feeds, scenarios }: Plan): DanglingReference[] {
  const problems: DanglingReference[] = [];
  const names = new Set(Object.keys(feeds));
  for (const [scenarioName, scenario] of Object.entries(scenarios)) {
    for (const name of feedsUsed(scenario.steps, names)) {
      const feed = feeds[name];
      if (feed === undefined) continue;
      const { order, repeat, rows } = feed;
      const has = `${name} has ${rows.length} ${rows.length === 1 ? 'row' : 'rows'}`;
      const vus = maxVusOf(scenario);
      if (order === 'unique' && vus > rows.length) {
        const message = `${has}, fewer than the ${vus} virtual users of scenario ${scenarioName}, which need one each`;
        problems.push({ path: ['feeds', name, 'order'], message });
      }
      const iterations = plannedIterationsOf(scenario) ?? 0;
      if (order === 'sequential' && !repeat && iterations > rows.length) {
        const message = `${has}, fewer than the ${iterations} iterations of scenario ${scenarioName}; add rows or take repeat: false out`;
        problems.push({ path: ['feeds', name, 'repeat'], message });
      }
    }
  }
  return problems;
}
