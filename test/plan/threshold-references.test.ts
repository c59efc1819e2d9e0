import assert from 'node:assert/strict';
import { it } from 'node:test';
import { problemsOf } from '../support/a-plan.ts';

const FEEDS = { words: { values: ['a', 'b'] } };
const COMPLETE = { prompt: 'brief', argument: { name: 'language', value: 'py' } };

const steps = [
  { tool: 'search' },
  { resource: 'a:{{words}}' },
  { prompt: 'brief' },
  { list: 'resource-templates' },
  { complete: COMPLETE },
];
const ramping = {
  executor: 'ramping-vus',
  stages: [{ duration: '10s', target: 1 }],
  vus: undefined,
  duration: undefined,
};
const problemsOfThresholds = (thresholds: object, scenario: object = {}) =>
  problemsOf({ scenario: { steps, ...scenario }, plan: { feeds: FEEDS, thresholds } }).map((said) =>
    said.replace('thresholds.', ''),
  );

it('accepts every operation that the steps and the protocol make', () => {
  for (const operation of [
    'tools/call:search',
    'tasks/get:search',
    'resources/read:a:{{words}}',
    'prompts/get:brief',
    'resources/templates/list',
    'completion/complete:brief',
    'initialize',
    'server/discover',
    'response:ping',
  ]) {
    const thresholds = {
      [`mcp_requests{operation:${operation}}`]: ['count>0'],
      [`mcp_requests{target:web,operation:"${operation}"}`]: ['count>0'],
    };
    assert.deepEqual(problemsOfThresholds(thresholds), [], operation);
  }
});

it('refuses an operation that no step makes, and suggests the nearest one', () => {
  const cases = {
    'tools/call:serch': 'did you mean "tools/call:search"?',
    search: 'did you mean "tools/call:search"?',
    'prompts/get:breif': 'did you mean "prompts/get:brief"?',
    banana: 'write operations like tools/call:name',
  };
  for (const [operation, end] of Object.entries(cases)) {
    const metric = `mcp_request_duration{operation:${operation}}`;
    assert.deepEqual(problemsOfThresholds({ [metric]: [{ threshold: 'p(95)<5' }] }), [
      `${metric}: no step of the plan makes "${operation}": ${end}`,
    ]);
  }
});

it('checks operations for their target', () => {
  const one = { executor: 'constant-vus', vus: 1, duration: '10s' };
  const parts = (thresholds: object) => ({
    plan: {
      targets: { web: { url: 'http://127.0.0.1:1/' }, api: { url: 'http://127.0.0.1:2/' } },
      scenarios: {
        a: { ...one, target: 'web', steps: [{ tool: 'x' }] },
        b: { ...one, target: 'api', steps: [{ tool: 'y' }] },
      },
      thresholds,
    },
  });
  assert.deepEqual(problemsOf(parts({ 'mcp_requests{target:api,operation:tools/call:y}': ['count>0'] })), []);
  const metric = 'mcp_requests{target:api,operation:tools/call:x}';
  assert.deepEqual(problemsOf(parts({ [metric]: ['count>0'] })), [
    `thresholds.${metric}: no step for target api makes "tools/call:x": did you mean "tools/call:y"?`,
  ]);
});

it('refuses unknown targets and scenarios', () => {
  for (const conditions of [['count>1'], [{ threshold: 'count>1', abortOnFail: true }]]) {
    assert.deepEqual(problemsOfThresholds({ 'mcp_requests{target:wbe}': conditions }), [
      'mcp_requests{target:wbe}: expected one of the plan\'s targets (web), got "wbe"',
    ]);
    assert.deepEqual(problemsOfThresholds({ 'iterations{scenario:cals}': conditions }), [
      'iterations{scenario:cals}: expected one of the plan\'s scenarios (calls), got "cals"',
    ]);
  }
  assert.deepEqual(problemsOfThresholds({ 'dropped_iterations{scenario:calls}': ['rate<0.1', 'count<5'] }), []);
});

it('accepts over: stage only with exactly one scenario that has stages', () => {
  const over = { mcp_requests: ['count>0', { threshold: 'count>1', over: 'stage' }] };
  assert.deepEqual(problemsOfThresholds(over, ramping), []);
  assert.deepEqual(problemsOfThresholds(over), [
    'mcp_requests[1].over: expected exactly one scenario with stages for over: stage, got 0',
  ]);
  const staged = { target: 'web', ...ramping, steps: [{ tool: 'x' }] };
  assert.deepEqual(problemsOf({ plan: { scenarios: { a: staged, b: staged }, thresholds: over } }), [
    'thresholds.mcp_requests[1].over: expected exactly one scenario with stages for over: stage, got 2',
  ]);
});

it('refuses invalid conditions in the short and the long form', () => {
  const cases: [unknown, string][] = [
    ['p95<5', ': expected a condition on count, rate such as "count>100", got "p95<5"'],
    [{ threshold: 'p95<5' }, ': expected a condition on count, rate such as "count>100", got "p95<5"'],
    [
      { threshold: 'count>1', delayAbortEval: '5s' },
      '.delayAbortEval: expected abortOnFail: true with it, because only aborting can be delayed',
    ],
    [
      { threshold: 'count>1', over: '10ms' },
      '.over: expected "run", "stage" or a duration of at least 1 s, got "10ms"',
    ],
    [
      { threshold: 'count>1', abortOnFial: true },
      '.abortOnFial: unknown key "abortOnFial": did you mean "abortOnFail"?',
    ],
    [{ abortOnFail: true }, '.threshold: missing: expected a text'],
    [7, ': expected a condition such as "p(95)<500", or {threshold, abortOnFail, delayAbortEval, over}, got 7'],
  ];
  for (const [condition, expected] of cases) {
    assert.deepEqual(problemsOfThresholds({ mcp_requests: [condition] }), [`mcp_requests[0]${expected}`]);
  }
  assert.match(
    problemsOfThresholds({ http_reqs: ['count>1'] })[0] ?? '',
    /^http_reqs\[0\]: expected a metric, one of mcp_/,
  );
});

it('accepts the names of checks as reports show them, and suggests the nearest one', () => {
  const checked = {
    steps: [{ tool: 'search', checks: [{ contains: 'a, b' }, { notEmpty: true }, { size: { min: 1 } }] }],
  };
  for (const tags of [
    '',
    '{check:notEmpty}',
    '{check:contains "a, b"}',
    '{check:"size at least 1 bytes",operation:tools/call:search}',
  ]) {
    assert.deepEqual(problemsOfThresholds({ [`checks${tags}`]: ['rate>0.9'] }, checked), [], tags);
  }
  const problem = (metric: string, condition: unknown = 'rate>0.9') =>
    problemsOfThresholds({ [metric]: [condition] }, checked).join();
  assert.match(
    problem('checks{check:notempty}'),
    /no step of the plan has the check "notempty": did you mean "notEmpty"\?$/,
  );
  assert.match(
    problem('checks{check:matches /x/u}'),
    /expected one of contains "a, b", notEmpty, size at least 1 bytes$/,
  );
  assert.match(problem('checks', 'count>1'), /expected a condition on rate such as "rate>0\.99"/);
  for (const more of [{ abortOnFail: true }, { over: '10s' }, { over: 'stage' }]) {
    assert.match(
      problem('checks', { threshold: 'rate>0.9', ...more }),
      /expected neither abortOnFail nor over: checks are counted/,
    );
  }
});
