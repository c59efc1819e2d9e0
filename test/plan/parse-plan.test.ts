import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parsePlan } from '../../src/plan/parse-plan.ts';
import type { PlanProblem } from '../../src/plan/problem.ts';
import { aPlan, problemsOf } from '../support/a-plan.ts';
import { onlyProblem, problems, YAML } from './refused-plan.ts';

describe('a plan', () => {
  it('means the same as YAML and as JSON, and gets its defaults', () => {
    const parsed = parsePlan(YAML);
    assert.ok(parsed.ok);
    assert.deepEqual(parsed.plan, aPlan());
    const { seed, thresholds, targets, scenarios, generator } = parsed.plan;
    assert.deepEqual({ seed, thresholds }, { seed: 1, thresholds: {} });
    assert.equal(targets.web?.timeouts.total, 60_000);
    assert.deepEqual(scenarios.calls?.thinkTime, { type: 'none' });
    assert.equal(generator.maxEventLoopDelay, 100);
  });

  it('may use anchors and aliases', () => {
    const parsed = parsePlan(
      `${YAML}        arguments: &args {q: [a, b]}\n      - tool: look\n        arguments: *args\n        weight: 2\n`,
    );
    assert.ok(parsed.ok, JSON.stringify(parsed));
    assert.deepEqual(parsed.plan.scenarios.calls?.steps[1]?.arguments, { q: ['a', 'b'] });
  });

  it('may begin with a byte order mark and end its lines as Windows does', () => {
    assert.ok(parsePlan(`\uFEFF${YAML.replaceAll('\n', '\r\n')}`).ok);
  });
});

describe('the problems of a plan', () => {
  it('come all at once, in the order of the file, each with path, place and expectation', () => {
    const text = YAML.replace('name: small', 'name: Not Good')
      .replace('    vus: 1', '    vuss: 0')
      .replace('10s', 'soon')
      .replace('target: web', 'target: wbe')
      .replace('- tool: look', '- tool: ""\n        arguments: {q: "{{nowhere}}"}');
    assert.deepEqual(problems(text), [
      {
        path: 'name',
        line: 1,
        column: 1,
        message: 'expected lower-case letters, digits and single dashes, got "Not Good"',
      },
      { path: 'scenarios.calls.vus', line: 6, column: 3, message: 'missing: expected number' },
      {
        path: 'scenarios.calls.target',
        line: 7,
        column: 5,
        message: 'expected one of the plan\'s targets (web), got "wbe"',
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
        message: 'Too small: expected string to have >=1 characters, got ""',
      },
      {
        path: 'scenarios.calls.steps[0].arguments.q',
        line: 13,
        column: 21,
        message: '{{nowhere}} names neither a feed nor a value captured by an earlier step; declare it under feeds',
      },
    ]);
  });

  it('name the nearest key, or all of them', () => {
    assert.match(problemsOf({ scenario: { thinktime: 1 } })[0] ?? '', /did you mean "thinkTime"\?$/);
    assert.match(problemsOf({ scenario: { banana: 1 } })[0] ?? '', /expected one of executor, target, startTime, /);
    assert.match(
      problemsOf({ target: { auth: { type: 'bearer', secret: 'a', scop: 1 } } })[0] ?? '',
      /one of type, secret$/,
    );
    assert.match(problemsOf({ target: { timeouts: { totl: '1s' } } })[0] ?? '', /did you mean "total"\?$/);
  });

  it('stand at keys that YAML reads as numbers too', () => {
    const { path, line, column } = onlyProblem(YAML.replace('    vus: 1', '    vus: 1\n    7: x'));
    assert.deepEqual({ path, line, column }, { path: 'scenarios.calls.7', line: 10, column: 5 });
  });

  it('name a threshold on a target that there is not, and on codes that no failure has', () => {
    const thresholds = { 'mcp_requests{target:wbe}': ['count>1'], 'mcp_failures{outcome:TOOL_EROR}': ['count==0'] };
    const said = problemsOf({ plan: { thresholds } });
    assert.equal(said.length, 2);
    assert.match(said[0] ?? '', /expected one of the plan's targets \(web\), got "wbe"$/);
    assert.match(said[1] ?? '', /expected the code of a failure .*, got "TOOL_EROR"$/);
  });

  it('end after a hundred with the number of the others', () => {
    const keys = Array.from({ length: 150 }, (_, index) => `zz${index}: 1`).join('\n');
    const all = problems(`${YAML}${keys}\n`);
    assert.equal(all.length, 101);
    assert.equal(all[100]?.message, '50 more problems like these');
  });

  it('repeat no more of the file than a line', () => {
    const long = 'x'.repeat(100_000);
    for (const text of [YAML.replace('small', `"${long} "`), `${YAML}${long}: 1\n`, YAML.replace('10s', long)]) {
      const [{ path, message }] = problems(text) as [PlanProblem];
      assert.ok(path.length < 100 && message.length < 450, `${path.length} ${message.length}`);
    }
  });
});

describe('a file that is no plan', () => {
  it('is told so when it is empty, a comment, a word, a list or another document', () => {
    for (const text of ['', '\n', '# later', 'plan', '[]', 'null', '"x"']) {
      const expected = 'expected a plan: a mapping with name, targets and scenarios';
      assert.deepEqual(onlyProblem(text), { path: '', line: 1, column: 1, message: expected });
    }
    assert.match(problems(`${YAML}---\n${YAML}`)[0]?.message ?? '', /multiple documents/);
  });

  it('is told where its YAML breaks', () => {
    const tab = onlyProblem('name: x\n\ttargets: y\n');
    assert.deepEqual({ line: tab.line, column: tab.column }, { line: 2, column: 1 });
    assert.match(tab.message, /^not valid YAML: Tabs are not allowed as indentation/);
    const twice = onlyProblem(`${YAML}name: again\n`);
    assert.deepEqual({ line: twice.line, column: twice.column }, { line: 13, column: 1 });
    assert.match(twice.message, /already has this key/);
    const alias = onlyProblem(`${YAML}description: *nobody\n`);
    assert.deepEqual({ line: alias.line, column: alias.column }, { line: 13, column: 14 });
    assert.match(alias.message, /alias/);
  });

  it('cannot merge mappings, which YAML 1.2 does not know', () => {
    const text = YAML.replace('    vus: 1', '    <<: {vus: 1}');
    assert.ok(problems(text).some(({ path, message }) => path === 'scenarios.calls.<<' && /unknown key/.test(message)));
  });

  it('cannot hold what JSON cannot', () => {
    for (const value of ['.nan', '.inf']) {
      const { path } = onlyProblem(`${YAML}        arguments: {a: ${value}}\n`);
      assert.equal(path, 'scenarios.calls.steps[0].arguments.a');
    }
  });
});
