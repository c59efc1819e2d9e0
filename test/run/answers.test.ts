import assert from 'node:assert/strict';
import { it } from 'node:test';
import { renderHtml } from '../../src/report/html/html.ts';
import { renderText } from '../../src/report/text/text.ts';
import { planText } from '../support/a-plan.ts';
import { type Answer, legacyServer, startMcpServer } from '../support/mcp-server.ts';
import { testContext } from '../support/run-context.ts';
import { reportOfRun } from '../support/whole-run.ts';

const OFFLINE = 'Error searching libraries: fetch failed';
const saying = (text: string) => ({ content: [{ type: 'text', text }] });

const answers: Record<string, Answer> = {
  'tools/list': () => ({ tools: ['look', 'find', 'draw', 'break'].map((name) => ({ name })) }),
  'tools/call': ({ params }) => {
    if (params.name === 'find') return saying(OFFLINE);
    if (params.name === 'draw') return { content: [{ type: 'image', data: 'aGk=', mimeType: 'image/png' }] };
    if (params.name === 'break') return { ...saying('no'), isError: true };
    return saying(`seen with the-token by agent 12. ${'x'.repeat(1000)}`);
  },
};

const STEPS = [
  { tool: 'look', capture: { agent: { matches: 'agent ([0-9]+)' } } },
  { tool: 'find' },
  { tool: 'draw' },
  { tool: 'break' },
  { list: 'tools' },
];

/** A plan that makes five iterations with every step on each of three lanes. */
const planOf = (origin: string, target: object = {}) =>
  planText({
    target: {
      url: `${origin}/mcp`,
      protocol: '2025-11-25',
      allowWrites: ['look', 'find', 'draw', 'break'],
      auth: { type: 'bearer', secret: 'token' },
      ...target,
    },
    scenario: {
      executor: 'shared-iterations',
      vus: 3,
      iterations: 15,
      duration: undefined,
      order: 'fixed',
      steps: STEPS,
    },
  });

const context = () =>
  testContext({
    secrets: { get: async () => 'the-token' },
    sizing: { vusPerLane: 1, ratePerLane: 1000, windowMs: 60_000 },
  });

it('shows one useful answer of every operation of the plan, without secrets, in every form of the report', async (t) => {
  const server = await startMcpServer(legacyServer, answers);
  t.after(() => server.close());
  const report = await reportOfRun(context(), planOf(server.origin));
  const look = `seen with [redacted] by agent 12. ${'x'.repeat(1000)}`.slice(0, 300);
  assert.deepEqual(report.exampleAnswers, [
    {
      target: 'web',
      operation: 'tools/call:draw',
      answer: '{"content":[{"type":"image","data":"aGk=","mimeType":"image/png"}]}',
    },
    { target: 'web', operation: 'tools/call:find', answer: OFFLINE },
    { target: 'web', operation: 'tools/call:look', answer: `${look}…` },
    {
      target: 'web',
      operation: 'tools/list',
      answer: '{"tools":[{"name":"look"},{"name":"find"},{"name":"draw"},{"name":"break"}]}',
    },
  ]);
  for (const shown of [renderText(report), renderHtml(report)]) {
    assert.match(shown, /Example answers/);
    assert.match(shown, /seen with \[redacted\] by agent 12/);
    assert.doesNotMatch(shown, /the-token/);
  }
});

it('counts answers that read like errors as useful, warns of them, and has the soft errors that make failures of them', async (t) => {
  const server = await startMcpServer(legacyServer, answers);
  t.after(() => server.close());
  const report = await reportOfRun(context(), planOf(server.origin));
  const warnings = report.warnings.map(({ outcome, operation, count, example }) => [
    outcome,
    operation,
    count,
    example,
  ]);
  assert.deepEqual(warnings, [['TOOL_READS_LIKE_ERROR', 'tools/call:find', 15, OFFLINE]]);
  assert.deepEqual(
    report.failures.map(({ outcome, operation, count }) => [outcome, operation, count]),
    [['TOOL_ERROR', 'tools/call:break', 15]],
  );
  const { softError } = report.warnings[0] ?? {};
  assert.deepEqual(softError, { pattern: `^${OFFLINE}`, outcome: 'TOOL_SOFT_ERROR' });

  const judged = await reportOfRun(context(), planOf(server.origin, { softErrors: [softError] }));
  assert.deepEqual(judged.warnings, []);
  assert.deepEqual(judged.failures.map(({ outcome, operation, count }) => [outcome, operation, count]).sort(), [
    ['TOOL_ERROR', 'tools/call:break', 15],
    ['TOOL_SOFT_ERROR', 'tools/call:find', 15],
  ]);
  assert.equal(
    judged.exampleAnswers.find(({ operation }) => operation === 'tools/call:find'),
    undefined,
  );
});

it('shows the result of a tool that runs as a task, and warns of it, and not the task', async (t) => {
  const task = { taskId: '7', status: 'working', pollInterval: 20, createdAt: '2026-01-01T00:00:00Z', ttl: 60_000 };
  const server = await startMcpServer(legacyServer, {
    'tools/list': () => ({ tools: [{ name: 'look', execution: { taskSupport: 'required' } }] }),
    'tools/call': () => ({ task }),
    'tasks/get': () => ({ ...task, status: 'completed' }),
    'tasks/result': () => saying(OFFLINE),
  });
  t.after(() => server.close());
  const steps = [{ tool: 'look' }];
  const text = planText({
    target: { url: `${server.origin}/mcp`, protocol: '2025-11-25', allowWrites: ['look'] },
    scenario: { executor: 'shared-iterations', vus: 1, iterations: 2, duration: undefined, steps },
  });
  const report = await reportOfRun(testContext(), text);
  assert.deepEqual(report.exampleAnswers, [{ target: 'web', operation: 'tools/call:look', answer: OFFLINE }]);
  const warnings = report.warnings.map(({ outcome, operation, count }) => [outcome, operation, count]);
  assert.deepEqual(warnings, [['TOOL_READS_LIKE_ERROR', 'tools/call:look', 2]]);
});
