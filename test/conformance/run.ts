import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { version } from '../../src/run/run-context.ts';
import { EXPECTED_FAILURES_FILE, readExpectedFailures } from './expected-failures.ts';
import { judgeResults } from './judge-results.ts';
import { NOT_EXERCISED } from './not-exercised.ts';
import { readResults } from './read-results.ts';
import { resultsTable } from './results-table.ts';
import { runSuite, SUITE } from './run-suite.ts';
import { SCENARIO_PLANS } from './scenario-plans.ts';
import type { ScenarioResult } from './scenario-result.ts';

// npm run conformance: the official conformance suite against our client, on this machine alone. Exit code 0 when
// everything came out as it must.

/** Every scenario in the revision that it is for, and once more in the newest those that are for older ones too. */
const RUNS = { all: ['--suite', 'all'], newest: ['--requirements', '2026-07-28'] } as const;

const SHOWN_CHARACTERS = 3000;

const expectations = {
  required: SCENARIO_PLANS,
  expectedFailures: readExpectedFailures(),
  notExercised: NOT_EXERCISED,
};
const folder = mkdtempSync(join(tmpdir(), 'mcp-surge-conformance-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

console.log(
  `@modelcontextprotocol/conformance ${SUITE.version} against mcp-surge ${version}, Node ${process.version}\n`,
);
const results: ScenarioResult[] = [];
let disagreements = 0;
for (const [name, args] of Object.entries(RUNS)) {
  const into = join(folder, name);
  mkdirSync(into);
  const { exitCode, output } = await runSuite([...args, '--expected-failures', EXPECTED_FAILURES_FILE], into);
  results.push(...readResults(into));
  // The suite's own verdict, by the same baseline; ours is stricter.
  if (exitCode === 0) continue;
  disagreements++;
  const ended = exitCode === undefined ? 'was ended, as it took too long' : `ended with exit code ${exitCode}`;
  console.error(`The suite's run ${args.join(' ')} ${ended}. Its last words:\n\n${output.slice(-SHOWN_CHARACTERS)}`);
}
const judged = judgeResults(results, expectations);
console.log(resultsTable(judged));
const failed = judged.filter(({ verdict }) => verdict === 'FAILED').map(({ scenario }) => scenario);
for (const { scenario, client } of results) {
  if (failed.includes(scenario))
    console.error(`${scenario}, what the client did: ${JSON.stringify(client, undefined, 2)}`);
}
process.exitCode = disagreements > 0 || failed.length > 0 ? 1 : 0;
