import assert from 'node:assert/strict';
import { it } from 'node:test';
import { planText } from '../support/a-plan.ts';
import { type Answer, legacyServer, modernServer, startMcpServer } from '../support/mcp-server.ts';
import { testContext } from '../support/run-context.ts';
import { reportOfRun } from '../support/whole-run.ts';

const LISTED = { name: 'look', execution: { taskSupport: 'required' } };

/** Servers of both eras whose tool is a task that never completes. */
const endless = {
  legacy: (pollInterval: number): Record<string, Answer> => ({
    'server/discover': () => '',
    ...legacyServer,
    'tools/list': () => ({ tools: [LISTED] }),
    'tools/call': () => ({ task: { taskId: 't', status: 'working', pollInterval } }),
    'tasks/get': () => ({ taskId: 't', status: 'working', pollInterval }),
  }),
  modern: (pollIntervalMs: number): Record<string, Answer> => ({
    ...modernServer,
    'tools/call': () => ({ resultType: 'task', taskId: 't', status: 'working', pollIntervalMs }),
    'tasks/get': () => ({ resultType: 'complete', taskId: 't', status: 'working', pollIntervalMs }),
  }),
};
const PROTOCOL = { legacy: '2025-11-25', modern: '2026-07-28' };
const HOUR_MS = 3_600_000;

for (const era of ['legacy', 'modern'] as const) {
  for (const [when, pollMs] of [
    ['between two polls in quick succession', 20],
    ['an hour before the next poll', HOUR_MS],
  ] as const) {
    it(`a run whose graceful stop is over while a task is still working ends in the ${era} era, ${when}`, {
      timeout: 10_000,
    }, async (t) => {
      const server = await startMcpServer(endless[era](pollMs));
      // If the run does not end, this makes a poll fail, which ends it.
      t.after(() => server.close());
      const text = planText({
        target: { url: `${server.origin}/mcp`, protocol: PROTOCOL[era], allowWrites: ['look'] },
        scenario: { duration: '1s', gracefulStop: '100ms', steps: [{ tool: 'look', arguments: {} }] },
      });
      const report = await reportOfRun(testContext(), text);
      assert.ok(report.durationSeconds < 3, `${report.durationSeconds} s`);
      const failed = (operation: string) => report.failures.filter((each) => each.operation === operation);
      const [call] = failed('tools/call:look');
      assert.deepEqual([call?.outcome, call?.count], ['TMO_GRACEFUL_STOP', 1], 'the task had all its time');
      for (const poll of failed('tasks/get:look')) assert.equal(poll.outcome, 'TMO_GRACEFUL_STOP');
      const waited = report.operations.find(({ operation }) => operation === 'tools/call:look')?.failedLatencyMs;
      assert.ok((waited?.max ?? 0) >= 1000, `${waited?.max} ms`);
      assert.equal(report.generator.abortedRequests, 0, 'no poll is refused once its call has ended');
      assert.equal(server.of('tools/call').length, 1);
      const asked = server.of('tasks/get').length;
      if (pollMs === HOUR_MS) assert.equal(asked, 0);
      else assert.ok(asked > 5, `asked only ${asked} times`);
    });
  }
}

it('a run whose target answers neither cancellations nor DELETE ends after two seconds, with a row for each', {
  timeout: 20_000,
}, async (t) => {
  const silent = () => undefined;
  const server = await startMcpServer({
    ...legacyServer,
    'tools/call': silent,
    'notifications/cancelled': silent,
    DELETE: silent,
  });
  t.after(() => server.close());
  const text = planText({
    target: { url: `${server.origin}/mcp`, protocol: '2025-11-25', allowWrites: ['look'], maxConnections: 4 },
    scenario: { vus: 3, duration: '1s', gracefulStop: '0s', steps: [{ tool: 'look' }] },
  });
  const startMs = performance.now();
  const report = await reportOfRun(testContext(), text);
  // Two seconds for the session of preflight and two for those of the load, which lasts one.
  assert.ok(performance.now() - startMs < 8000, `${performance.now() - startMs} ms`);
  const rows = report.operations.filter(({ operation }) => ['DELETE', 'notifications/cancelled'].includes(operation));
  assert.deepEqual(
    rows.map(({ operation, count, failures }) => [operation, count, failures]),
    [
      ['DELETE', 3, 3],
      ['notifications/cancelled', 3, 3],
    ],
  );
  for (const { operation, outcome, example } of report.failures) {
    if (operation === 'tools/call:look') assert.equal(outcome, 'TMO_GRACEFUL_STOP');
    else assert.match(example, /^no answer within 1?\d{3} ms, the limit at the end of the load/);
  }
});
