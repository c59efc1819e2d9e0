import { generatorFacts, generatorSentence } from '../generator-words.ts';
import type { Report } from '../report.ts';
import type { Ink } from './ink.ts';
import { type TextColumn, textTable } from './text-table.ts';
import { wrap } from './wrap.ts';

const FACT_COLUMNS: readonly TextColumn[] = [
  { heading: '', align: 'left', shrinks: true },
  { heading: '', align: 'left', shrinks: true },
];

/** Whether the generator kept to the plan, which rules it broke, and its figures, several to a line. */
export function textGenerator(generator: Report['generator'], width: number, paint: Ink): string[] {
  const broken = generator.rules.filter((rule) => !rule.ok);
  const facts = textTable(
    FACT_COLUMNS,
    generatorFacts(generator).map(({ name, value }) => [name, value]),
    width - 2,
  ).slice(1);
  return [
    ...wrap(generatorSentence(generator), width - 2).map(broken.length > 0 ? paint.red : (line) => line),
    ...broken.flatMap(({ rule, detail }) =>
      wrap(`✗ ${rule}: ${detail}`, width - 4).map((line, index) => paint.red(index === 0 ? line : `  ${line}`)),
    ),
    ...facts.map(paint.dim),
  ].map((line) => `  ${line}`);
}
