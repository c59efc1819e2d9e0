import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parsePlan } from '../../src/plan/parse-plan.ts';
import type { PlanProblem } from '../../src/plan/problem.ts';
import { aPlan, problemsOf } from '../support/a-plan.ts';
import { onlyProblemIn, problemsIn, YAML } from './refused-plan.ts';

describe('valid plans', () => {
  it('mean the same in YAML and in JSON, and get their defaults', () => {
    const parsed = parsePlan(YAML);
    assert.ok(parsed.ok);
    assert.deepEqual(parsed.plan, aPlan());
    const { seed, thresholds, targets, scenarios, generator } = parsed.plan;
    assert.deepEqual({ seed, thresholds }, { seed: 1, thresholds: {} });
    assert.equal(targets.web?.timeouts.total, 60_000);
    assert.deepEqual(scenarios.calls?.thinkTime, { type: 'none' });
    assert.equal(generator.maxEventLoopDelay, 100);
  });

  it('can use anchors and aliases', () => {
    const parsed = parsePlan(
      `${YAML}        arguments: &args {q: [a, b]}\n      - tool: look\n        arguments: *args\n        weight: 2\n`,
    );
    assert.ok(parsed.ok, JSON.stringify(parsed));
    assert.deepEqual(parsed.plan.scenarios.calls?.steps[1]?.arguments, { q: ['a', 'b'] });
  });

  it('can begin with a byte order mark and have Windows line ends', () => {
    assert.ok(parsePlan(`\uFEFF${YAML.replaceAll('\n', '\r\n')}`).ok);
  });
});

describe('problems of a plan', () => {
  it('come together, in the order of the file, each with path, place and expectation', () => {
    const text = YAML.replace('name: small', 'name: Not Good')
      .replace('    vus: 1', '    vuss: 0')
      .replace('10s', 'soon')
      .replace('target: web', 'target: wbe')
      .replace('- tool: look', '- tool: ""\n        arguments: {q: "{{nowhere}}"}');
    assert.deepEqual(problemsIn(text), [
      {
        path: 'name',
        line: 1,
        column: 1,
        message: 'expected lower-case letters, digits and single dashes, got "Not Good"',
      },
      {
        path: 'scenarios.calls.vus',
        line: 6,
        column: 3,
        message: 'missing: expected a whole number from 1 to 1000000',
      },
      {
        path: 'scenarios.calls.target',
        line: 7,
        column: 5,
        message: 'expected one of the plan\'s targets (web), got "wbe": did you mean "web"?',
      },
      { path: 'scenarios.calls.vuss', line: 9, column: 5, message: 'unknown key "vuss": did you mean "vus"?' },
      {
        path: 'scenarios.calls.duration',
        line: 10,
        column: 5,
        message: 'expected a duration such as "30s" or "1h30m", got "soon"',
      },
      {
        path: 'scenarios.calls.steps[0].tool',
        line: 12,
        column: 9,
        message: 'expected a text that is not empty, got ""',
      },
      {
        path: 'scenarios.calls.steps[0].arguments.q',
        line: 13,
        column: 21,
        message: '{{nowhere}} names neither a feed nor a value captured by an earlier step; declare it under feeds',
      },
    ]);
  });

  it('suggest the nearest key, or list all keys', () => {
    assert.match(problemsOf({ scenario: { thinktime: 1 } })[0] ?? '', /did you mean "thinkTime"\?$/);
    assert.match(problemsOf({ scenario: { banana: 1 } })[0] ?? '', /expected one of executor, target, startTime, /);
    assert.match(
      problemsOf({ target: { auth: { type: 'bearer', secret: 'a', scop: 1 } } })[0] ?? '',
      /one of type, secret$/,
    );
    assert.match(problemsOf({ target: { timeouts: { totl: '1s' } } })[0] ?? '', /did you mean "total"\?$/);
  });

  it('have the place of a key that YAML reads as a number', () => {
    const { path, line, column } = onlyProblemIn(YAML.replace('    vus: 1', '    vus: 1\n    7: x'));
    assert.deepEqual({ path, line, column }, { path: 'scenarios.calls.7', line: 10, column: 5 });
  });

  it('include thresholds on unknown targets and on codes that are not failures', () => {
    const thresholds = { 'mcp_requests{target:wbe}': ['count>1'], 'mcp_failures{outcome:TOOL_EROR}': ['count==0'] };
    const said = problemsOf({ plan: { thresholds } });
    assert.equal(said.length, 2);
    assert.match(said[0] ?? '', /expected one of the plan's targets \(web\), got "wbe"$/);
    assert.match(said[1] ?? '', /expected the code of a failure .*, got "TOOL_EROR"$/);
  });

  it('end after a hundred with the number of the others', () => {
    const keys = Array.from({ length: 150 }, (_, index) => `zz${index}: 1`).join('\n');
    const all = problemsIn(`${YAML}${keys}\n`);
    assert.equal(all.length, 101);
    assert.equal(all[100]?.message, '50 more problems like these');
  });

  it('repeat only a short excerpt of the file', () => {
    const long = 'x'.repeat(100_000);
    for (const text of [YAML.replace('small', `"${long} "`), `${YAML}${long}: 1\n`, YAML.replace('10s', long)]) {
      const [{ path, message }] = problemsIn(text) as [PlanProblem];
      assert.ok(path.length < 100 && message.length < 450, `${path.length} ${message.length}`);
    }
  });
});

describe('texts that are not a plan', () => {
  it('are refused: nothing, a comment, a word, a list or a second document', () => {
    for (const text of ['', '\n', '# later', 'plan', '[]', 'null', '"x"']) {
      const expected = 'expected a plan: a mapping with name, targets and scenarios';
      assert.deepEqual(onlyProblemIn(text), { path: '', line: 1, column: 1, message: expected });
    }
    assert.match(problemsIn(`${YAML}---\n${YAML}`)[0]?.message ?? '', /multiple documents/);
  });

  it('are refused at the place where the YAML breaks', () => {
    const tab = onlyProblemIn('name: x\n\ttargets: y\n');
    assert.deepEqual({ line: tab.line, column: tab.column }, { line: 2, column: 1 });
    assert.match(tab.message, /^not valid YAML: Tabs are not allowed as indentation/);
    const twice = onlyProblemIn(`${YAML}name: again\n`);
    assert.deepEqual({ line: twice.line, column: twice.column }, { line: 13, column: 1 });
    assert.match(twice.message, /already has this key/);
    const alias = onlyProblemIn(`${YAML}description: *nobody\n`);
    assert.deepEqual({ line: alias.line, column: alias.column }, { line: 13, column: 14 });
    assert.match(alias.message, /alias/);
  });

  it('cannot contain values that JSON does not have', () => {
    for (const value of ['.nan', '.inf']) {
      const { path } = onlyProblemIn(`${YAML}        arguments: {a: ${value}}\n`);
      assert.equal(path, 'scenarios.calls.steps[0].arguments.a');
    }
  });
});

describe('limits of a plan', () => {
  const refusals: Record<string, Parameters<typeof problemsOf>[0]> = {
    'targets.web.headers.Host': { target: { headers: { Host: 'x' } } },
    'targets.web.headers.Mcp-Session-Id': { target: { headers: { 'Mcp-Session-Id': 'x' } } },
    'targets.web.headers.a b': { target: { headers: { 'a b': 'x' } } },
    'targets.web.timeouts.total': { target: { timeouts: { total: '31m' } } },
    'targets.web.softErrors[0].pattern': { target: { softErrors: [{ pattern: '(' }] } },
    'scenarios.calls.gracefulStop': { scenario: { gracefulStop: '11m' } },
    'scenarios.calls.duration': { scenario: { duration: '999ms' } },
    'scenarios.calls.executor': { scenario: { executor: 'externally-controlled' } },
    'scenarios.calls.thinkTime.type': { scenario: { thinkTime: { type: 'nap' } } },
    'scenarios.calls.thinkTime.range.min': {
      scenario: { thinkTime: { type: 'uniform', range: { min: '2s', max: '1s' } } },
    },
    'scenarios.calls.steps[0].weight': { scenario: { steps: [{ tool: 'look', weight: 0 }] } },
    'scenarios.calls.steps[0].checks[0]': {
      scenario: { steps: [{ tool: 'look', checks: [{ contains: 'a', notEmpty: true }] }] },
    },
    'scenarios.calls.vus': { scenario: { vus: 1.5 } },
    schedule: { plan: { schedule: '*/5 * * * *' } },
    seed: { plan: { seed: -1 } },
    name: { plan: { name: 'x'.repeat(51) } },
    'feeds.a-b': { plan: { feeds: { 'a-b': { values: ['x'] } } } },
    'feeds.empty.values': { plan: { feeds: { empty: { values: [] } } } },
    'thresholds.mcp_requests': { plan: { thresholds: { mcp_requests: [] } } },
    'generator.maxLostSlices': { plan: { generator: { maxLostSlices: 2 } } },
  };
  for (const [path, parts] of Object.entries(refusals)) {
    it(`refuse ${path}`, () => {
      const said = problemsOf(parts);
      assert.equal(said.length, 1, said.join('\n'));
      assert.ok(said[0]?.startsWith(`${path}: `), said[0]);
    });
  }
});
