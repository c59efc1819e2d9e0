import { deviationText } from '../plan/deviation-rules.ts';
import type { DeviationCount } from '../sample/deviation.ts';
import { formatCount, formatTimeOfDay } from './format.ts';
import { figures, makeTable, type Table, words } from './table.ts';

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
