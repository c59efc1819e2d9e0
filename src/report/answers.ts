import type { ExampleAnswer, OutcomeGroup } from '../summary/summary.ts';
import { formatCount } from './format.ts';
import type { Report } from './report.ts';
import { byTarget, makeTable, type Table, words } from './table.ts';

/** Lines to copy into a plan, and what they are for. */
export type Snippet = { readonly lead: string; readonly lines: readonly string[] };

/** One useful answer of each operation of the plan, so that a reader sees what counted as useful. */
export function answersTable(answers: readonly ExampleAnswer[]): Table {
  return makeTable<ExampleAnswer>({
    id: 'answers',
    caption: 'The first useful answer of each operation, shortened and without secrets',
    columns: [
      words('Operation', ({ operation }) => operation, { names: true, kind: 'name', fit: 'cut' }),
      words('Answer', ({ answer }) => answer, { kind: 'quote', below: 'always' }),
    ],
    groups: byTarget(answers),
  });
}

/** How many useful answers read like an error message. */
export function errorTextSentences({ warnings, totals }: Pick<Report, 'warnings' | 'totals'>): string[] {
  const count = likeErrors(warnings).reduce((sum, each) => sum + each.count, 0);
  if (count === 0) return [];
  const [verb, their] = count === 1 ? ['reads', 'its text'] : ['read', 'their texts'];
  return [
    `${formatCount(count)} of ${formatCount(totals.useful)} useful answers ${verb} like an error message; Warnings shows ${their}.`,
  ];
}

/** For each target whose answers read like errors: the `softErrors` that make failures of them. */
export function softErrorSnippets(warnings: readonly OutcomeGroup[]): Snippet[] {
  return byTarget(likeErrors(warnings)).flatMap(({ title, items }) => {
    const entries = new Map(
      items.flatMap(({ softError }) => (softError === undefined ? [] : [[softError.pattern, softError]])),
    );
    if (entries.size === 0) return [];
    return {
      lead: `If these texts of ${title} are errors, add this to the target ${title} in the plan, so that they count as failures:`,
      lines: [
        'softErrors:',
        ...[...entries.values()].flatMap(({ pattern, outcome }) => [
          `  - pattern: '${pattern.replaceAll("'", "''")}'`,
          ...(outcome === 'TOOL_QUOTA' ? ['    outcome: TOOL_QUOTA'] : []),
        ]),
      ],
    };
  });
}

function likeErrors(warnings: readonly OutcomeGroup[]): OutcomeGroup[] {
  return warnings.filter(({ outcome }) => outcome === 'TOOL_READS_LIKE_ERROR');
}
