import type { Plan } from '../plan/plan-schema.ts';
import { feedsUsed } from '../plan/references.ts';
import type { ScenarioSummary } from '../summary/summary.ts';

/**
 * Says of each scenario whose feed ran out which feed that was. This is a limit of the plan: neither the generator nor
 * the target is the cause.
 */
export function feedEndSentences(plan: Plan, scenarios: readonly ScenarioSummary[]): string[] {
  return scenarios.flatMap(({ scenario, unfedIterations }) => {
    const feed = unfedIterations === 0 ? undefined : feedThatEnds(plan, scenario);
    if (feed === undefined) return [];
    const rows = feed.rows === 1 ? 'its only row' : `its ${feed.rows} rows`;
    return [
      `Feed ${feed.name} ran out after ${rows} (repeat: false), so virtual users of scenario ${scenario} ended before the time that the plan gives them.`,
    ];
  });
}

type EndingFeed = { readonly name: string; readonly rows: number };

/** The first feed to run out among those of a scenario: all give one row to each iteration. */
function feedThatEnds({ feeds, scenarios }: Plan, scenario: string): EndingFeed | undefined {
  const used = feedsUsed(scenarios[scenario]?.steps ?? [], new Set(Object.keys(feeds)));
  return used
    .flatMap((name): EndingFeed[] => {
      const feed = feeds[name];
      return feed?.order === 'sequential' && !feed.repeat ? [{ name, rows: feed.rows.length }] : [];
    })
    .toSorted((a, b) => a.rows - b.rows)[0];
}
