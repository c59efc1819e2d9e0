import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { aPlan, problemsOf } from '../support/a-plan.ts';
import { onlyProblemIn, problemsIn, YAML } from './refused-plan.ts';

const COMPLETE = { prompt: 'brief', argument: { name: 'language', value: 'py' } };

/** One complete step for each action, with all its keys. */
const STEPS: Record<string, Record<string, unknown>> = {
  tool: { tool: 'look', arguments: { q: 'x', n: [1, { deep: null }] }, progress: true, checks: [{ notEmpty: true }] },
  resource: { resource: 'file:///notes.txt', checks: [{ contains: 'a' }] },
  prompt: { prompt: 'brief', arguments: { language: 'en' }, checks: [{ matches: 'a' }] },
  'complete a prompt': { complete: { ...COMPLETE, context: { framework: 'x' } }, checks: [{ contains: 'python' }] },
  'complete a resource template': { complete: { ...COMPLETE, prompt: undefined, resource: 'repo://{owner}' } },
  'list tools': { list: 'tools' },
  'list resources': { list: 'resources' },
  'list resource templates': { list: 'resource-templates' },
  'list prompts': { list: 'prompts' },
  ping: { ping: true },
};

/** The problems of a plan with this step only, without the path up to the step. */
function problemsOfStep(step: unknown): string[] {
  return problemsOf({ scenario: { steps: [step] } }).map((text) => text.replace('scenarios.calls.steps[0]', ''));
}

describe('steps', () => {
  for (const [name, step] of Object.entries(STEPS)) {
    it(`accept: ${name}`, () => {
      const { steps } = aPlan({ scenario: { steps: [{ ...step, weight: 2 }] } }).scenarios.calls ?? assert.fail();
      // As a file has it, without undefined keys.
      assert.deepEqual(steps, [{ checks: [], capture: {}, ...JSON.parse(JSON.stringify(step)), weight: 2 }]);
    });
  }

  it('need an action, and the message lists all actions', () => {
    const expected = ': expected one of tool, resource, prompt, complete, list, ping';
    assert.deepEqual(problemsOfStep({ weight: 2 }), [expected]);
    assert.deepEqual(problemsOfStep({ arguments: { q: 'x' }, weight: 0 }), [
      expected,
      '.weight: expected a number above 0 and up to 1000000, got 0',
    ]);
    const { line, column } = onlyProblemIn(`${YAML}      - weight: 2\n`);
    assert.deepEqual({ line, column }, { line: 13, column: 9 });
  });

  it('refuse a second action at its place', () => {
    const [second, third] = problemsIn(`${YAML}        ping: true\n        list: prompts\n`);
    const message = 'expected one of tool, resource, prompt, complete, list, ping; this step already has tool';
    assert.deepEqual(second, { path: 'scenarios.calls.steps[0].ping', line: 13, column: 9, message });
    assert.deepEqual(third, { path: 'scenarios.calls.steps[0].list', line: 14, column: 9, message });
  });

  it('report a misspelt action as the only problem', () => {
    assert.deepEqual(problemsOfStep({ tol: 'look' }), ['.tol: unknown key "tol": did you mean "tool"?']);
    assert.deepEqual(problemsOfStep({ complete: { promt: 'x', argument: { name: 'a', value: '' } } }), [
      '.complete.promt: unknown key "promt": did you mean "prompt"?',
    ]);
  });

  it('report a wrong value of an action as the only problem', () => {
    assert.deepEqual(problemsOfStep({ tool: 7 }), [
      '.tool: expected a text that is not empty, got 7: write it in quotes',
    ]);
    assert.deepEqual(problemsOfStep({ list: 'toys' }), [
      '.list: expected one of tools, resources, resource-templates, prompts, got "toys": did you mean "tools"?',
    ]);
    assert.match(problemsOfStep({ ping: false }).join('\n'), /^\.ping: expected true, got false$/);
    assert.match(problemsOfStep('look').join('\n'), /^: expected a mapping, got "look"$/);
  });

  it('refuse keys that their action does not have', () => {
    const refused: [Record<string, unknown>, string][] = [
      [{ ping: true, checks: [{ notEmpty: true }] }, '.checks: expected no checks with ping'],
      [{ list: 'tools', checks: [{ notEmpty: true }] }, '.checks: expected no checks with list'],
      [{ resource: 'a:b', arguments: { q: 'x' } }, '.arguments: expected no arguments with resource'],
      [{ complete: COMPLETE, arguments: { q: 'x' } }, '.arguments: expected no arguments with complete'],
      [{ prompt: 'brief', progress: true }, '.progress: expected no progress with prompt'],
    ];
    for (const [step, start] of refused) {
      const said = problemsOfStep(step);
      assert.equal(said.length, 1, said.join('\n'));
      assert.ok(said[0]?.startsWith(start), said[0]);
    }
  });

  it('name a resource by a URI, which may begin with a placeholder', () => {
    for (const resource of ['notes.txt', '/notes.txt', '', '//host/x']) {
      assert.match(problemsOfStep({ resource }).join('\n'), /^\.resource: expected a URI with its scheme, e\.g\. /);
    }
    assert.match(problemsOfStep({ resource: `a:${'x'.repeat(2000)}` }).join('\n'), /^\.resource: .*2000/);
    const plan = aPlan({
      scenario: { steps: [{ resource: '{{uris}}' }, { resource: 'Repo+x.y-1:z' }] },
      plan: { feeds: { uris: { values: ['a:b'] } } },
    });
    assert.equal(plan.scenarios.calls?.steps.length, 2);
  });

  it('refuse each argument of a prompt that is not a text', () => {
    assert.deepEqual(problemsOfStep({ prompt: 'brief', arguments: { a: 1, b: 'x', c: { d: 'y' } } }), [
      '.arguments.a: expected a text, because prompts take no other arguments, got 1',
      '.arguments.c: expected a text, because prompts take no other arguments',
    ]);
  });

  it('complete either a prompt or a resource', () => {
    const { argument } = COMPLETE;
    for (const complete of [{ argument }, { ...COMPLETE, resource: 'a:{b}' }]) {
      assert.deepEqual(problemsOfStep({ complete }), ['.complete: expected one of prompt and resource']);
    }
    assert.match(problemsOfStep({ complete: { prompt: 'x' } }).join('\n'), /^\.complete\.argument: missing/);
    const context = { lines: 3 };
    assert.match(problemsOfStep({ complete: { ...COMPLETE, context } }).join('\n'), /^\.complete\.context\.lines: /);
  });
});

describe('parts of a step with several shapes', () => {
  const problemsOfCheck = (check: unknown) =>
    problemsOfStep({ tool: 'look', checks: [check] }).map((text) => text.replace('.checks[0]', ''));
  const ALL = /^: expected one of \{contains: text\}, .*\{size: \{min, max\}\}$/;

  it('suggest the nearest key for a misspelt one', () => {
    assert.deepEqual(problemsOfCheck({ contians: 'a' }), [
      '.contians: unknown key "contians": did you mean "contains"?',
    ]);
    assert.deepEqual(problemsOfCheck({ pointer: '/a', equal: 1 }), [
      '.equal: unknown key "equal": did you mean "equals"?',
    ]);
    assert.deepEqual(problemsOfCheck({ size: { mn: 1 } }), ['.size.mn: unknown key "mn": did you mean "min"?']);
  });

  it('explain what is wrong with the shape that their keys suggest', () => {
    assert.deepEqual(problemsOfCheck({ matches: '(' }), [
      '.matches: expected a JavaScript regular expression, got "("',
    ]);
    assert.deepEqual(problemsOfCheck({ size: { min: 2, max: 1 } }), ['.size.min: expected min to be at most max']);
    assert.deepEqual(problemsOfCheck({ schema: 7 }), ['.schema: expected a mapping, got 7']);
    assert.deepEqual(problemsOfCheck({ pointer: 'a', equals: 1 }), [
      '.pointer: expected a JSON pointer such as "/structuredContent/items/0/id", got "a"',
    ]);
  });

  it('list all shapes when their keys suggest none, or two', () => {
    for (const check of ['x', [], {}, { contains: 'a', notEmpty: true }, { pointer: '/a' }]) {
      const said = problemsOfCheck(check);
      assert.equal(said.length, 1, said.join('\n'));
      assert.match((said[0] ?? '').replace(/, got .*/, ''), ALL);
    }
  });

  it('are also checked in captures, ranges and sessions', () => {
    const capture = { id: { poiner: '/a' } };
    assert.deepEqual(problemsOf({ scenario: { order: 'fixed', steps: [{ tool: 'look', capture }] } }), [
      'scenarios.calls.steps[0].capture.id.poiner: unknown key "poiner": did you mean "pointer"?',
    ]);
    const calls = problemsOf({ scenario: { callsPerIteration: { min: 5, max: 1 } } });
    assert.deepEqual(calls, ['scenarios.calls.callsPerIteration.min: expected min to be at most max']);
    assert.deepEqual(problemsOf({ scenario: { callsPerIteration: 0 } }), [
      'scenarios.calls.callsPerIteration: expected a whole number from 1 to 1000, got 0',
    ]);
    assert.deepEqual(problemsOf({ scenario: { sessions: { close: { abandn: 1 } } } }), [
      'scenarios.calls.sessions.close.abandon: missing: expected a number from 0 to 1',
      'scenarios.calls.sessions.close.abandn: unknown key "abandn": did you mean "abandon"?',
    ]);
  });
});
