import assert from 'node:assert/strict';
import { it } from 'node:test';
import { readTools } from '../../src/mcp/operations/tool.ts';
import type { Opened } from '../../src/mcp/session/session.ts';
import { problemText } from '../../src/plan/problem.ts';
import { checkSteps } from '../../src/run/check-steps.ts';
import { aPlan } from '../support/a-plan.ts';

const tools = readTools([
  { name: 'look', annotations: { readOnlyHint: true } },
  { name: 'write' },
  {
    name: 'broken',
    annotations: { readOnlyHint: true },
    inputSchema: { properties: { a: { type: 'number', 'x-mcp-header': 'A' } } },
  },
]);

/** What a target with these capabilities lacks for these steps; the path begins at the step. */
function problemsOf(
  steps: readonly object[],
  opened: Partial<Opened> & { readonly version?: string } = {},
  target = {},
) {
  const { version: protocolVersion = '2025-11-25', ...more } = opened;
  const plan = aPlan({ target, scenario: { steps } });
  const facts = { protocolVersion, server: 'fake 1', session: 'stateless' } as const;
  const { problems } = checkSteps(plan, 'web', { facts, tools, capabilities: ['tools'], ...more });
  return problems.map((problem) => problemText(problem).replace('scenarios.calls.', ''));
}

it('finds no problem if the target offers everything that the steps need', () => {
  const complete = { prompt: 'brief', argument: { name: 'a', value: '' } };
  const steps = [
    { tool: 'look' },
    { resource: 'a:b' },
    { prompt: 'brief' },
    { complete },
    { list: 'tools' },
    { list: 'resources' },
    { list: 'resource-templates' },
    { list: 'prompts' },
    { ping: true },
  ];
  const capabilities = ['tools', 'resources', 'prompts', 'completions', 'logging'];
  assert.deepEqual(problemsOf(steps, { capabilities }), []);
  // Each kind needs a capability of its own; tools that are listed do not.
  assert.equal(problemsOf(steps, { capabilities: [] }).length, 6);
});

it('names the tools of a target that lacks one', () => {
  assert.deepEqual(problemsOf([{ tool: 'look' }, { tool: 'lok' }]), [
    'steps[1].tool: web has no tool "lok": did you mean "look"? Its tools: look, write, broken.',
  ]);
  assert.deepEqual(problemsOf([{ tool: 'look' }], { tools: [] }), [
    'steps[0].tool: web has no tool "look". It has no tools.',
  ]);
});

it('refuses a tool that may write unless the plan allows it', () => {
  assert.deepEqual(problemsOf([{ tool: 'write' }]), [
    'steps[0].tool: web does not mark "write" with readOnlyHint, so it may change something. ' +
      'To call it anyway, add it to targets.web.allowWrites.',
  ]);
  assert.deepEqual(problemsOf([{ tool: 'write' }], {}, { allowWrites: ['write'] }), []);
});

it('refuses a tool with an invalid description in the modern era, and only there', () => {
  const [problem, ...others] = problemsOf([{ tool: 'broken' }], { version: '2026-07-28' });
  assert.deepEqual(others, []);
  assert.match(
    problem ?? '',
    /^steps\[0\]\.tool: clients of 2026-07-28 must not call "broken", because web's description of it is invalid: x-mcp-header at a: /,
  );
  assert.deepEqual(problemsOf([{ tool: 'broken' }]), []);
});

it('names a capability that the target does not offer', () => {
  assert.deepEqual(
    problemsOf([{ resource: 'a:b' }, { list: 'resource-templates' }], { capabilities: ['tools', 'prompts'] }),
    [
      'steps[0].resource: web does not offer resources; it offers tools, prompts. Remove the step.',
      'steps[1].list: web does not offer resources; it offers tools, prompts. Remove the step.',
    ],
  );
  const complete = { resource: 'a:{b}', argument: { name: 'b', value: '' } };
  assert.deepEqual(problemsOf([{ complete }], { capabilities: [] }), [
    'steps[0].complete: web does not offer completions; it offers nothing. Remove the step.',
  ]);
});

it('refuses a ping in the modern era, which has none', () => {
  assert.deepEqual(problemsOf([{ ping: true }], { version: '2026-07-28' }), [
    'steps[0].ping: web speaks 2026-07-28, which has no ping. Remove the step.',
  ]);
});

it('refuses a scenario without steps in the modern era, which has no sessions', () => {
  const [problem, ...others] = problemsOf([], { version: '2026-07-28' });
  assert.deepEqual(others, []);
  assert.match(
    problem ?? '',
    /^steps: web speaks 2026-07-28, which has no sessions to open, close or hold\. .*targets\.web\.protocol/,
  );
  assert.deepEqual(problemsOf([]), []);
});

it('checks only the steps that are aimed at the target', () => {
  const plan = aPlan({
    plan: { targets: { web: { url: 'http://127.0.0.1:1/' }, other: { url: 'http://127.0.0.1:2/' } } },
    idle: ['other'],
  });
  const facts = { protocolVersion: '2025-11-25', server: '', session: 'stateless' } as const;
  const opened = { facts, tools: [], capabilities: [] };
  assert.deepEqual(checkSteps(plan, 'other', opened).problems, []);
  assert.equal(checkSteps(plan, 'web', opened).problems.length, 1);
});
