import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { type Fleet, startFleet } from '../../fleet/fleet.ts';
import { planText } from '../support/a-plan.ts';
import { testContext } from '../support/run-context.ts';
import { endedRun } from '../support/whole-run.ts';

let fleet: Fleet;
before(async () => {
  fleet = await startFleet({ latencyScale: 0 });
});
after(() => fleet.stop());

const step = { tool: 'microsoft_docs_search', arguments: { query: '{{ids}}' } };
const start = async (scenario: Record<string, unknown>, plan: Record<string, unknown> = {}) => {
  const text = planText({
    target: { url: fleet.servers.learn.url },
    scenario: { duration: '1s', ...scenario },
    plan,
  });
  return endedRun(testContext(), text);
};

it('ends virtual users with their feed, says so in the verdict, and counts iterations without a row separately', async () => {
  const feeds = { ids: { values: ['a', 'b', 'c'], order: 'sequential', repeat: false } };
  const { report } = await start({ vus: 2, duration: '10s', steps: [step] }, { feeds });
  assert.equal(report?.totals.iterations, 3);
  // The run is over with its feed, and the generator did all that it could.
  assert.ok(report.durationSeconds < 5, `${report.durationSeconds}`);
  assert.deepEqual(report.generator.vus, { planned: 2, started: 2 });
  assert.deepEqual(
    report.generator.rules.filter(({ ok }) => !ok),
    [],
  );
  assert.equal(
    report.verdict.reasons.at(-1),
    'Feed ids ran out after its 3 rows (repeat: false), so virtual users of scenario calls ended before the time that the plan gives them.',
  );
  const [scenario] = report?.scenarios ?? [];
  assert.equal(scenario?.unfedIterations, 2);
  assert.ok(
    report?.notes.some(
      (note) => /^(\d+) iterations? of calls sent nothing/.exec(note)?.[1] === `${scenario?.unfedIterations}`,
    ),
    JSON.stringify(report?.notes),
  );
});

it('refuses a plan before any load if the schema of a check cannot be used', async () => {
  const checks = [{ schema: { $ref: '#/nowhere' } }];
  const { problems } = await start({ steps: [{ tool: step.tool, arguments: { query: 'x' }, checks }] });
  assert.equal(problems.length, 1);
  assert.match(String(problems[0]), /^scenarios\.calls: .*schema/);
});
