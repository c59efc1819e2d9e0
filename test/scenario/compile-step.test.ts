import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Call } from '../../src/mcp/operations/call.ts';
import { readTools } from '../../src/mcp/operations/tool.ts';
import { operationOf } from '../../src/plan/step-schema.ts';
import { compileStep } from '../../src/scenario/compile-scenario.ts';
import { UsedFeeds } from '../../src/scenario/feeds.ts';
import { type Random, randomFor } from '../../src/traffic/random.ts';
import { aPlan } from '../support/a-plan.ts';

type Feeds = Readonly<Record<string, readonly string[]>>;

/** Compiles a step of a plan with these feeds. The result makes one call for each iteration. */
function makerOf(step: object, feeds: Feeds = {}, target: Record<string, unknown> = {}): (random: Random) => Call {
  const plan = aPlan({
    target,
    scenario: { order: 'fixed', steps: [step] },
    plan: { feeds: Object.fromEntries(Object.entries(feeds).map(([name, values]) => [name, { values }])) },
  });
  const [parsed] = plan.scenarios.calls?.steps ?? [];
  assert.ok(parsed && plan.targets.web);
  const used = new UsedFeeds(plan.feeds);
  const scope = { target: plan.targets.web, feeds: used, readAsJson: new Set<string>() };
  const place = { target: 'web', scenario: 'calls', operation: operationOf(parsed), step: 0 };
  const { makeCall } = compileStep(parsed, scope, place);
  return (random) => {
    const rows = used.rowsFor({ ordinal: 0, vuIndex: 0, random }) ?? assert.fail();
    return makeCall({ random, vu: 0, iteration: 0, rows, captured: new Map() });
  };
}

/** The calls that a step makes, with parsed params. */
function callsOf(step: object, feeds: Feeds = {}, count = 1) {
  const make = makerOf(step, feeds);
  const random = randomFor(1);
  return Array.from({ length: count }, () => {
    const { params, ...call } = make(random);
    return { ...call, params: JSON.parse(params) };
  });
}

const complete = (value: string, context?: object) => ({
  complete: { prompt: 'brief', argument: { name: 'language', value }, context },
});

describe('compileStep', () => {
  const kinds: [step: object, operation: string, params: unknown, name: string | undefined][] = [
    [{ tool: 'look' }, 'tools/call:look', { name: 'look', arguments: {} }, 'look'],
    [{ resource: 'file:///a' }, 'resources/read:file:///a', { uri: 'file:///a' }, 'file:///a'],
    [{ prompt: 'brief' }, 'prompts/get:brief', { name: 'brief', arguments: {} }, 'brief'],
    [
      complete('py', { mood: 'x' }),
      'completion/complete:brief',
      {
        ref: { type: 'ref/prompt', name: 'brief' },
        argument: { name: 'language', value: 'py' },
        context: { arguments: { mood: 'x' } },
      },
      undefined,
    ],
    [
      { complete: { resource: 'repo://{owner}', argument: { name: 'owner', value: 'o' } } },
      'completion/complete:repo://{owner}',
      { ref: { type: 'ref/resource', uri: 'repo://{owner}' }, argument: { name: 'owner', value: 'o' } },
      undefined,
    ],
    [{ list: 'tools' }, 'tools/list', {}, undefined],
    [{ list: 'resources' }, 'resources/list', {}, undefined],
    [{ list: 'resource-templates' }, 'resources/templates/list', {}, undefined],
    [{ list: 'prompts' }, 'prompts/list', {}, undefined],
    [{ ping: true }, 'ping', {}, undefined],
  ];
  for (const [step, operation, params, name] of kinds) {
    it(`makes a call of ${operation}, the same object every time`, () => {
      const [call] = callsOf(step);
      assert.deepEqual(
        { operation: call?.operation, method: call?.method, params: call?.params, name: call?.name },
        { operation, method: operation.replace(/:.*/s, ''), params, name },
      );
      assert.equal(call?.progress, false);
      const make = makerOf(step);
      assert.equal(make(randomFor(1)), make(randomFor(2)));
    });
  }

  it('makes a tool call that asks for progress if the step says so', () => {
    assert.equal(callsOf({ tool: 'look', progress: true })[0]?.progress, true);
  });
});

describe('placeholders of feeds', () => {
  it('are filled in all texts of arguments: several in one text, nested, in keys', () => {
    const args = { q: '{{a}} and {{ b }}{{a}}', list: [['{{b}}'], { deep: '<{{a}}>' }], '{{a}}': 1 };
    const filled = { q: 'A and BA', list: [['B'], { deep: '<A>' }], A: 1 };
    const feeds = { a: ['A'], b: ['B'] };
    assert.deepEqual(callsOf({ tool: 'look', arguments: args }, feeds)[0]?.params.arguments, filled);
    assert.deepEqual(callsOf({ prompt: 'x', arguments: { q: '<{{a}}>' } }, feeds)[0]?.params.arguments, { q: '<A>' });
  });

  it('are filled in the URI of a resource, while its operation keeps the placeholder', () => {
    const calls = callsOf({ resource: 'repo://{{owners}}/{{owners}}' }, { owners: ['a "b"', 'ü'] }, 50);
    for (const { operation, name, params } of calls) {
      assert.equal(operation, 'resources/read:repo://{{owners}}/{{owners}}');
      assert.match(params.uri, /^repo:\/\/(a "b"|ü)\/\1$/, 'an iteration has one row of a feed');
      assert.equal(name, params.uri);
    }
    assert.equal(new Set(calls.map(({ name }) => name)).size, 2);
  });

  it('are filled in the value to complete and in its context', () => {
    const [call] = callsOf(complete('{{a}}', { mood: '{{b}}' }), { a: ['A'], b: ['B'] });
    assert.deepEqual(call?.params.argument, { name: 'language', value: 'A' });
    assert.deepEqual(call?.params.context, { arguments: { mood: 'B' } });
    const [fixed] = callsOf(complete('x', { mood: '{{b}}' }), { b: ['B'] });
    assert.deepEqual(fixed?.params.context, { arguments: { mood: 'B' } });
  });

  it('stay texts, whatever they contain and wherever they are', () => {
    const places: ((text: string) => [step: object, read: (params: unknown) => unknown])[] = [
      (q) => [{ tool: 'look', arguments: { q } }, (params) => (params as { arguments: { q: string } }).arguments.q],
      (q) => [{ prompt: 'x', arguments: { q } }, (params) => (params as { arguments: { q: string } }).arguments.q],
      (q) => [{ resource: `a:${q}` }, (params) => (params as { uri: string }).uri.slice(2)],
      (q) => [complete(q), (params) => (params as { argument: { value: string } }).argument.value],
    ];
    const wellFormed = (text: string) => text.isWellFormed();
    fc.assert(
      fc.property(
        fc.constantFrom(...places),
        fc.string({ unit: 'binary' }).filter(wellFormed),
        fc.string({ maxLength: 20 }).filter((text) => !/[{}]/.test(text) && wellFormed(text)),
        (vuIndex, value, around) => {
          const [step, read] = vuIndex(`${around}{{a}}${around}`);
          assert.equal(read(callsOf(step, { a: [value] })[0]?.params), around + value + around);
        },
      ),
      { numRuns: 200 },
    );
    const odd = 'say "hi" \\ \n\t\u0000 \u2028 😀 {{a}}';
    assert.deepEqual(callsOf(complete('{{a}}'), { a: [odd] })[0]?.params.argument.value, odd);
  });

  it('take each row about as often', () => {
    const calls = callsOf({ tool: 'look', arguments: { q: '{{a}}' } }, { a: ['x', 'y', 'z'] }, 3000);
    const counts = Map.groupBy(calls, (call) => call.params.arguments.q);
    assert.deepEqual([...counts.keys()].toSorted(), ['x', 'y', 'z']);
    for (const { length } of counts.values()) assert.ok(Math.abs(length - 1000) < 150, String(length));
  });

  it('are not found where braces enclose no name', () => {
    for (const text of ['{{', '}}', '{{}}', '{{x"}}', '{{x', 'x}}', '{{x\\}}', '{{\nx}}']) {
      assert.equal(callsOf({ tool: 'look', arguments: { q: text } })[0]?.params.arguments.q, text);
      assert.equal(callsOf({ resource: `a:${text}` })[0]?.name, `a:${text}`);
    }
  });

  it('are not filled in names', () => {
    const feeds = { a: ['A'] };
    const [call] = callsOf({ tool: '{{a}}"', arguments: { q: '{{a}}' } }, feeds);
    assert.deepEqual(call?.params, { name: '{{a}}"', arguments: { q: 'A' } });
    const [completed] = callsOf({ complete: { prompt: '{{a}}', argument: { name: '{{a}}', value: '{{a}}' } } }, feeds);
    assert.deepEqual(completed?.params, {
      ref: { type: 'ref/prompt', name: '{{a}}' },
      argument: { name: '{{a}}', value: 'A' },
    });
  });
});

describe('the judge of a step', () => {
  const said = (text: string) => ({ content: [{ type: 'text', text }] });
  /** Steps whose results have a text, and the result that contains it. */
  const kinds: [object, (text: string) => unknown][] = [
    [{ tool: 'look' }, said],
    [{ resource: 'a:b' }, (text) => ({ contents: [{ uri: 'a:b', text }] })],
    [{ prompt: 'x' }, (text) => ({ messages: [{ role: 'user', content: { type: 'text', text } }] })],
    [complete('x'), (text) => ({ completion: { values: text.split('\n') } })],
  ];
  const judgeOf = (step: object, target?: Record<string, unknown>) => makerOf(step, {}, target)(randomFor(1)).judge;

  it('applies the checks to the text of the result, for steps of every kind', () => {
    const checks = [{ contains: 'is' }, { matches: '^a.*l$' }, { notEmpty: true }];
    for (const [step, result] of kinds) {
      const judge = judgeOf({ ...step, checks });
      assert.equal(judge(result('all is well')).outcome, 'OK');
      const { checks: _, ...failed } = judge(result('all was well'));
      assert.deepEqual(failed, {
        outcome: 'TOOL_ASSERT',
        message: 'check failed: contains "is"; the result\'s text is "all was well"',
      });
      assert.match(judge(result('is all well')).message, /^check failed: matches \/\^a\.\*l\$\/u; /);
    }
    assert.equal(judgeOf({ tool: 'look', checks: [{ notEmpty: true }] })(said(' \n')).outcome, 'TOOL_ASSERT');
  });

  it('puts every result that has not failed to every check, and names the check as the plan has it', () => {
    const checks = [
      { contains: 'is' },
      { matches: '^a' },
      { notEmpty: true },
      { pointer: '/isError', equals: false },
    ].concat([
      { schema: {} },
      { schema: {}, pointer: '/content' },
      { size: { min: 2 } },
      { size: { max: 9 } },
    ] as never);
    const judge = judgeOf({ tool: 'look', checks });
    const results = (text: string, more: object = {}) => judge({ ...said(text), ...more });
    const place = { target: 'web', scenario: 'calls', operation: 'tools/call:look', step: 0 };
    const names = ['contains "is"', 'matches /^a/u', 'notEmpty', '/isError equals false', 'schema'].concat([
      'schema of /content',
      'size at least 2 bytes',
      'size 0 to 9 bytes',
    ]);
    const counted = results('so', { isError: false });
    assert.deepEqual(counted.checks, {
      checks: names.map((check, position) => ({ ...place, position, check })),
      failed: [0, 1],
    });
    assert.deepEqual(results('a very long one').checks?.failed, [0, 3, 7]);
    assert.equal(results('no', { isError: true }).checks, undefined);
    // A result that passes costs no further object.
    const useful = results('a is', { isError: false });
    assert.deepEqual([useful.outcome, useful.checks?.failed], ['OK', []]);
    assert.equal(useful, results('all is', { isError: false }));
    assert.equal(useful.checks?.checks, counted.checks?.checks);
  });

  it('says which checks a warning and a missing capture have passed', () => {
    const checks = [{ schema: {} }];
    const warned = judgeOf({ tool: 'look', checks })({ content: [] });
    assert.deepEqual([warned.outcome, warned.checks?.failed], ['TOOL_EMPTY', []]);
    const missing = judgeOf({ tool: 'look', checks, capture: { id: { matches: 'x' } } })(said('y'));
    assert.deepEqual([missing.outcome, missing.checks?.failed], ['TOOL_CAPTURE', []]);
  });

  it('validates the shape before it applies the checks', () => {
    for (const [step] of kinds) {
      const { outcome } = judgeOf({ ...step, checks: [{ notEmpty: true }] })([]);
      assert.equal(outcome, 'PROTO_SHAPE', JSON.stringify(step));
    }
    assert.equal(judgeOf({ list: 'prompts' })({}).outcome, 'PROTO_SHAPE');
    assert.equal(judgeOf({ ping: true })({}).outcome, 'OK');
  });

  it('prefers an error in an ordinary result to a failed check', () => {
    const softErrors = [{ pattern: '^Monthly quota', outcome: 'TOOL_QUOTA' }, { pattern: '^Sorry' }];
    const judge = judgeOf({ tool: 'look', checks: [{ contains: 'x' }] }, { softErrors });
    assert.equal(judge(said('Monthly quota exceeded')).outcome, 'TOOL_QUOTA');
    assert.equal(judge(said('Sorry')).outcome, 'TOOL_SOFT_ERROR');
  });

  it('prefers a violated output schema to a failed check, once the tool is known', () => {
    const [tool] = readTools([{ name: 'look', outputSchema: { type: 'object' } }]);
    const judge = judgeOf({ tool: 'look', checks: [{ contains: 'x' }] });
    assert.equal(judge(said('lead'), tool).outcome, 'TOOL_SCHEMA');
    assert.equal(judge({ ...said('lead'), structuredContent: {} }, tool).outcome, 'TOOL_ASSERT');
    assert.equal(judge({ ...said('x'), structuredContent: {} }, tool).outcome, 'OK');
  });

  it('keeps an empty result a warning, unless a check requires more', () => {
    const empty: [object, unknown][] = [
      [{ tool: 'look' }, { content: [] }],
      [{ resource: 'a:b' }, { contents: [] }],
      [{ prompt: 'x' }, { messages: [] }],
    ];
    for (const [step, result] of empty) {
      assert.equal(judgeOf(step)(result).outcome, 'TOOL_EMPTY');
      assert.equal(judgeOf({ ...step, checks: [{ notEmpty: true }] })(result).outcome, 'TOOL_ASSERT');
    }
  });
});
