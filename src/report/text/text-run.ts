import type { OperationSummary, SessionSummary } from '../../summary/summary.ts';
import { formatCount, formatDuration, formatMs, formatRate } from '../format.ts';
import type { Report } from '../report.ts';
import { byTarget, scenarioRows, sessionsToShow } from '../tables.ts';
import { connectionOperations, connectionSentences, generatorFacts, generatorSentence } from '../wording.ts';
import { type Ink, type TextCell, type TextColumn, textTable, wrap } from './text-table.ts';

const COLUMNS: readonly TextColumn[] = [
  { heading: 'target, operation', align: 'left', shrinks: true },
  ...['new', 'connect p50', 'p95', 'TLS p50', 'p95', 'wait p95'].map(
    (heading): TextColumn => ({ heading, align: 'right' }),
  ),
  { heading: '', align: 'left', shrinks: true },
];

/** How requests came to their connections, and what is odd about these; no lines when there is nothing to say. */
export function textConnections({ operations }: Report, width: number, paint: Ink): string[] {
  const shown = connectionOperations(operations);
  if (shown.length === 0) return [];
  const rows = byTarget(shown).flatMap((group) => [
    [{ text: group.target, paint: paint.bold }],
    ...group.operations.map((each) => operationRow(each, paint)),
  ]);
  const [heading = '', ...lines] = textTable(COLUMNS, rows, width);
  const said = connectionSentences(operations).flatMap((sentence) => wrap(sentence, width - 2).map(paint.yellow));
  return [paint.dim(heading), ...lines, ...said.map((line) => `  ${line}`)];
}

function operationRow(operation: OperationSummary, paint: Ink): TextCell[] {
  const { connect, tls, socket } = operation.clocksMs;
  return [
    `  ${operation.operation}`,
    formatCount(operation.newConnections),
    formatMs(connect?.p50),
    formatMs(connect?.p95),
    formatMs(tls?.p50),
    formatMs(tls?.p95),
    formatMs(socket?.p95),
    { text: oddities(operation), paint: paint.yellow },
  ];
}

/** How many streams or requests took another way than they should, e.g. `17 cut, 3 retried`. */
function oddities({ heldStreams, resumedAnswers, retries }: OperationSummary): string {
  const counts = { cut: heldStreams, resumed: resumedAnswers, retried: retries };
  return Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([what, count]) => `${formatCount(count)} ${what}`)
    .join(', ');
}

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

const right = (heading: string): TextColumn => ({ heading, align: 'right' });
const SCENARIO_COLUMNS: readonly TextColumn[] = [
  { heading: 'scenario', align: 'left', shrinks: true },
  ...['planned', 'done', 'dropped', 'late', 'per s', 'p50 ms', 'p95 ms', 'p99 ms'].map(right),
];

/** The iterations of each scenario; no lines when there is one whose virtual users set the pace: the totals say all. */
export function textScenarios(report: Report, width: number, paint: Ink): string[] {
  const rows = scenarioRows(report);
  if (rows.length === 0) return [];
  const [heading = '', ...lines] = textTable(
    SCENARIO_COLUMNS,
    rows.map(({ scenario, planned, iterations, dropped, late, perSecond, iterationMs }) => [
      scenario,
      planned === null ? '–' : formatCount(planned),
      formatCount(iterations),
      dropped > 0 ? { text: formatCount(dropped), paint: paint.yellow } : '0',
      late === null ? '–' : late > 0 ? { text: formatCount(late), paint: paint.yellow } : '0',
      formatRate(perSecond),
      formatMs(iterationMs?.p50),
      formatMs(iterationMs?.p95),
      formatMs(iterationMs?.p99),
    ]),
    width,
  );
  return [paint.dim(heading), ...lines];
}

const SESSION_COLUMNS: readonly TextColumn[] = [
  { heading: 'target', align: 'left', shrinks: true },
  ...['opened', 'closed', 'lost', 'most', 'lived p50', 'max'].map(
    (heading): TextColumn => ({ heading, align: 'right' }),
  ),
  { heading: '', align: 'left', shrinks: true },
];

/** The sessions with each target; no lines when no target has any. */
export function textSessions(sessions: readonly SessionSummary[], width: number, paint: Ink): string[] {
  const shown = sessionsToShow(sessions);
  if (shown.length === 0) return [];
  const [heading = '', ...lines] = textTable(
    SESSION_COLUMNS,
    shown.map((each) => row(each, paint)),
    width,
  );
  return [paint.dim(heading), ...lines];
}

function row({ target, opened, closed, lost, most, lifetimeMs, losses }: SessionSummary, paint: Ink): TextCell[] {
  const lifetime = (ms: number | undefined) => (ms === undefined ? '–' : formatDuration(ms / 1000));
  const why = losses.map(({ outcome, count }) => `${formatCount(count)} ${outcome}`).join(', ');
  return [
    target === '*' ? 'all' : target,
    formatCount(opened),
    formatCount(closed),
    lost > 0 ? { text: formatCount(lost), paint: paint.yellow } : '0',
    formatCount(most),
    lifetime(lifetimeMs?.p50),
    lifetime(lifetimeMs?.max),
    { text: why, paint: paint.yellow },
  ];
}
