import type { ScenarioPlan } from './scenario-plans.ts';
import type { ScenarioResult } from './scenario-results.ts';

/** The expected result of every scenario of the suite. */
export type Expectations = {
  readonly required: Readonly<Record<string, Pick<ScenarioPlan, 'successes'>>>;
  /** The reasons, by scenario. */
  readonly expectedFailures: ReadonlyMap<string, string>;
  readonly notExercised: ReadonlyMap<string, string>;
};

const VERDICTS = ['passed', 'expected failure', 'not exercised', 'FAILED'] as const;

export type JudgedScenario = {
  readonly scenario: string;
  /** The revision that the client spoke; empty when unknown. */
  readonly revision: string;
  readonly succeeded: number;
  /** Number of checks that decide: successes, failures and warnings. */
  readonly decisive: number;
  readonly verdict: (typeof VERDICTS)[number];
  /** Why it did not pass; empty when it did. */
  readonly reason: string;
};

/**
 * Judges the results of one or more runs of the suite, and adds a failure for each result that is missing. Runs
 * overlap, so equal results are listed once. Sorted by verdict, failures last.
 */
export function judgeResults(results: readonly ScenarioResult[], expectations: Expectations): JudgedScenario[] {
  const judged = results.map((result) => judge(result, expectations));
  const rows = new Map([...judged, ...missing(judged, expectations)].map((row) => [JSON.stringify(row), row]));
  const order = ({ verdict, scenario, revision }: JudgedScenario) =>
    `${VERDICTS.indexOf(verdict)} ${scenario} ${revision}`;
  return [...rows.values()].sort((one, other) => (order(one) < order(other) ? -1 : 1));
}

function judge({ scenario, checks, client }: ScenarioResult, expectations: Expectations): JudgedScenario {
  const { required, expectedFailures, notExercised } = expectations;
  const revision = client?.revision ?? '';
  const succeeded = checks.filter(({ status }) => status === 'SUCCESS').length;
  const failures = checks.filter(({ status }) => status === 'FAILURE' || status === 'WARNING');
  const decisive = succeeded + failures.length;
  const row = (verdict: JudgedScenario['verdict'], reason: string): JudgedScenario => {
    return { scenario, revision, succeeded, decisive, verdict, reason };
  };
  const plan = required[scenario];
  if (plan !== undefined) {
    const reason = shortcoming({ scenario, checks, client }, plan, succeeded);
    return reason === undefined ? row('passed', '') : row('FAILED', reason);
  }
  const expected = expectedFailures.get(scenario);
  if (expected !== undefined) {
    return failures.length > 0 ? row('expected failure', expected) : row('FAILED', 'expected to fail, but nothing did');
  }
  const left = notExercised.get(scenario);
  if (left === undefined) return row('FAILED', 'unknown: not required, not expected to fail, not left out');
  return decisive === 0 ? row('not exercised', left) : row('FAILED', 'must not be exercised, but it has checks');
}

/** Why a required scenario did not pass; undefined when it did. */
function shortcoming(
  { checks, client }: ScenarioResult,
  { successes }: Pick<ScenarioPlan, 'successes'>,
  succeeded: number,
): string | undefined {
  const bad = checks.filter(({ status }) => status === 'FAILURE' || status === 'WARNING');
  if (bad.length > 0) {
    return bad.map(({ id, status, errorMessage }) => `${status} ${id}: ${errorMessage ?? 'no message'}`).join('; ');
  }
  if (client === undefined) return 'the client has no report';
  if (client.ended !== 'done') return `the client: ${client.ended}`;
  const least = (successes as Readonly<Record<string, number>>)[client.revision];
  if (least === undefined) return `nothing is expected for ${client.revision}`;
  return succeeded < least ? `only ${succeeded} of ${least} checks succeeded` : undefined;
}

function missing(judged: readonly JudgedScenario[], expectations: Expectations): JudgedScenario[] {
  const { required, expectedFailures, notExercised } = expectations;
  const came = (scenario: string, revision?: string) =>
    judged.some((row) => {
      // A result without a revision has failed already.
      const same = revision === undefined || row.revision === revision || row.revision === '';
      return row.scenario === scenario && same;
    });
  const absent = (scenario: string, revision: string): JudgedScenario => {
    return {
      scenario,
      revision,
      succeeded: 0,
      decisive: 0,
      verdict: 'FAILED',
      reason: 'the suite has no result for it',
    };
  };
  return [
    ...Object.entries(required).flatMap(([scenario, { successes }]) =>
      Object.keys(successes).flatMap((revision) => (came(scenario, revision) ? [] : [absent(scenario, revision)])),
    ),
    ...[...expectedFailures.keys(), ...notExercised.keys()].flatMap((scenario) =>
      came(scenario) ? [] : [absent(scenario, '')],
    ),
  ];
}

/** A Markdown table of results, aligned to be readable as plain text, and a line of totals. */
export function resultsTable(judged: readonly JudgedScenario[]): string {
  const rows = judged.map(({ scenario, revision, succeeded, decisive, verdict, reason }) => {
    return [scenario, revision, `${succeeded}/${decisive}`, reason === '' ? verdict : `${verdict}: ${oneLine(reason)}`];
  });
  const lines = [['Scenario', 'Revision', 'Checks', 'Verdict'], ...rows];
  const widths = [0, 1, 2, 3].map((at) => Math.max(...lines.map((cells) => cells[at]?.length ?? 0)));
  const rule = widths.map((width, at) => '-'.repeat(at === 3 ? 'Verdict'.length : width));
  const text = [lines[0] as string[], rule, ...rows].map((cells) => line(cells, widths)).join('\n');
  return `${text}\n\n${totals(judged)}\n`;
}

/** A message of the suite may have several lines. */
function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ');
}

/** The last cell is not padded, because reasons may be long. */
function line(cells: readonly string[], widths: readonly number[]): string {
  return `| ${cells.map((cell, at) => (at === 3 ? cell : cell.padEnd(widths[at] ?? 0))).join(' | ')} |`;
}

function totals(judged: readonly JudgedScenario[]): string {
  return VERDICTS.map((verdict) => `${judged.filter((row) => row.verdict === verdict).length} ${verdict}`).join(', ');
}
