import type { Comparison } from '../../comparison/comparison.ts';
import { formatDuration, formatInstant, printable } from '../format.ts';
import { requireCurrent } from '../parse-baseline.ts';
import type { Report } from '../report.ts';
import { comparisonSection, type Section, type SectionId, sectionsOf } from '../sections.ts';
import { DETAIL_WIDTH, type Table } from '../table.ts';
import { peopleOf, verdictWords } from '../wording.ts';
import { type Ink, plainInk, textTable, wrap } from './text-table.ts';

type TextOptions = {
  /** Colours; none by default. */
  readonly paint?: Ink;
  /** Columns to stay within, 100 by default; under 80 the figures of a table can become wider than this. */
  readonly width?: number;
};

/** What failed comes first; what explains the other figures comes last. */
const ORDER: readonly SectionId[] = [
  'failures',
  'warnings',
  'preflight',
  'totals',
  'scenarios',
  'operations',
  'answers',
  'cold',
  'sessions',
  'clocks',
  'connections',
  'ceiling',
  'thresholds',
  'checks',
  'deviations',
  'comparison',
  'generator',
  'targets',
  'notes',
];

/**
 * The report for a terminal: the verdict and its reasons, what failed, then the figures. Text that came from a target
 * can neither break a line nor drive the terminal.
 * @throws when the report is of another schema
 */
export function renderText(unsafe: Report, { paint = plainInk, width = 100 }: TextOptions = {}): string {
  requireCurrent(unsafe);
  const report = printable(unsafe);
  const sections = sectionsOf(report, 'text');
  const shown = ORDER.flatMap((id) => sections.get(id) ?? []);
  const parts = [verdictLines(report, width, paint), ...shown.map((section) => sectionLines(section, width, paint))];
  // Again at the end, where a long report leaves the reader.
  parts.push(verdictLine(report, width, paint));
  return `${parts.map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

/** A comparison without the reports that it was made from. Text that came from a target cannot drive the terminal. */
export function renderComparison(unsafe: Comparison, { paint = plainInk, width = 100 }: TextOptions = {}): string {
  const comparison = printable(unsafe);
  const { runId, plan } = comparison.current;
  const lines = sectionLines(comparisonSection(comparison), width, paint).slice(1);
  return `${[...wrap(`Run ${runId} of ${plan.name}`, width).map(paint.bold), ...lines].join('\n')}\n`;
}

const TINTS = { pass: 'green', unjudged: 'yellow', fail: 'red', invalid: 'red', stopped: 'yellow' } as const;

/** The verdict in one sentence. */
function verdictLine({ verdict }: Report, width: number, paint: Ink): string[] {
  const { mark, title, sentence } = verdictWords(verdict);
  const tint = TINTS[verdict.status];
  return wrap(`${mark} ${title.toUpperCase()}: ${sentence}`, width).map((line) => paint.bold(paint[tint](line)));
}

/** The verdict in plain words with its reasons, then which run this is. */
function verdictLines(report: Report, width: number, paint: Ink): string[] {
  const { reasons } = verdictWords(report.verdict);
  const when = `${formatInstant(report.startedAt)} UTC, ${formatDuration(report.durationSeconds)}`;
  const people = peopleOf(report).map(({ what, who }) => ` · ${what.toLowerCase()} ${who}`);
  return [
    ...verdictLine(report, width, paint),
    ...reasons.flatMap((reason) => wrap(reason, width - 4).map((line, at) => `${at === 0 ? '  - ' : '    '}${line}`)),
    ...wrap(`${report.plan.name} · run ${report.runId} · ${when}${people.join('')}`, width).map(paint.dim),
  ];
}

function sectionLines(section: Section, width: number, paint: Ink): string[] {
  const { title, about, findings, alarming, tables, remarks, snippets, footnotes } = section;
  const said = (sentence: string) => wrap(sentence, width - 2).map((line) => `  ${line}`);
  return [
    paint.bold(title),
    ...[about, ...findings]
      .filter((each) => each !== '')
      .flatMap(said)
      .map(alarming ? paint.red : (line) => line),
    ...tables
      .filter(({ detail }) => detail === null || width >= DETAIL_WIDTH)
      .flatMap((table) => tableLines(table, width, paint)),
    ...remarks.flatMap(said).map(paint.yellow),
    ...snippets.flatMap(({ lead, lines }) => [...said(lead), ...lines.flatMap((line) => codeLines(line, width))]),
    ...footnotes.flatMap(said),
  ];
}

/** A line of code as it is, because a copy must work; only a line that is too long is broken. */
function codeLines(line: string, width: number): string[] {
  const wrapped = wrap(line, width - 4);
  return (wrapped.length === 1 ? [line] : wrapped).map((each) => `    ${each}`);
}

function tableLines(table: Table, width: number, paint: Ink): string[] {
  const caption = wrap(table.caption, width - 2).map((line) => `  ${paint.dim(line)}`);
  return [...(table.untitled ? [] : caption), ...textTable(table, width, paint)];
}
