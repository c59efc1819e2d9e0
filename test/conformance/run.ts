import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { version } from '../../src/run/run-context.ts';
import { EXPECTED_FAILURES_FILE, NOT_EXERCISED, readExpectedFailures } from './expected-failures.ts';
import { judgeResults, resultsTable } from './judge-results.ts';
import { runSuite, SUITE } from './run-suite.ts';
import { SCENARIO_PLANS } from './scenario-plans.ts';
import type { ScenarioResult } from './scenario-results.ts';
import { readResults } from './scenario-results.ts';

// npm run conformance: tests the client with the official suite, on this machine only. The exit code is 0 when every
// result is as expected.

/** Every scenario in its own revision, and those for several revisions once more in the newest. */
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
  // The suite's own verdict uses the same list of expected failures; ours is stricter.
  if (exitCode === 0) continue;
  disagreements++;
  const ended = exitCode === undefined ? 'was ended because it took too long' : `ended with exit code ${exitCode}`;
  console.error(
    `The suite's run ${args.join(' ')} ${ended}. The end of its output:\n\n${output.slice(-SHOWN_CHARACTERS)}`,
  );
}
const judged = judgeResults(results, expectations);
console.log(resultsTable(judged));
const failed = judged.filter(({ verdict }) => verdict === 'FAILED').map(({ scenario }) => scenario);
for (const { scenario, client } of results) {
  if (failed.includes(scenario))
    console.error(`${scenario}, the client's report: ${JSON.stringify(client, undefined, 2)}`);
}
process.exitCode = disagreements > 0 || failed.length > 0 ? 1 : 0;
