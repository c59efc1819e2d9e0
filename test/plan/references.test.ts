import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { aPlan, problemsOf } from '../support/a-plan.ts';
import { problemsIn, YAML } from './refused-plan.ts';

const FEEDS = {
  words: { values: ['a', 'b'] },
  pages: { csv: 'id,full name,body\n1,x,"[1]"\n2,y,{}\n3,z,no\n' },
  numbers: { rows: [{ n: 1 }, { n: '2' }] },
};
const COMPLETE = { prompt: 'brief', argument: { name: 'language', value: 'py' } };

/** The problems of a plan with these steps, without the path up to them. */
function problemsOfSteps(steps: readonly object[], scenario: object = { order: 'fixed' }): string[] {
  const said = problemsOf({ scenario: { steps, ...scenario }, plan: { feeds: FEEDS } });
  return said.map((text) => text.replace('scenarios.calls.steps', ''));
}

const problemsOfText = (text: string) =>
  problemsOfSteps([{ tool: 'look', arguments: { q: text } }]).map((said) => said.replace('[0].arguments.q: ', ''));

describe('placeholders', () => {
  it('can name a feed, a column, a capture of an earlier step, or a generator', () => {
    const steps = [
      {
        tool: 'find',
        arguments: { q: '{{words}} {{pages.full name}} {{numbers|json}}' },
        capture: { id: { pointer: '/a' } },
      },
      { tool: 'get', arguments: { id: '{{id}}', '{{words}}': ['{{id|json}}', { deep: '{{$integer(1,5)}}' }] } },
    ];
    assert.deepEqual(problemsOfSteps(steps), []);
  });

  it('are refused with an unknown name, and the message suggests the nearest name', () => {
    const end = 'names neither a feed nor a value captured by an earlier step';
    assert.deepEqual(problemsOfText('{{banana}}'), [`{{banana}} ${end}; declare it under feeds`]);
    assert.deepEqual(problemsOfText('a {{wrods}} b {{ wrods }}'), [`{{wrods}} ${end}: did you mean "words"?`]);
    assert.deepEqual(problemsOfText('{{constructor}}'), [`{{constructor}} ${end}; declare it under feeds`]);
  });

  it('must name an existing column of a feed with several columns', () => {
    assert.deepEqual(problemsOfText('{{pages}}'), [
      '{{pages}} names a feed with several columns; write {{pages.id}} or another of id, full name, body',
    ]);
    assert.deepEqual(problemsOfText('{{pages.bodi}}'), [
      '{{pages.bodi}} names an unknown column of pages: did you mean "body"?',
    ]);
    assert.deepEqual(problemsOfText('{{words.text}}'), [
      '{{words.text}} names an unknown column of words: expected one of value',
    ]);
  });

  it('can read a column as JSON only if every row holds JSON', () => {
    assert.deepEqual(problemsOfText('{{pages.id|json}}'), []);
    assert.deepEqual(problemsOfText('{{pages.body|json}}'), [
      '{{pages.body|json}} reads body as JSON, but row 3 does not hold JSON there',
    ]);
  });

  it('are refused with invalid text inside', () => {
    const howToFix = 'to send the characters {{ }}, take them from a feed';
    assert.match(
      problemsOfText('{{user name}}')[0] ?? '',
      new RegExp(`^\\{\\{user name\\}\\} is not a placeholder: .*; ${howToFix}$`),
    );
    assert.match(
      problemsOfText('{{$integer(1)}}')[0] ?? '',
      /^\{\{\$integer\(1\)\}\} is not a placeholder: expected a minimum and/,
    );
    assert.deepEqual(problemsOfText('{{ $pick("a","b") }}'), [
      '{{ $pick("a","b") }}: expected no quotes, backslashes or line breaks within {{ }}',
    ]);
    // Not our placeholders.
    assert.deepEqual(problemsOfText('{{"a"}} {{}} {a} {{a'), []);
  });

  const places: Record<string, object> = {
    resource: { resource: 'file:///{{nowhere}}' },
    'arguments.a[1].b': { tool: 'look', arguments: { a: [0, { b: '{{nowhere}}' }] } },
    'arguments.{{nowhere}}': { tool: 'look', arguments: { '{{nowhere}}': 1 } },
    'complete.argument.value': { complete: { ...COMPLETE, argument: { name: 'a', value: '{{nowhere}}' } } },
    'complete.context.b': { complete: { ...COMPLETE, context: { a: 'x', b: '<{{ nowhere }}>' } } },
  };
  for (const [path, step] of Object.entries(places)) {
    it(`are checked in ${path}`, () => {
      const [said, ...others] = problemsOfSteps([step]);
      assert.deepEqual(others, []);
      assert.ok(said?.startsWith(`[0].${path}: {{nowhere}} names neither a feed`), said);
    });
  }

  it('are not checked in names', () => {
    const names = { complete: { resource: 'repo://{{owner}}', argument: { name: '{{a}}', value: '' } } };
    assert.deepEqual(problemsOfSteps([names, { tool: '{{b}}' }, { prompt: '{{c}}' }]), []);
  });

  it('are refused at their place in the file', () => {
    const found = problemsIn(`${YAML}        arguments:\n          a: 1\n          b: ["x", "{{nowhere}}"]\n`);
    assert.deepEqual(
      found.map(({ path, line, column }) => ({ path, line, column })),
      [{ path: 'scenarios.calls.steps[0].arguments.b[1]', line: 15, column: 20 }],
    );
  });
});

describe('captured values', () => {
  const capture = { id: { pointer: '/structuredContent/id' } };
  const uses = { tool: 'get', arguments: { id: '{{id}}' } };

  it('are available only after the step that captures them', () => {
    const message = '[0].arguments.id: {{id}} is captured only by steps[1]; move the step that uses it after that one';
    assert.deepEqual(problemsOfSteps([uses, { tool: 'find', capture }]), [message]);
    assert.deepEqual(problemsOfSteps([{ ...uses, capture }]), [message.replace('steps[1]', 'steps[0]')]);
    assert.deepEqual(
      problemsOfSteps([
        { tool: 'find', capture },
        { ...uses, capture },
      ]),
      [],
    );
  });

  it('are available only in their own scenario', () => {
    const { calls } = JSON.parse(JSON.stringify(aPlan({ scenario: {} }).scenarios));
    assert.ok(calls);
    const one = { target: 'web', executor: 'constant-vus', vus: 1, duration: '10s', order: 'fixed' };
    const scenarios = { one: { ...one, steps: [{ tool: 'find', capture }] }, two: { ...one, steps: [uses] } };
    const [said, ...others] = problemsOf({ plan: { scenarios } });
    assert.deepEqual(others, []);
    assert.match(said ?? '', /^scenarios\.two\.steps\[0\]\.arguments\.id: \{\{id\}\} names neither a feed nor a value/);
  });

  it('need order: fixed, which is reported once', () => {
    assert.deepEqual(problemsOfSteps([{ tool: 'find', capture }, uses], {}), [
      '[0].capture: expected order: fixed in this scenario, so that a later step can use the value',
    ]);
  });

  it('have no columns, and cannot have the name of a feed', () => {
    const [column] = problemsOfSteps([
      { tool: 'find', capture },
      { tool: 'get', arguments: { id: '{{id.x}}' } },
    ]);
    assert.match(column ?? '', /names a column of a captured value; captured values have no columns/);
    assert.deepEqual(problemsOfSteps([{ tool: 'find', capture: { words: { matches: 'a' } } }]), [
      '[0].capture.words: expected a name that no feed has, or {{words}} would have two meanings',
    ]);
  });
});

it('refuses a target that no scenario uses, unless a scenario names no target of the plan', () => {
  const targets = { web: { url: 'http://127.0.0.1:1/mcp' }, wbe: { url: 'http://127.0.0.1:2/mcp' } };
  assert.deepEqual(problemsOf({ plan: { targets } }), [
    'targets.wbe: no scenario uses this target; name it as the target of a scenario, or remove it',
  ]);
  assert.deepEqual(problemsOf({ plan: { targets }, scenario: { target: 'webb' } }), [
    'scenarios.calls.target: expected one of the plan\'s targets (web, wbe), got "webb": did you mean "web"?',
  ]);
});
