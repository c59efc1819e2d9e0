import assert from 'node:assert/strict';
import { it } from 'node:test';
import { problemsOf } from '../support/a-plan.ts';
import { problemsIn, YAML } from './refused-plan.ts';

const HEAD = YAML.slice(0, YAML.indexOf('    executor:'));
const STEPS = '    steps:\n      - tool: look\n';
/** The line of the scenario's first key. */
const FIRST_LINE = HEAD.split('\n').length;

/** Keys of a scenario, one per line, and the expected problems: line from 0, path in the scenario, message. */
const CASES: readonly (readonly [string, readonly string[], ...(readonly [number, string, string | RegExp])[]])[] = [
  [
    'no virtual users',
    ['executor: constant-vus', 'vus: 0', 'duration: 10s'],
    [1, 'vus', /expected a whole number from 1 to \d+, got 0$/],
  ],
  [
    'a negative number of virtual users',
    ['executor: constant-vus', 'vus: -2', 'duration: 10s'],
    [1, 'vus', /expected a whole number from 1 to 1000000, got -2$/],
  ],
  [
    'no duration',
    ['executor: constant-vus', 'vus: 1', 'duration: 0s'],
    [2, 'duration', 'expected at least 1000 ms, got "0s"'],
  ],
  [
    'a negative duration',
    ['executor: constant-vus', 'vus: 1', 'duration: -5s'],
    [2, 'duration', 'expected a duration such as "30s" or "1h30m", got "-5s"'],
  ],
  [
    'a rate of zero',
    ['executor: constant-arrival-rate', 'rate: 0', 'duration: 10s', 'preAllocatedVUs: 1'],
    [1, 'rate', /expected a number above 0 and up to 1000000, got 0$/],
  ],
  [
    'a negative rate',
    ['executor: constant-arrival-rate', 'rate: -1', 'duration: 10s', 'preAllocatedVUs: 1'],
    [1, 'rate', /expected a number above 0 and up to 1000000, got -1$/],
  ],
  [
    'no virtual users for a rate',
    ['executor: constant-arrival-rate', 'rate: 1', 'duration: 10s', 'preAllocatedVUs: 0'],
    [3, 'preAllocatedVUs', /expected a whole number from 1 to \d+, got 0$/],
  ],
  [
    'maxVUs below preAllocatedVUs',
    ['executor: constant-arrival-rate', 'rate: 1', 'duration: 10s', 'preAllocatedVUs: 5', 'maxVUs: 4'],
    [4, 'maxVUs', 'expected at least preAllocatedVUs (5), got 4'],
  ],
  ['no stages', ['executor: ramping-vus', 'stages: []'], [1, 'stages', 'expected at least one stage']],
  [
    'stages of no length',
    ['executor: ramping-vus', 'stages:', '  - { duration: 0s, target: 5 }', '  - { duration: 0s, target: 9 }'],
    [1, 'stages', 'expected at least one stage that is longer than 0s'],
  ],
  [
    'a stage of negative length',
    ['executor: ramping-vus', 'stages:', '  - { duration: 10s, target: 5 }', '  - { duration: -5s, target: 9 }'],
    [3, 'stages[1].duration', 'expected a duration such as "30s" or "1h30m", got "-5s"'],
  ],
  [
    'a stage with a start time of its own',
    [
      'executor: ramping-vus',
      'stages:',
      '  - { duration: 10s, target: 5 }',
      '  - { duration: 5s, target: 9, startTime: 5s }',
    ],
    [3, 'stages[1].startTime', 'unknown key "startTime": expected one of duration, target'],
  ],
  [
    'stages without virtual users',
    ['executor: ramping-vus', 'stages: [{ duration: 10s, target: 0 }]'],
    [1, 'stages', 'expected a target or startVUs above 0; otherwise nothing starts'],
  ],
  [
    'stages with half a virtual user',
    ['executor: ramping-vus', 'stages: [{ duration: 10s, target: 0.5 }]'],
    [1, 'stages[0].target', 'expected a whole number from 0 to 1000000, got 0.5'],
  ],
  [
    'stages without a rate',
    ['executor: ramping-arrival-rate', 'preAllocatedVUs: 1', 'stages: [{ duration: 10s, target: 0 }]'],
    [2, 'stages', 'expected a target or startRate above 0; otherwise nothing starts'],
  ],
  [
    'stages with a negative rate',
    ['executor: ramping-arrival-rate', 'preAllocatedVUs: 1', 'stages: [{ duration: 10s, target: -1 }]'],
    [2, 'stages[0].target', /expected a number from 0 to 1000000, got -1$/],
  ],
  [
    'no iterations',
    ['executor: shared-iterations', 'vus: 1', 'iterations: 0'],
    [2, 'iterations', /expected a whole number from 1 to \d+, got 0$/],
  ],
  [
    'keys of another executor',
    ['executor: constant-vus', 'vus: 1', 'duration: 10s', 'rate: 5', 'startTme: 1m'],
    [3, 'rate', 'unknown key "rate" with this executor; only constant-arrival-rate can have it'],
    [4, 'startTme', 'unknown key "startTme": did you mean "startTime"?'],
  ],
  [
    'a misspelt executor',
    ['executor: constant-vu', 'vus: 0', 'duration: 10s'],
    [
      0,
      'executor',
      /^expected executor to be one of constant-vus, .*, got "constant-vu": did you mean "constant-vus"\?$/,
    ],
    [1, 'vus', /expected a whole number from 1 to 1000000, got 0/],
  ],
  [
    'think time without a second call',
    [
      'executor: constant-arrival-rate',
      'rate: 1',
      'duration: 10s',
      'preAllocatedVUs: 1',
      'thinkTime: { type: constant, duration: 1s }',
    ],
    [4, 'thinkTime', /^expected no thinkTime: starts come at a rate/],
  ],
];

for (const [name, lines, ...expected] of CASES) {
  it(`refuses ${name}, with path and line`, () => {
    const text = HEAD + lines.map((line) => `    ${line}\n`).join('') + STEPS;
    const found = problemsIn(text);
    assert.deepEqual(
      found.map(({ path, line }) => ({ path, line })),
      expected.map(([line, path]) => ({ path: `scenarios.calls.${path}`, line: FIRST_LINE + line })),
      JSON.stringify(found),
    );
    for (const [index, [, , message]] of expected.entries()) {
      const said = found[index]?.message ?? '';
      if (typeof message === 'string') assert.equal(said, message);
      else assert.match(said, message);
    }
  });
}

const ofArrival = { vus: undefined, preAllocatedVUs: 10 };

it('refuses more starts than samples can number', () => {
  const constant = { ...ofArrival, executor: 'constant-arrival-rate', rate: 20_000 };
  assert.deepEqual(problemsOf({ scenario: { ...constant, duration: '59h' } }), []);
  assert.deepEqual(problemsOf({ scenario: { ...constant, duration: '60h' } }), [
    'scenarios.calls.executor: expected at most 4294967295 starts, got 4320000000',
  ]);
  const stages = [
    { duration: '60h', target: 20_000 },
    { duration: '30h', target: 20_000 },
  ];
  const ramping = { ...ofArrival, executor: 'ramping-arrival-rate', duration: undefined, stages };
  assert.deepEqual(problemsOf({ scenario: ramping }), [
    'scenarios.calls.executor: expected at most 4294967295 starts, got 4320000000',
  ]);
});

it('refuses more iterations than can be dropped in one moment', () => {
  const scenario = { executor: 'per-vu-iterations', vus: 1000, duration: undefined };
  assert.deepEqual(problemsOf({ scenario: { ...scenario, iterations: 10_000 } }), []);
  assert.deepEqual(problemsOf({ scenario: { ...scenario, iterations: 10_001 } }), [
    'scenarios.calls.iterations: expected vus times iterations to be at most 10000000, got 10001000',
  ]);
});
