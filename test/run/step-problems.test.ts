import assert from 'node:assert/strict';
import { it } from 'node:test';
import { readTools } from '../../src/mcp/operations/tool-catalog.ts';
import type { Opened } from '../../src/mcp/session/session.ts';
import { stepProblems } from '../../src/run/probe-target.ts';
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

/** What a target with these capabilities lacks for these steps, without the path up to the step. */
function problemsOf(
  steps: readonly object[],
  opened: Partial<Opened> & { readonly version?: string } = {},
  target = {},
) {
  const { version: protocolVersion = '2025-11-25', ...more } = opened;
  const plan = aPlan({ target, scenario: { steps } });
  const facts = { protocolVersion, server: 'fake 1', session: 'stateless' } as const;
  const said = stepProblems(plan, 'web', { facts, tools, capabilities: ['tools'], ...more });
  return said.map((text) => text.replace('scenarios.calls.', ''));
}

it('finds nothing to say of a target that has all', () => {
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
  // Each kind needs a capability of its own.
  assert.equal(problemsOf(steps, { capabilities: [] }).length, 7);
});

it('names the tools that there are', () => {
  assert.deepEqual(problemsOf([{ tool: 'look' }, { tool: 'lok' }]), [
    'steps[1].tool: web has no tool "lok"; it has look, write, broken.',
  ]);
  assert.deepEqual(problemsOf([{ tool: 'look' }], { tools: [] }), [
    'steps[0].tool: web has no tool "look"; it has none.',
  ]);
});

it('lets tools write only where the plan says so', () => {
  assert.deepEqual(problemsOf([{ tool: 'write' }]), [
    'steps[0].tool: "write" is not marked readOnlyHint by web, so it may change something; ' +
      'add it to targets.web.allowWrites to call it all the same.',
  ]);
  assert.deepEqual(problemsOf([{ tool: 'write' }], {}, { allowWrites: ['write'] }), []);
});

it('refuses tools with broken annotations in the stateless era, which alone knows them', () => {
  const [problem, ...others] = problemsOf([{ tool: 'broken' }], { version: '2026-07-28' });
  assert.deepEqual(others, []);
  assert.match(
    problem ?? '',
    /^steps\[0\]\.tool: clients of 2026-07-28 must not call "broken", as web describes it: x-mcp-header at a: /,
  );
  assert.deepEqual(problemsOf([{ tool: 'broken' }]), []);
});

it('says what a target does not offer', () => {
  assert.deepEqual(
    problemsOf([{ resource: 'a:b' }, { list: 'resource-templates' }], { capabilities: ['tools', 'prompts'] }),
    [
      'steps[0].resource: web does not offer resources; it offers tools, prompts. Take the step out.',
      'steps[1].list: web does not offer resources; it offers tools, prompts. Take the step out.',
    ],
  );
  const complete = { resource: 'a:{b}', argument: { name: 'b', value: '' } };
  assert.deepEqual(problemsOf([{ complete }], { capabilities: [] }), [
    'steps[0].complete: web does not offer completions; it offers nothing. Take the step out.',
  ]);
});

it('knows that the stateless era has no ping', () => {
  assert.deepEqual(problemsOf([{ ping: true }], { version: '2026-07-28' }), [
    'steps[0].ping: web speaks 2026-07-28, which has no ping; take the step out.',
  ]);
});

it('has nothing to open at a target of the stateless era', () => {
  const [problem, ...others] = problemsOf([], { version: '2026-07-28' });
  assert.deepEqual(others, []);
  assert.match(
    problem ?? '',
    /^steps: web speaks 2026-07-28, which has no sessions to open, close or hold; .*targets\.web\.protocol/,
  );
  assert.deepEqual(problemsOf([]), []);
});

it('looks only at the steps that are aimed at the target', () => {
  const plan = aPlan({
    plan: { targets: { web: { url: 'http://127.0.0.1:1/' }, other: { url: 'http://127.0.0.1:2/' } } },
  });
  const facts = { protocolVersion: '2025-11-25', server: '', session: 'stateless' } as const;
  const opened = { facts, tools: [], capabilities: [] };
  assert.deepEqual(stepProblems(plan, 'other', opened), []);
  assert.equal(stepProblems(plan, 'web', opened).length, 1);
});
