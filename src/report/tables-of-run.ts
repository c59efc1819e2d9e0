import { MODERN_REVISION } from '../mcp/session/handshakes.ts';
import type { OutcomeGroup, ScenarioSummary, SessionSummary } from '../summary/summary.ts';
import type { Ceiling, CeilingStage, GeneratorCheck, ThresholdResult } from '../verdict/verdict.ts';
import {
  formatCount,
  formatDuration,
  formatMoment,
  formatObserved,
  formatPercentile,
  formatRate,
  formatShare,
  formatTick,
  formatTimeOfDay,
} from './format.ts';
import { type Fact, generatorFacts } from './generator-wording.ts';
import { outcomeMeaning } from './outcome-meaning.ts';
import type { Report, ReportTarget } from './report.ts';
import { type Cell, figures, makePlainTable, makeTable, type Table, toned, words } from './table.ts';
import { headlineOf, overWords, seenWords } from './wording.ts';

type Total = { readonly name: string; readonly value: Cell; readonly detail: string };

/** The counts of the whole run: those of the plan's steps, then what the protocol added to them. */
export function totalsTable(report: Report): Table {
  const { totals, protocol, iterationMs } = report;
  const { requests, useful, failures, censored, blocked = 0, failureRate } = totals;
  const { requestsPerSecond, iterations, droppedIterations } = totals;
  const aboutSteps = headlineOf(report) === 'step';
  const silent = silentFailuresOf(report);
  const unfinished = report.scenarios.reduce((sum, { unfinishedIterations }) => sum + unfinishedIterations, 0);
  const iterationTimes =
    iterationMs === null
      ? ''
      : `p50 ${formatPercentile(iterationMs, 'p50')} · p95 ${formatPercentile(iterationMs, 'p95')} ms`;
  const rows: readonly Total[] = [
    {
      name: aboutSteps ? 'Step requests' : 'Requests',
      value: { text: formatCount(requests) },
      detail: `${formatRate(requestsPerSecond)} per second`,
    },
    {
      name: 'Useful',
      value: { text: formatCount(useful) },
      detail: useful + failures + blocked === 0 ? '' : formatShare(useful / (useful + failures + blocked)),
    },
    {
      name: 'Failures',
      value: toned(formatCount(failures), 'bad', failures > 0),
      detail: `${formatShare(failureRate)}${silent === 0 ? '' : ` · ${formatCount(silent)} by silence`}`,
    },
    ...(censored === 0 ? [] : [censoredTotal(censored)]),
    ...(blocked === 0 ? [] : [blockedTotal(blocked)]),
    ...(aboutSteps && protocol.requests > 0 ? [protocolTotal(protocol)] : []),
    { name: 'Iterations', value: { text: formatCount(iterations) }, detail: iterationTimes },
    ...(unfinished === 0 ? [] : [unfinishedTotal(unfinished)]),
    {
      name: 'Dropped iterations',
      value: toned(formatCount(droppedIterations), 'warn', droppedIterations > 0),
      detail: 'starts that could not be made',
    },
  ];
  return makePlainTable<Total>({
    id: 'totals',
    caption: 'Counts of the whole run',
    untitled: true,
    columns: [
      words('Figure', ({ name }) => name, { names: true }),
      figures('Value', ({ value }) => value),
      words('Detail', ({ detail }) => detail),
    ],
    rows,
  });
}

/** Requests that count neither as useful nor as failures. */
function censoredTotal(censored: number): Total {
  return {
    name: 'Ended by us before an answer',
    value: toned(formatCount(censored), 'warn', true),
    detail: 'neither useful nor failures',
  };
}

/** Calls that the target prevented; they count in the share of failures. */
function blockedTotal(blocked: number): Total {
  return {
    name: 'Not sent, no session',
    value: toned(formatCount(blocked), 'bad', true),
    detail: 'count as failures; the opening failed',
  };
}

/** Iterations that are not among those with a duration. */
function unfinishedTotal(unfinished: number): Total {
  return {
    name: 'Unfinished iterations',
    value: toned(formatCount(unfinished), 'warn', true),
    detail: 'began and did not reach their end',
  };
}

function protocolTotal({ requests, failures, censored }: Report['protocol']): Total {
  const ended = censored === 0 ? '' : ` · ${formatCount(censored)} ended by us before an answer`;
  return {
    name: 'Protocol requests',
    value: toned(formatCount(requests), 'bad', failures > 0),
    detail: `${formatCount(failures)} failed${ended}`,
  };
}

/** Failures of the headline that nobody answered. */
function silentFailuresOf({ operations, ...report }: Report): number {
  return operations
    .filter(({ kind }) => kind === 'step' || headlineOf(report) === 'all')
    .reduce((sum, { withoutAnswer, censored }) => sum + withoutAnswer - censored, 0);
}

/**
 * Groups of failures or warnings: what, where, how often, when, and one message of the target. Those of the plan's steps
 * come first, and within a kind the most frequent.
 */
export function outcomesTable(groups: readonly OutcomeGroup[], startedAt: string, tone: 'bad' | 'warn'): Table {
  const ofProtocol = groups.filter(({ kind }) => kind === 'protocol');
  const order =
    ofProtocol.length === 0 ? 'Most frequent first' : 'Steps before the protocol, each with the most frequent first';
  return makeTable<OutcomeGroup>({
    id: 'outcomes',
    caption: `${order}; times in UTC`,
    columns: [
      figures('Count', ({ count }) => ({ text: formatCount(count), tone })),
      words('Outcome', ({ outcome }) => outcome, { names: true, kind: 'code', fit: 'cut' }),
      words('Meaning', ({ outcome, operation }) => outcomeMeaning(outcome, operation), {
        stacked: true,
        below: 'once',
      }),
      words('Target', ({ target }) => target, { kind: 'name', fit: 'cut' }),
      words('Operation', ({ operation }) => operation, { kind: 'name', fit: 'cut', stacked: true }),
      words('Time', (group) => timeOf(group, startedAt), { fit: 'wrap' }),
      words('Example message', ({ example }) => example, { kind: 'quote', below: 'always' }),
    ],
    groups: [
      { title: null, items: groups.filter(({ kind }) => kind === undefined) },
      { title: 'Protocol', items: ofProtocol },
    ],
  });
}

function timeOf({ firstAt, lastAt }: OutcomeGroup, startedAt: string): string {
  const [first, last] = [formatTimeOfDay(firstAt, startedAt), formatTimeOfDay(lastAt, startedAt)];
  return first === last ? first : `${first} to ${last}`;
}

type ScenarioRow = ScenarioSummary & {
  /** Starts that have an instant, warm-up included; null when virtual users set the pace. */
  readonly planned: number | null;
  /** Those of them that came late; null when that is not known. */
  readonly late: number | null;
};

const unfinishedColumn = figures<ScenarioSummary>('Unfinished', ({ unfinishedIterations: count }) =>
  toned(formatCount(count), 'warn', count > 0),
);

/** The iterations of each scenario; no rows for a single scenario paced by virtual users, which the totals describe. */
export function scenariosTable({ scenarios, generator }: Report): Table {
  const rows = scenarios.map((each): ScenarioRow => {
    const starts = generator.starts.scenarios.find(({ scenario }) => scenario === each.scenario);
    return { ...each, planned: starts?.planned ?? null, late: starts?.late ?? null };
  });
  return makePlainTable<ScenarioRow>({
    id: 'scenarios',
    caption: 'Iteration times in ms, from the intended start to the end; planned and late starts include the warm-up',
    columns: [
      words('Scenario', ({ scenario }) => scenario, { names: true, kind: 'name', fit: 'cut' }),
      figures('Planned', ({ planned }) => (planned === null ? '–' : formatCount(planned))),
      figures('Iterations', ({ iterations }) => formatCount(iterations)),
      ...(rows.some(({ unfinishedIterations }) => unfinishedIterations > 0) ? [unfinishedColumn] : []),
      figures('Dropped', ({ droppedIterations: count }) => toned(formatCount(count), 'warn', count > 0)),
      figures('Late', lateCell),
      figures('Per second', ({ iterationsPerSecond }) => formatRate(iterationsPerSecond), { drop: 2 }),
      ...(['p50', 'p95', 'p99', 'max'] as const).map((name) =>
        figures<ScenarioRow>(
          name,
          ({ iterationMs }) => formatPercentile(iterationMs, name),
          name === 'max' ? { drop: 1 } : {},
        ),
      ),
    ],
    rows: rows.length === 1 && rows[0]?.planned === null ? [] : rows,
  });
}

function lateCell({ planned, late }: ScenarioRow): Cell | string {
  if (planned === null) return '–';
  return late === null ? 'unknown' : toned(formatCount(late), 'warn', late > 0);
}

/** How many sessions each target had and how they ended; all targets together last when there are several. */
export function sessionsTable(sessions: readonly SessionSummary[]): Table {
  const targets = sessions.filter(({ target }) => target !== '*');
  const all = targets.length > 1 ? sessions.filter(({ target }) => target === '*') : [];
  return makePlainTable<SessionSummary>({
    id: 'sessions',
    caption: 'Whole run, warm-up included; sessions that were not lost were closed or ended with the run',
    columns: [
      words('Target', ({ target }) => (target === '*' ? 'All targets' : target), {
        names: true,
        kind: 'name',
        fit: 'cut',
      }),
      figures('Opened', ({ opened }) => formatCount(opened)),
      figures('Closed', ({ closed }) => formatCount(closed)),
      figures('Lost', ({ lost }) => toned(formatCount(lost), 'warn', lost > 0)),
      figures('Most open', ({ most }) => formatCount(most)),
      ...(['p50', 'p95', 'max'] as const).map((name) =>
        figures<SessionSummary>(
          name === 'p50' ? 'Lifetime p50' : name,
          ({ lifetimeMs }) => (lifetimeMs === null ? '–' : formatDuration(lifetimeMs[name] / 1000)),
          name === 'p50' ? {} : { drop: name === 'p95' ? 2 : 1 },
        ),
      ),
      words('Lost to', ({ losses }) => lossesOf(losses), { kind: 'code', fit: 'wrap' }),
    ],
    rows: [...targets, ...all],
  });
}

function lossesOf(losses: SessionSummary['losses']): string {
  return losses.map(({ outcome, count }) => `${formatCount(count)} ${outcome}`).join(', ');
}

/** The thresholds of the plan and how they came out. */
export function thresholdsTable(thresholds: readonly ThresholdResult[]): Table {
  return makePlainTable<ThresholdResult>({
    id: 'thresholds',
    caption: 'Durations in ms, rates as fractions',
    columns: [
      words('Result', ({ ok }) => metCell(ok)),
      words('Metric', ({ metric }) => metric, { names: true, kind: 'metric', fit: 'cut' }),
      words('Threshold', ({ expression }) => expression, { kind: 'code', fit: 'cut' }),
      words('', overWords, { stacked: true }),
      figures('Observed', observedText),
      words('', ({ at }) => seenWords(at), { stacked: true, below: 'always' }),
    ],
    rows: thresholds,
  });
}

/** What a condition observed, with `≥` when it is only a lower bound. */
function observedText({ observed, atLeast }: Pick<ThresholdResult, 'observed' | 'atLeast'>): string {
  if (observed === null) return 'no samples';
  return `${atLeast === undefined ? '' : '≥ '}${formatObserved(observed)}`;
}

function metCell(ok: boolean): Cell {
  return ok ? { text: 'met', mark: '✓', tone: 'good' } : { text: 'not met', mark: '✗', tone: 'bad' };
}

/** What the levels of a ceiling count. */
const LEVEL_TITLES: Readonly<Record<Ceiling['unit'], string>> = { 'starts/s': 'Starts/s', vus: 'Virtual users' };

/** Which stages held, and the conditions that were not met in the others. */
export function ceilingTable({ stages, scenario, unit }: Ceiling): Table {
  return makePlainTable<CeilingStage>({
    id: 'ceiling',
    caption: `Stages of scenario ${scenario}`,
    columns: [
      words('Result', ({ held }) => heldCell(held)),
      figures('Stage', ({ index }) => String(index + 1), { names: true }),
      figures(LEVEL_TITLES[unit], ({ level }) => formatTick(level)),
      figures('Time', ({ fromSeconds, toSeconds }) => `${formatMoment(fromSeconds)} to ${formatMoment(toSeconds)}`),
      words('Conditions not met', ({ broken }) => broken.map(conditionOf).join('; '), { kind: 'code', fit: 'wrap' }),
    ],
    rows: stages,
  });
}

function heldCell(held: boolean | null): Cell {
  if (held === null) return { text: 'not run', mark: '–', tone: 'quiet' };
  return held ? { text: 'held', mark: '✓', tone: 'good' } : { text: 'broke', mark: '✗', tone: 'bad' };
}

function conditionOf(broken: CeilingStage['broken'][number]): string {
  const { metric, expression } = broken;
  return `${metric} ${expression}: ${observedText(broken)}`;
}

/** The rules for the load generator, those that were broken first. */
export function rulesTable({ rules }: Report['generator']): Table {
  return makePlainTable<GeneratorCheck>({
    id: 'rules',
    caption: 'Rules for the load generator',
    columns: [
      words('Result', ({ ok }) => metCell(ok)),
      words('Rule', ({ rule }) => rule, { names: true, fit: 'wrap' }),
      words('', ({ detail }) => detail, { stacked: true, fit: 'wrap' }),
    ],
    rows: rules.toSorted((a, b) => Number(a.ok) - Number(b.ok)),
  });
}

/** What the load generator measured of itself. */
export function generatorTable(generator: Report['generator']): Table {
  return makePlainTable<Fact>({
    id: 'generator-figures',
    caption: 'Figures of the load generator',
    untitled: true,
    columns: [
      words('Figure', ({ name }) => name, { names: true, fit: 'wrap' }),
      words('Value', ({ value }) => value, { fit: 'wrap' }),
    ],
    rows: generatorFacts(generator),
  });
}

/** The era of a revision, see docs/protocol.md. */
function eraOf(protocolVersion: string): 'legacy' | 'modern' {
  return protocolVersion === MODERN_REVISION ? 'modern' : 'legacy';
}

/** The targets as preflight found them. */
export function targetsTable(targets: readonly ReportTarget[]): Table {
  return makePlainTable<ReportTarget>({
    id: 'targets',
    caption: 'As found before the load started',
    columns: [
      words('Target', ({ name }) => name, { names: true, kind: 'name', fit: 'cut' }),
      words('Address', ({ url }) => url, { kind: 'code', fit: 'wrap' }),
      words('Server', ({ server }) => (server === '' ? { text: 'no name given', tone: 'quiet' } : server), {
        fit: 'wrap',
      }),
      words('Protocol', ({ protocolVersion }) => `${protocolVersion} (${eraOf(protocolVersion)})`, { fit: 'wrap' }),
      words('Sessions', ({ session }) => session, { fit: 'wrap' }),
    ],
    rows: targets,
  });
}
