import assert from 'node:assert/strict';
import { it } from 'node:test';
import { renderText } from '../../src/report/text/text.ts';
import { legacyServer, startMcpServer } from '../support/mcp-server.ts';
import { runPlan } from './run-plan.ts';

it('counts every check of every step with its passes and failures, over all lanes', async (t) => {
  let calls = 0;
  // By step, so that it does not depend on the order in which the calls of several virtual users arrive.
  const callsOf = [0, 0, 0];
  const server = await startMcpServer(legacyServer, {
    'tools/list': () => ({ tools: [{ name: 'look' }] }),
    'tools/call': ({ params }) => {
      calls++;
      const { step } = params.arguments as { readonly step: number };
      const number = (callsOf[step] ?? 0) + 1;
      callsOf[step] = number;
      const text = { type: 'text', text: number % 3 === 0 ? 'wrong' : 'right' };
      return { isError: number % 5 === 0, content: [text] };
    },
  });
  t.after(() => server.close());
  const checks = [{ contains: 'right' }, { notEmpty: true }];
  const steps = [
    { tool: 'look', arguments: { step: 0 }, checks },
    { tool: 'look', arguments: { step: 1 }, checks: [{ contains: 'wrong' }] },
    { tool: 'look', arguments: { step: 2 } },
  ];
  const scenario = { executor: 'shared-iterations', vus: 4, iterations: 30, order: 'fixed', steps };
  const thresholds = {
    checks: ['rate>0.7'],
    'checks{check:contains "right"}': ['rate>0.6'],
    'checks{check:contains "wrong",scenario:some}': ['rate>0.5'],
    'checks{operation:tools/call:look,check:notEmpty}': ['rate==1'],
  };
  const { report } = await runPlan(server.origin, { some: scenario }, { thresholds }, { vusPerLane: 2 });
  assert.equal(calls, 90);
  const [right, notEmpty, wrong] = report.checks;
  assert.ok(right && notEmpty && wrong && report.checks.length === 3);
  const place = { target: 'web', scenario: 'some', operation: 'tools/call:look' };
  const { passes, failures, ...key } = right;
  assert.deepEqual(key, { ...place, step: 0, position: 0, check: 'contains "right"' });
  assert.deepEqual(notEmpty, {
    ...place,
    step: 0,
    position: 1,
    check: 'notEmpty',
    passes: passes + failures,
    failures: 0,
  });
  assert.deepEqual([wrong.step, wrong.check], [1, 'contains "wrong"']);
  // Results that the tool itself marks as errors are not checked.
  assert.deepEqual([passes, failures, wrong.passes, wrong.failures], [16, 8, 8, 16]);
  // 16 + 24 + 8 of 72 results of checks.
  assert.deepEqual(
    report.thresholds.map(({ ok, observed }) => [ok, observed]),
    [
      [false, 48 / 72],
      [true, 16 / 24],
      [false, 8 / 24],
      [true, 1],
    ],
  );
  const asserted = report.failures.find(({ outcome }) => outcome === 'TOOL_ASSERT')?.count;
  assert.equal(asserted, failures + wrong.failures);
  assert.match(
    renderText(report),
    /\nChecks\n(?:.*\n){2,3}some\n {2}contains "right" +tools\/call:look \(step 1\) +\d+ +\d+ +[\d.]+ %\n/,
  );
});
