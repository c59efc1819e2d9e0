import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { problems, YAML } from './refused-plan.ts';

const HEAD = YAML.slice(0, YAML.indexOf('    executor:'));
const STEPS = '    steps:\n      - tool: look\n';
/** The line that the scenario's own keys begin at. */
const FIRST_LINE = HEAD.split('\n').length;

/** Keys of a scenario, a line each, with the lines' problems: number of the line from 0, path in the scenario, message. */
const CASES: readonly (readonly [string, readonly string[], ...(readonly [number, string, string | RegExp])[]])[] = [
  [
    'no virtual users',
    ['executor: constant-vus', 'vus: 0', 'duration: 10s'],
    [1, 'vus', /expected number to be >=1, got 0/],
  ],
  [
    'less than none',
    ['executor: constant-vus', 'vus: -2', 'duration: 10s'],
    [1, 'vus', /expected number to be >=1, got -2/],
  ],
  [
    'no time',
    ['executor: constant-vus', 'vus: 1', 'duration: 0s'],
    [2, 'duration', 'expected at least 1000 ms, got "0s"'],
  ],
  [
    'a negative time',
    ['executor: constant-vus', 'vus: 1', 'duration: -5s'],
    [2, 'duration', 'expected a duration such as "30s" or "1h30m", got "-5s"'],
  ],
  [
    'a rate of zero',
    ['executor: constant-arrival-rate', 'rate: 0', 'duration: 10s', 'preAllocatedVUs: 1'],
    [1, 'rate', /expected number to be >0, got 0/],
  ],
  [
    'a negative rate',
    ['executor: constant-arrival-rate', 'rate: -1', 'duration: 10s', 'preAllocatedVUs: 1'],
    [1, 'rate', /expected number to be >0, got -1/],
  ],
  [
    'no virtual users for a rate',
    ['executor: constant-arrival-rate', 'rate: 1', 'duration: 10s', 'preAllocatedVUs: 0'],
    [3, 'preAllocatedVUs', /expected number to be >=1, got 0/],
  ],
  [
    'fewer virtual users at most than at first',
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
    'a stage that goes back in time, into the one before',
    ['executor: ramping-vus', 'stages:', '  - { duration: 10s, target: 5 }', '  - { duration: -5s, target: 9 }'],
    [3, 'stages[1].duration', 'expected a duration such as "30s" or "1h30m", got "-5s"'],
  ],
  [
    'a stage with a start of its own, over others',
    [
      'executor: ramping-vus',
      'stages:',
      '  - { duration: 10s, target: 5 }',
      '  - { duration: 5s, target: 9, startTime: 5s }',
    ],
    [3, 'stages[1].startTime', 'unknown key "startTime": expected one of duration, target'],
  ],
  [
    'stages without anybody',
    ['executor: ramping-vus', 'stages: [{ duration: 10s, target: 0 }]'],
    [1, 'stages', 'expected a target or startVUs above 0; otherwise nothing starts'],
  ],
  [
    'stages with half of somebody',
    ['executor: ramping-vus', 'stages: [{ duration: 10s, target: 0.5 }]'],
    [1, 'stages[0].target', 'expected a whole number, got 0.5'],
  ],
  [
    'stages without a rate',
    ['executor: ramping-arrival-rate', 'preAllocatedVUs: 1', 'stages: [{ duration: 10s, target: 0 }]'],
    [2, 'stages', 'expected a target or startRate above 0; otherwise nothing starts'],
  ],
  [
    'stages with a negative rate',
    ['executor: ramping-arrival-rate', 'preAllocatedVUs: 1', 'stages: [{ duration: 10s, target: -1 }]'],
    [2, 'stages[0].target', /expected number to be >=0, got -1/],
  ],
  [
    'no iterations',
    ['executor: shared-iterations', 'vus: 1', 'iterations: 0'],
    [2, 'iterations', /expected number to be >=1, got 0/],
  ],
  [
    'keys of another executor, which is named',
    ['executor: constant-vus', 'vus: 1', 'duration: 10s', 'rate: 5', 'startTme: 1m'],
    [3, 'rate', 'unknown key "rate" with this executor; only constant-arrival-rate can have it'],
    [4, 'startTme', 'unknown key "startTme": did you mean "startTime"?'],
  ],
  [
    'a misspelt executor',
    ['executor: constant-vu', 'vus: 1'],
    [0, 'executor', /^expected executor to be one of constant-vus, /],
  ],
  [
    'think time that nothing would make',
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

describe('a scenario is refused, with path and line, when it has', () => {
  for (const [name, lines, ...expected] of CASES) {
    it(name, () => {
      const text = HEAD + lines.map((line) => `    ${line}\n`).join('') + STEPS;
      const found = problems(text);
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
});
