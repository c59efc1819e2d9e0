import type { Comparison, OperationComparison } from '../../comparison/comparison.ts';
import type { Ceiling, ThresholdResult } from '../../verdict/verdict.ts';
import {
  comparisonRemarks,
  comparisonSentences,
  comparisonVerdictWords,
  formatChange,
  formatChangeRange,
  roundPercent,
  usefulRateMoved,
} from '../comparison-wording.ts';
import { formatDuration, formatInstant, formatMs, formatObserved, formatShare } from '../format.ts';
import type { Report } from '../report.ts';
import { ceilingFinding, ceilingRows, levelWords, overWords, seenWords, verdictWords } from '../wording.ts';
import { type Ink, type Paint, type TextCell, type TextColumn, textTable, wrap } from './text-table.ts';

/** The verdict in plain words with its reasons, then which run this is. */
export function textVerdict(report: Report, width: number, paint: Ink): string[] {
  const { status, reasons } = report.verdict;
  const words = verdictWords[status];
  const tint = { pass: paint.green, fail: paint.red, invalid: paint.red, stopped: paint.yellow }[status];
  const when = `${formatInstant(report.startedAt)} UTC, ${formatDuration(report.durationSeconds)}`;
  const identity = `${report.plan.name} · run ${report.runId} · ${when}`;
  return [
    ...wrap(`${words.mark} ${words.title.toUpperCase()}: ${words.sentence}`, width).map((line) =>
      paint.bold(tint(line)),
    ),
    ...reasons.flatMap((reason) => bullet(reason, width)),
    ...wrap(identity, width).map(paint.dim),
  ];
}

function bullet(text: string, width: number): string[] {
  return wrap(text, width - 4).map((line, index) => (index === 0 ? `  - ${line}` : `    ${line}`));
}

const COLUMNS: readonly TextColumn[] = [
  { heading: '', align: 'left' },
  { heading: 'metric', align: 'left', shrinks: true },
  { heading: 'threshold', align: 'left', shrinks: true },
  { heading: 'over', align: 'left' },
  { heading: 'observed', align: 'right' },
  { heading: '', align: 'left' },
];

/** Each threshold with ✓ or ✗ and the value that decided it. */
export function textThresholds(thresholds: readonly ThresholdResult[], width: number, paint: Ink): string[] {
  const rows = thresholds.map((threshold) => {
    const { metric, expression, ok, observed, at } = threshold;
    return [
      ok ? { text: '✓', paint: paint.green } : { text: '✗', paint: paint.red },
      metric,
      expression,
      overWords(threshold),
      observed === null ? 'no samples' : formatObserved(observed),
      { text: seenWords(at), paint: paint.dim },
    ];
  });
  // What is the same for all needs no column.
  const columns = thresholds.every(({ over }) => over === undefined)
    ? COLUMNS.filter(({ heading }) => heading !== 'over')
    : COLUMNS;
  const cells = rows.map((row) =>
    columns === COLUMNS ? row : row.filter((_, index) => COLUMNS[index]?.heading !== 'over'),
  );
  const [heading = '', ...lines] = textTable(columns, cells, width);
  return [paint.dim(heading), ...lines];
}

/** Which stages held: the finding, then each stage with what broke in it. */
export function textCeiling(ceiling: Ceiling, width: number, paint: Ink): string[] {
  const columns: readonly TextColumn[] = [
    { heading: '', align: 'left' },
    { heading: 'stage', align: 'right' },
    { heading: levelWords[ceiling.unit], align: 'right' },
    { heading: 'time', align: 'right' },
    { heading: 'broken', align: 'left', shrinks: true },
  ];
  const marks: Readonly<Record<ReturnType<typeof ceilingRows>[number]['result'], { text: string; paint: Paint }>> = {
    held: { text: '✓ held', paint: paint.green },
    broke: { text: '✗ broke', paint: paint.red },
    'not run': { text: '– not run', paint: paint.dim },
  };
  const rows = ceilingRows(ceiling).map(({ result, stage, level, time, broken }) => {
    return [marks[result], stage, level, time, broken];
  });
  const [heading = '', ...lines] = textTable(columns, rows, width);
  const finding = wrap(`Scenario ${ceiling.scenario}: ${ceilingFinding(ceiling)}`, width - 2);
  return [...finding.map((line) => `  ${line}`), paint.dim(heading), ...lines];
}

/** Each operation with its figure in both runs, the change and its interval, by target; then what is to be said of it. */
export function textComparison(comparison: Comparison, width: number, paint: Ink): string[] {
  const { operations, rules } = comparison;
  const columns: readonly TextColumn[] = [
    { heading: '', align: 'left' },
    { heading: 'target, operation', align: 'left', shrinks: true },
    { heading: 'baseline', align: 'right' },
    { heading: `${rules.metric} ms`, align: 'right' },
    { heading: 'change', align: 'right' },
    { heading: `${roundPercent(rules.confidence)} interval`, align: 'right' },
    { heading: 'useful', align: 'right' },
  ];
  const rows = [...Map.groupBy(operations, ({ target }) => target)].flatMap(([target, each]) => [
    ['', { text: target, paint: paint.bold }],
    ...each.map((operation) => row(operation, paint)),
  ]);
  const [heading = '', ...lines] = operations.length === 0 ? [] : textTable(columns, rows, width);
  return [
    ...comparisonSentences(comparison).flatMap((sentence) => indented(sentence, width)),
    ...(operations.length === 0 ? [] : [paint.dim(heading), ...lines]),
    ...comparisonRemarks(comparison).flatMap((remark) => indented(remark, width).map(paint.yellow)),
  ];
}

function row(each: OperationComparison, paint: Ink): TextCell[] {
  const { verdict, operation, baseline, current, change } = each;
  const tint = { slower: paint.red, faster: paint.green, same: paint.dim, 'too-little-data': paint.yellow }[verdict];
  const { mark, word } = comparisonVerdictWords[verdict];
  const useful = formatShare(current.usefulRate);
  return [
    { text: `${mark} ${word}`, paint: tint },
    operation,
    formatMs(baseline.latencyMs),
    formatMs(current.latencyMs),
    change === null ? '–' : { text: formatChange(change.estimate), paint: tint },
    change === null ? '–' : formatChangeRange(change),
    usefulRateMoved(each) === 'fell' ? { text: useful, paint: paint.red } : useful,
  ];
}

function indented(text: string, width: number): string[] {
  return wrap(text, width - 2).map((line) => `  ${line}`);
}
