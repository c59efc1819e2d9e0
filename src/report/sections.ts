import type { Comparison } from '../comparison/comparison.ts';
import { isRegression } from '../comparison/comparison-verdict.ts';
import type { OutcomeGroup } from '../summary/summary.ts';
import { ceilingSentence } from '../verdict/judge.ts';
import { answersTable, errorTextSentences, type Snippet, softErrorSnippets } from './answers.ts';
import { comparisonRemarks, comparisonSentences } from './comparison-wording.ts';
import { generatorSentence, missingSentences } from './generator-wording.ts';
import { isMethodNote, type Report } from './report.ts';
import type { Table } from './table.ts';
import { checksTable, deviationsTable } from './tables-of-checks.ts';
import { comparedLatencyTable, comparedUsefulTable } from './tables-of-comparison.ts';
import {
  clocksTable,
  coldCallsTable,
  connectionsTable,
  failedTimesTable,
  hasTooFew,
  operationsTable,
  percentilesTable,
  TOO_FEW_FOOTNOTE,
} from './tables-of-operations.ts';
import {
  ceilingTable,
  generatorTable,
  outcomesTable,
  rulesTable,
  scenariosTable,
  sessionsTable,
  targetsTable,
  thresholdsTable,
  totalsTable,
} from './tables-of-run.ts';
import {
  connectionPauseSentences,
  connectionSentences,
  failuresSentence,
  firstByteSentences,
  pauseSentences,
  statelessSentences,
  unlistedSentences,
  warmUpSentences,
} from './wording.ts';

/** A part of the report under its own heading, with the same content in HTML and in text. */
export type Section = {
  readonly title: string;
  /** How to read the section; empty when its tables need no explanation. */
  readonly about: string;
  /** What the section comes to, a sentence each. */
  readonly findings: readonly string[];
  /** Whether the findings say that something is wrong. */
  readonly alarming: boolean;
  readonly tables: readonly Table[];
  /** What deserves attention, a sentence each. */
  readonly remarks: readonly string[];
  readonly snippets: readonly Snippet[];
  readonly footnotes: readonly string[];
};

export type SectionId =
  | 'failures'
  | 'warnings'
  | 'preflight'
  | 'totals'
  | 'scenarios'
  | 'operations'
  | 'answers'
  | 'cold'
  | 'sessions'
  | 'clocks'
  | 'connections'
  | 'ceiling'
  | 'thresholds'
  | 'checks'
  | 'deviations'
  | 'comparison'
  | 'generator'
  | 'targets'
  | 'notes';

/** How many groups of failures, and of warnings, are listed: a target can invent any number of them. The JSON has them all. */
const MOST_OUTCOMES = { text: 20, html: 100 } as const;

const USEFUL_FOOTNOTE =
  'A request is useful when HTTP, JSON-RPC and the tool succeeded and every check of the plan passed.';

const UNSENT_FOOTNOTE = 'Requests that were not sent are not counted in any other figure.';

/** A section as it is defined: what it does not mention, it does not have. */
type Content = Pick<Section, 'title'> & Partial<Section>;

/**
 * The sections that have something to show. Charts are not among them: only HTML has those. So has it the sentences that
 * are the same in every report; for readers of text they are in docs/reports.md.
 */
export function sectionsOf(report: Report, format: keyof typeof MOST_OUTCOMES): ReadonlyMap<SectionId, Section> {
  const { operations, failures, warnings, startedAt, generator } = report;
  const constant = (sentence: string) => (format === 'html' ? [sentence] : []);
  const outcomes = (groups: readonly OutcomeGroup[], tone: 'bad' | 'warn') => ({
    tables: [outcomesTable(stepsFirst(groups).slice(0, MOST_OUTCOMES[format]), startedAt, tone)],
    footnotes: unlistedSentences(stepsFirst(groups).slice(MOST_OUTCOMES[format])),
  });
  const contents: Readonly<Record<SectionId, Content>> = {
    failures: {
      title: 'Failures',
      findings: failures.length === 0 ? [] : [failuresSentence(report)],
      tables: [
        ...outcomes(failures, 'bad').tables,
        // HTML has these times in the table of all percentiles.
        ...(format === 'text' ? [failedTimesTable(operations)] : []),
      ],
      footnotes: outcomes(failures, 'bad').footnotes,
    },
    warnings: {
      title: 'Warnings',
      about:
        'These responses count as useful, but the server broke a rule of the protocol, or the text reads like an error message.',
      ...outcomes(warnings, 'warn'),
      snippets: softErrorSnippets(warnings),
    },
    preflight: {
      title: 'Preflight warnings',
      about: 'Found before the load, by comparing the plan with what the targets say about themselves.',
      remarks: report.preflightWarnings ?? [],
    },
    totals: {
      title: 'Totals',
      tables: [totalsTable(report)],
      footnotes: [...constant(USEFUL_FOOTNOTE), ...warmUpSentences(report.warmUp)],
      remarks: [
        ...missingSentences(generator),
        ...errorTextSentences(report),
        ...pauseSentences(report.pauses),
        ...connectionPauseSentences(report.connectionPauses),
      ],
    },
    scenarios: { title: 'Scenarios', tables: [scenariosTable(report)] },
    operations: {
      title: 'Operations',
      findings: operations.length === 0 ? ['No requests were sent.'] : [],
      tables: [operationsTable(operations), percentilesTable(operations)],
      footnotes: hasTooFew(operations) ? [TOO_FEW_FOOTNOTE] : [],
    },
    answers: {
      title: 'Example answers',
      about: constant(
        'A target can report a failure as an ordinary answer. Check that these are what you expect.',
      ).join(''),
      tables: [answersTable(report.exampleAnswers)],
    },
    cold: {
      title: 'Cold and warm calls',
      about: constant(
        'The first call of a session, or the first after a long silence, may reach a target that must start or load something. These calls are shown separately.',
      ).join(''),
      tables: [coldCallsTable(operations)],
    },
    sessions: {
      title: 'Sessions',
      findings: statelessSentences(report.targets),
      tables: [sessionsTable(report.sessions)],
    },
    clocks: {
      title: 'Response timing',
      about: constant(
        'Time to first byte is not latency: a server may send headers or a first event long before the response. Latency ends at the matching response.',
      ).join(''),
      findings: firstByteSentences(operations),
      tables: [clocksTable(operations)],
    },
    connections: {
      title: 'Connections',
      about: constant(
        'A request waits for a free connection or for a new one; latency includes this wait. Only operations that opened, waited for or lost a connection are listed.',
      ).join(''),
      tables: [connectionsTable(operations)],
      remarks: connectionSentences(operations),
    },
    ceiling: ceilingContent(report),
    thresholds: { title: 'Thresholds', tables: [thresholdsTable(report.thresholds)] },
    checks: { title: 'Checks', tables: [checksTable(report.checks)] },
    deviations: {
      title: 'Deviations',
      about:
        'Rules of the specification that the server broke and that clients overlook. They do not change whether a request was useful.',
      tables: [deviationsTable(report.deviations ?? [], startedAt)],
    },
    comparison: report.comparison === undefined ? { title: 'Comparison' } : comparisonContent(report.comparison),
    generator: {
      title: 'Load generator',
      findings: [generatorSentence(generator)],
      alarming: generator.rules.some(({ ok }) => !ok),
      tables: [rulesTable(generator), generatorTable(generator)],
      remarks: report.faults ?? [],
      footnotes:
        generator.limitedRequests + generator.abortedRequests > 0 ? [UNSENT_FOOTNOTE] : constant(UNSENT_FOOTNOTE),
    },
    targets: { title: 'Targets', tables: [targetsTable(report.targets)] },
    notes: { title: 'Notes', footnotes: report.notes.filter((note) => format === 'html' || !isMethodNote(note)) },
  };
  const all = Object.entries(contents) as [SectionId, Content][];
  return new Map(all.map(([id, content]) => [id, complete(content)] as const).filter(([, each]) => isShown(each)));
}

/** Groups of the plan's steps before those of the protocol, otherwise in the same order. */
function stepsFirst(groups: readonly OutcomeGroup[]): readonly OutcomeGroup[] {
  return groups.toSorted((a, b) => Number(a.kind === 'protocol') - Number(b.kind === 'protocol'));
}

function ceilingContent({ ceiling }: Report): Content {
  if (ceiling === undefined) return { title: 'Ceiling' };
  return {
    title: 'Ceiling',
    about: 'The highest load at which the conditions over stages were met.',
    findings: [ceilingSentence(ceiling)],
    tables: [ceilingTable(ceiling)],
  };
}

/** How a run differs from its baseline; also shown without the rest of a report. */
export function comparisonSection(comparison: Comparison): Section {
  return complete(comparisonContent(comparison));
}

function comparisonContent(comparison: Comparison): Content {
  return {
    title: 'Comparison',
    findings: comparisonSentences(comparison),
    alarming: isRegression(comparison),
    tables: [comparedUsefulTable(comparison), comparedLatencyTable(comparison)],
    remarks: comparisonRemarks(comparison),
  };
}

/** Tables without rows are left out. */
function complete({ tables = [], ...content }: Content): Section {
  return {
    about: '',
    findings: [],
    alarming: false,
    remarks: [],
    snippets: [],
    footnotes: [],
    ...content,
    tables: tables.filter(({ groups }) => groups.length > 0),
  };
}

/** An explanation of nothing is no section. */
function isShown({ tables, findings, remarks, footnotes }: Section): boolean {
  return tables.length + findings.length + remarks.length + footnotes.length > 0;
}
