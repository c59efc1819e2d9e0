import type { ScenarioPlan } from './scenario-plan.ts';
import type { ScenarioResult } from './scenario-result.ts';

/** What must come of every scenario of the suite. */
export type Expectations = {
  readonly required: Readonly<Record<string, Pick<ScenarioPlan, 'successes'>>>;
  /** With the reasons. */
  readonly expectedFailures: ReadonlyMap<string, string>;
  readonly notExercised: ReadonlyMap<string, string>;
};

export const VERDICTS = ['passed', 'expected failure', 'not exercised', 'FAILED'] as const;

export type JudgedScenario = {
  readonly scenario: string;
  /** That the client spoke; empty where that is not known. */
  readonly revision: string;
  readonly succeeded: number;
  /** Checks that decide: successes, failures and warnings. */
  readonly decisive: number;
  readonly verdict: (typeof VERDICTS)[number];
  /** Why it did not pass; empty where it did. */
  readonly reason: string;
};

/**
 * Judges the results of one or more runs of the suite, and what should be among them and is not. A result that says the
 * same as an earlier one is left out, as runs overlap. Sorted by verdict, what went wrong last.
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
  if (left === undefined) return row('FAILED', 'not known: neither required, expected to fail, nor left out');
  return decisive === 0 ? row('not exercised', left) : row('FAILED', 'not to be exercised, but checks say something');
}

/** Why a scenario that must pass did not; undefined when it did. */
function shortcoming(
  { checks, client }: ScenarioResult,
  { successes }: Pick<ScenarioPlan, 'successes'>,
  succeeded: number,
): string | undefined {
  const bad = checks.filter(({ status }) => status === 'FAILURE' || status === 'WARNING');
  if (bad.length > 0) {
    return bad.map(({ id, status, errorMessage }) => `${status} ${id}: ${errorMessage ?? 'no message'}`).join('; ');
  }
  if (client === undefined) return 'the client said nothing';
  if (client.ended !== 'done') return `the client: ${client.ended}`;
  const least = (successes as Readonly<Record<string, number>>)[client.revision];
  if (least === undefined) return `not known for ${client.revision}`;
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
      reason: 'the suite has no result of it',
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
