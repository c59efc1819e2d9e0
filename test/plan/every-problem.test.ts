import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type PlanParts, problemsOf } from '../support/a-plan.ts';

const OF_ARRIVAL = { executor: 'constant-arrival-rate', vus: undefined, rate: 1, preAllocatedVUs: 4 };

/** Mistakes that are independent of each other, with the beginning of what must be said about each. */
const MISTAKES: readonly (readonly [parts: PlanParts, expected: string])[] = [
  [{ plan: { name: 'Not Good' } }, 'name: expected lower-case'],
  [{ plan: { seeed: 1 } }, 'seeed: unknown key "seeed": did you mean "seed"?'],
  [
    { target: { auth: { type: 'beerer', secret: 'a b', scop: 1 } } },
    'targets.web.auth.type: expected type to be one of',
  ],
  [{ target: { auth: { type: 'beerer', secret: 'a b' } } }, 'targets.web.auth.secret: expected the name of a secret'],
  [{ target: { protocol: '2025' } }, 'targets.web.protocol: '],
  [{ scenario: { executor: 'constnt-vus' } }, 'scenarios.calls.executor: expected executor to be one of'],
  [{ scenario: { vus: 0 } }, 'scenarios.calls.vus: '],
  [
    { scenario: { thinkTime: { type: 'unifrom', range: { min: '2s', max: '1s' } } } },
    'scenarios.calls.thinkTime.type: ',
  ],
  [
    { scenario: { thinkTime: { type: 'unifrom', range: { min: '2s', max: '1s' } } } },
    'scenarios.calls.thinkTime.range.min: expected min',
  ],
  [{ scenario: { gracefulStop: 'soon' } }, 'scenarios.calls.gracefulStop: expected a duration'],
  [{ scenario: { rate: 5 } }, 'scenarios.calls.rate: unknown key "rate" with this executor'],
  [
    { scenario: { steps: [{ tool: 'look', capture: { id: { pointer: '/a' } } }] } },
    'scenarios.calls.steps[0].capture: ',
  ],
  [{ plan: { feeds: { words: { values: [], order: 'randm' } } } }, 'feeds.words.order: '],
  [{ plan: { feeds: { words: { values: [], order: 'randm' } } } }, 'feeds.words.values: expected at least one value'],
  [{ plan: { warmUp: '1h' } }, "warmUp: expected less than the run's duration"],
  [
    { plan: { thresholds: { mcp_failures: ['rate<5'], useful_rate: 0.9 } } },
    'thresholds.mcp_failures[0]: expected a share',
  ],
  [{ plan: { thresholds: { mcp_failures: ['rate<5'], useful_rate: 0.9 } } }, 'thresholds.useful_rate: '],
];

describe('every problem of a plan is reported at the same time', () => {
  const TOGETHER = MISTAKES.flatMap((one, index) => MISTAKES.slice(index + 1).map((other) => [one, other] as const));
  // These need a valid duration, or are about the same key.
  const isApart = ([one]: (typeof MISTAKES)[number], [other]: (typeof MISTAKES)[number]) =>
    !(['plan', 'target', 'scenario'] as const).some((part) =>
      Object.keys(one[part] ?? {}).some((key) => key in (other[part] ?? {})),
    );

  for (const mistake of MISTAKES) {
    it(`finds by itself "${mistake[1]}"`, () => assertSaid(problemsOf(mistake[0]), mistake[1]));
  }

  it('finds any two mistakes together', () => {
    for (const [one, other] of TOGETHER.filter((pair) => isApart(...pair))) {
      const said = problemsOf({
        plan: { ...one[0].plan, ...other[0].plan },
        target: { ...one[0].target, ...other[0].target },
        scenario: { ...one[0].scenario, ...other[0].scenario },
      });
      // How long the run takes is unknown while a scenario is wrong.
      for (const expected of [one[1], other[1]]) if (!expected.startsWith('warmUp')) assertSaid(said, expected);
    }
  });

  it('finds contradictions of keys although other keys are wrong', () => {
    const said = problemsOf({
      scenario: { ...OF_ARRIVAL, maxVUs: 2, thinkTime: { type: 'none' }, startTime: 'later' },
    });
    assertSaid(said, 'scenarios.calls.maxVUs: expected at least preAllocatedVUs (4), got 2');
    assertSaid(said, 'scenarios.calls.startTime: ');
  });

  it('finds a missing secret although another key of the credentials is wrong', () => {
    const said = problemsOf({ target: { auth: { type: 'client-credentials', clientId: 'a', scope: 5 } } });
    assertSaid(said, 'targets.web.auth.clientSecret: missing');
    assertSaid(said, 'targets.web.auth.scope: ');
  });

  it('finds a feed with too few rows although the plan has another problem', () => {
    const feeds = { words: { values: ['a'], order: 'unique' } };
    const scenario = { vus: 3, steps: [{ tool: 'look', arguments: { q: '{{words}}' } }] };
    assertSaid(problemsOf({ scenario, plan: { feeds, name: 'Not Good' } }), 'feeds.words.order: words has 1 row, but');
  });
});

describe('an unknown variant', () => {
  const only = (parts: PlanParts) => {
    const said = problemsOf(parts);
    assert.equal(said.length, 1, said.join('\n'));
    return said[0] ?? '';
  };

  it('is named with the value found, and with the nearest name or all names', () => {
    assert.match(only({ target: { auth: { type: 'bearr', secret: 'a' } } }), /, got "bearr": did you mean "bearer"\?$/);
    assert.match(only({ target: { auth: { type: 'oauth2', clientId: 'a' } } }), /bearer, .*, got "oauth2"$/);
    assert.match(only({ target: { auth: { secret: 'a' } } }), /auth\.type: missing: expected type to be one of none, /);
    assert.match(only({ scenario: { executor: 'externally-controlled' } }), /, got "externally-controlled"$/);
    assert.match(only({ scenario: { executor: 7 } }), /shared-iterations, got 7$/);
    assert.match(only({ scenario: { executor: undefined } }), /executor: missing: expected executor to be one of/);
  });

  it('is not repeated where it may be a secret', () => {
    for (const type of ['Bearer eyJhbGciOi', 'ghp_1A2b3C4d5E', 'a'.repeat(40)]) {
      assert.doesNotMatch(only({ target: { auth: { type } } }), /got/);
    }
  });

  it('hides nothing that would be wrong with every variant, and claims nothing about one', () => {
    const parts = {
      executor: 'externally-controlled',
      vus: 0,
      maxDuration: 'soon',
      gracefulStop: 'soon',
      thinktime: {},
      steps: [],
    };
    const said = problemsOf({ scenario: parts, plan: { thresholds: { mcp_failures: ['rate<5'] } } });
    const paths = said.map((problem) => problem.slice(0, problem.indexOf(': '))).sort();
    assert.deepEqual(paths, [
      'scenarios.calls.executor',
      'scenarios.calls.gracefulStop',
      'scenarios.calls.thinktime',
      'thresholds.mcp_failures[0]',
    ]);
  });
});

it('checks very many unknown variants quickly', () => {
  const scenarios = Object.fromEntries(Array.from({ length: 5000 }, (_, index) => [`s${index}`, { executor: 'x' }]));
  const startMs = performance.now();
  assert.equal(problemsOf({ plan: { scenarios } }).length, 101);
  assert.ok(performance.now() - startMs < 20_000);
});

function assertSaid(said: readonly string[], expected: string): void {
  assert.ok(
    said.some((problem) => problem.startsWith(expected)),
    `expected "${expected}" in\n${said.join('\n')}`,
  );
}
