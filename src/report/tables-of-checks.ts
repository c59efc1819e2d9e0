import { deviationText } from '../plan/deviation-rules.ts';
import type { CheckCount } from '../sample/block.ts';
import type { DeviationCount } from '../sample/deviation.ts';
import { formatCount, formatShare, formatTimeOfDay } from './format.ts';
import { figures, makeTable, type Table, toned, words } from './table.ts';

/** The checks of each scenario in the order of the plan: how often each held and how often it did not. */
export function checksTable(checks: readonly CheckCount[]): Table {
  const groups = [...Map.groupBy(checks, ({ scenario }) => scenario)];
  return makeTable<CheckCount>({
    id: 'checks',
    caption:
      'All checks of a step run on each of its results, except on results that failed already, for example with isError',
    columns: [
      words('Check', ({ check }) => check, { names: true, kind: 'code', fit: 'cut' }),
      words('Operation', ({ operation, step }) => `${operation} (step ${step + 1})`, { kind: 'name', fit: 'cut' }),
      figures('Passes', ({ passes }) => formatCount(passes)),
      figures('Failures', ({ failures }) => toned(formatCount(failures), 'bad', failures > 0)),
      figures('Passed', ({ passes, failures }) => formatShare(passes / (passes + failures))),
    ],
    groups: groups.map(([title, items]) => ({ title, items })),
  });
}

/** How often each target broke each rule: the most frequent first, with the operation in whose replies it was seen. */
export function deviationsTable(deviations: readonly DeviationCount[], startedAt: string): Table {
  const groups = [...Map.groupBy(deviations, ({ target }) => target)];
  const time = (epochMs: number) => formatTimeOfDay(new Date(epochMs).toISOString(), startedAt);
  return makeTable<DeviationCount>({
    id: 'deviations',
    caption: 'Most frequent first; warm-up included; times in UTC',
    columns: [
      figures('Count', ({ count }) => formatCount(count)),
      words('Rule', ({ rule }) => rule, { names: true, kind: 'code', fit: 'cut' }),
      words('Meaning', ({ rule }) => deviationText(rule).says, { stacked: true, below: 'once' }),
      words('Operation', ({ operation }) => operation, { kind: 'name', fit: 'cut' }),
      words('First', ({ firstMs }) => time(firstMs)),
      words('Specification', ({ rule }) => deviationText(rule).section, { below: 'once' }),
      words('Example', ({ example }) => example, { kind: 'quote', below: 'always' }),
    ],
    groups: groups.map(([title, items]) => ({ title, items: items.toSorted((a, b) => b.count - a.count) })),
  });
}
