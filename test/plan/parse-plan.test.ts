import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { parsePlan } from '../../src/plan/parse-plan.ts';
import type { PlanProblem } from '../../src/plan/plan-problem.ts';
import { aPlan, planText, problemsOf } from '../support/a-plan.ts';

const YAML = `name: small
targets:
  web:
    url: http://127.0.0.1:4801/mcp
scenarios:
  calls:
    target: web
    executor: constant-vus
    vus: 1
    duration: 10s
    steps:
      - tool: look
`;

function problems(text: string): readonly PlanProblem[] {
  const parsed = parsePlan(text);
  assert.ok(!parsed.ok, 'expected to be refused');
  return parsed.problems;
}

function onlyProblem(text: string): PlanProblem {
  const all = problems(text);
  assert.equal(all.length, 1, JSON.stringify(all));
  return all[0] as PlanProblem;
}

describe('a plan', () => {
  it('means the same as YAML and as JSON, and gets its defaults', () => {
    const parsed = parsePlan(YAML);
    assert.ok(parsed.ok);
    assert.deepEqual(parsed.plan, aPlan());
    const { seed, thresholds, targets, scenarios, generator } = parsed.plan;
    assert.deepEqual({ seed, thresholds }, { seed: 1, thresholds: {} });
    assert.equal(targets.web?.timeouts.total, 60_000);
    assert.deepEqual(scenarios.calls?.thinkTime, { type: 'none' });
    assert.deepEqual(generator, { maxEventLoopDelay: 100, maxStartDelay: 2000, maxLostSlices: 0 });
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
      { path: 'scenarios.calls.vus', line: 6, column: 3, message: 'missing: expected number, received undefined' },
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
        path: 'scenarios.calls.steps[0].arguments',
        line: 13,
        column: 9,
        message: '{{nowhere}} names no feed; declare it under feeds',
      },
    ]);
  });

  it('name the nearest key, or all of them', () => {
    assert.match(problemsOf({ scenario: { thinktime: 1 } })[0] ?? '', /did you mean "thinkTime"\?$/);
    assert.match(problemsOf({ scenario: { banana: 1 } })[0] ?? '', /expected one of target, executor, vus, /);
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

describe('a secret in a plan', () => {
  const SECRET = 's3cr3t_value!';
  const places: Record<string, unknown> = {
    secret: { auth: { type: 'bearer', secret: SECRET } },
    clientSecret: {
      auth: { type: 'client-credentials', tokenUrl: 'https://x/', clientId: 'a', clientSecret: SECRET },
    },
    'in the place of auth': { auth: SECRET },
    'as the type of auth': { auth: { type: SECRET } },
    'after a header name': { auth: { type: 'header', name: `X-Key: ${SECRET}`, secret: 'a' } },
    'as a header': { headers: { 'X-Key': `${SECRET}é` } },
    'as the Authorization header': { headers: { Authorization: SECRET } },
    'as a cookie': { headers: { COOKIE: SECRET } },
    'in the URL': { url: `https://user:${SECRET}@example.com/` },
    'in the URL, without a user': { url: `https://:${SECRET}@example.com/` },
    'in a URL that is none': { url: `ftp://user:${SECRET}@example.com/` },
    'in the token URL': {
      auth: { type: 'client-credentials', tokenUrl: `https://u:${SECRET}@x/`, clientId: 'a', clientSecret: 'b' },
    },
  };
  for (const [place, target] of Object.entries(places)) {
    it(`is refused ${place}, and not repeated`, () => {
      const said = problemsOf({ target: target as Record<string, unknown> });
      assert.notEqual(said.length, 0);
      assert.ok(!said.join('\n').includes('s3cr3t'), said.join('\n'));
    });
  }

  it('is not repeated from broken YAML', () => {
    for (const broken of [
      `"${SECRET}" more`,
      `"${SECRET}`,
      `'${SECRET}\n} ${SECRET}`,
      `x\n} ${SECRET}`,
      `*${SECRET}`,
      `@${SECRET}`,
      `{ ${SECRET}`,
      `|${SECRET}`,
      `!<${SECRET}`,
    ]) {
      const said = problems(YAML.replace('    url:', `    auth: ${broken}\n    url:`));
      assert.ok(!JSON.stringify(said).includes('s3cr3t'), JSON.stringify(said));
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
    assert.match(twice.message, /twice/);
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

describe('a hostile file', () => {
  const args = (value: string) => `${YAML}        arguments: {a: ${value}}\n`;

  it('is refused when its aliases expand beyond all bounds, or into themselves', () => {
    const levels = Array.from({ length: 20 }, (_, level) => {
      const item = level === 0 ? 'x' : `*l${level - 1}`;
      return `l${level}: &l${level} [${Array(9).fill(item).join(', ')}]`;
    });
    assert.match(
      onlyProblem(`${levels.join('\n')}\n`).message,
      /at most 1000000 characters once its aliases are expanded/,
    );
    const shared = args(`&a "${'x'.repeat(400_000)}", b: *a, c: *a`);
    assert.match(onlyProblem(shared).message, /once its aliases are expanded/);
    assert.match(onlyProblem(args('&a {b: *a}')).message, /at most 64 levels/);
    assert.match(onlyProblem('targets: &a {web: *a}\n').message, /at most 64 levels/);
  });

  it('is refused when it is too deep or too long', () => {
    for (const depth of [100, 1000, 3000, 50_000]) {
      assert.match(problems(args('['.repeat(depth) + ']'.repeat(depth)))[0]?.message ?? '', /nested/, `${depth}`);
    }
    assert.match(onlyProblem(' '.repeat(1_000_001)).message, /at most 1000000 characters/);
  });

  it('takes time with its length, not with the square of it', () => {
    const keys = Array.from({ length: 60_000 }, (_, index) => `k${index}: 1`).join('\n');
    const startMs = performance.now();
    assert.equal(problems(keys).length, 101);
    // The square of 60,000 comparisons takes minutes.
    assert.ok(performance.now() - startMs < 20_000);
  });

  it('never throws, whatever it holds', () => {
    const pieces = fc.constantFrom(
      'name',
      'targets',
      'scenarios',
      ': ',
      '{',
      '}',
      '[',
      ']',
      '\n',
      '  ',
      '- ',
      '&a ',
      '*a',
      '"',
      "'",
      '!!',
      '|',
      'x',
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 25 }), (parts) => {
        assert.equal(parsePlan(parts.join('')).ok, false);
      }),
      { numRuns: 300 },
    );
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom('targets', 'scenarios', 'thresholds', 'feeds'), (value, key) => {
        const parsed = parsePlan(planText({ plan: { [key]: value } }));
        assert.ok(parsed.ok || parsed.problems.length > 0);
      }),
      { numRuns: 300 },
    );
  });
});

describe('the limits of a plan', () => {
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
    'scenarios.calls.steps': { scenario: { steps: [] } },
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
