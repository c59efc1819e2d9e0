import assert from 'node:assert/strict';
import { it, type TestContext } from 'node:test';
import type { Sizing } from '../../src/plan/slices.ts';
import { legacyServer, startMcpServer } from '../support/mcp-server.ts';
import { runPlan } from './run-plan.ts';

/** The arguments of one call, including everything that it drew. */
type Asked = { readonly vu: number; readonly iteration: number; readonly [key: string]: unknown };

const ROWS = Array.from({ length: 1000 }, (_, index) => ({ name: `row ${index}` }));
const FEEDS = {
  turn: { rows: ROWS, order: 'sequential' },
  any: { rows: ROWS, order: 'random' },
  own: { rows: ROWS, order: 'unique' },
};
const DRAWN = {
  turn: '{{turn}}',
  any: '{{any.name}}',
  uuid: '{{$uuid}}',
  pick: '{{$pick(a,b,c)}}',
  n: '{{$integer(1,1000000)}}',
};
/** For executors in which virtual users set the pace: what each of them does in each iteration is planned. */
const OWN_PACE = { vu: '{{$vu}}', iteration: '{{$iteration}}', own: '{{own}}', ...DRAWN };
/** For executors in which an iteration is done by whichever virtual user is free. */
const WHOEVER = { vu: 0, iteration: '{{$iteration}}', ...DRAWN };

const scenarioOf = (args: object) => ({
  steps: [
    { tool: 'look', weight: 2, arguments: args },
    { tool: 'look', arguments: { ...args, other: '{{$words(2)}}' } },
  ],
  callsPerIteration: { min: 1, max: 3 },
});
const pace = { thinkTime: { type: 'uniform', range: { min: '5ms', max: '20ms' } } };

const EXECUTORS: Readonly<Record<string, { readonly scenario: object; readonly all: boolean }>> = {
  'constant-vus': { scenario: { vus: 4, duration: '1s', ...pace, ...scenarioOf(OWN_PACE) }, all: false },
  'ramping-vus': {
    scenario: {
      startVUs: 1,
      stages: [
        { duration: '600ms', target: 4 },
        { duration: '400ms', target: 4 },
      ],
      ...pace,
      ...scenarioOf(OWN_PACE),
    },
    all: false,
  },
  'constant-arrival-rate': {
    scenario: { rate: 40, duration: '1s', preAllocatedVUs: 40, maxVUs: 80, ...scenarioOf(WHOEVER) },
    all: true,
  },
  'ramping-arrival-rate': {
    scenario: { startRate: 10, stages: [{ duration: '1s', target: 60 }], preAllocatedVUs: 60, ...scenarioOf(WHOEVER) },
    all: true,
  },
  'per-vu-iterations': { scenario: { vus: 4, iterations: 6, ...scenarioOf(OWN_PACE) }, all: true },
  'shared-iterations': { scenario: { vus: 4, iterations: 25, ...scenarioOf(WHOEVER) }, all: true },
};

const oneSlice = { vusPerLane: 100, ratePerLane: 1000, windowMs: 60_000 };

/** Runs a scenario, and returns its calls. */
async function callsIn(t: TestContext, scenario: object, sizing: Partial<Sizing>) {
  const server = await startMcpServer(legacyServer);
  t.after(() => server.close());
  const plan = { feeds: FEEDS, seed: 7 };
  const { report } = await runPlan(server.origin, { calls: scenario }, plan, { ...oneSlice, ...sizing });
  assert.equal(report.totals.failures, 0);
  const calls = server.of('tools/call').map(({ params }) => params.arguments as Asked);
  return { slices: report.generator.slices.planned, calls, byIteration: callsByIteration(calls) };
}

for (const [executor, { scenario, all }] of Object.entries(EXECUTORS)) {
  const isArrival = executor.endsWith('arrival-rate');
  // A virtual user for each start, so that a busy machine drops none.
  const lanes = isArrival ? { vusPerLane: 20, ratePerLane: 20 } : { vusPerLane: 1, ratePerLane: 1 };
  const divisions: [what: string, sizing: Partial<Sizing>][] = [['lanes', lanes]];
  if (isArrival) divisions.push(['lanes or windows', { windowMs: 350 }]);
  it(`a seed makes the same calls for any number of ${divisions.at(-1)?.[0]} with ${executor}`, {
    timeout: 20_000,
  }, async (t) => {
    const one = await callsIn(t, { executor, ...scenario }, {});
    assert.equal(one.slices, 1);
    for (const [, sizing] of divisions) {
      const divided = await callsIn(t, { executor, ...scenario }, sizing);
      assert.ok(divided.slices >= 3, String(divided.slices));
      if (all) assert.deepEqual([...divided.byIteration.keys()].toSorted(), [...one.byIteration.keys()].toSorted());
      let same = 0;
      for (const [iteration, calls] of one.byIteration) {
        const others = divided.byIteration.get(iteration);
        // Where virtual users set the pace, the target decides how far each gets, also within its last iteration.
        if (others === undefined || (!all && others.length !== calls.length)) continue;
        assert.deepEqual(others, calls, iteration);
        same++;
      }
      // How far virtual users get in a second depends on the machine.
      assert.ok(same >= (all ? 20 : 6), `only ${same} iterations in common`);
    }
    const uuids = one.calls.map(({ uuid }) => uuid);
    assert.equal(new Set(uuids).size, uuids.length, 'no two calls draw the same');
  });
}

for (const executor of ['constant-vus', 'ramping-vus']) {
  it(`a seed makes other calls in each window with ${executor}`, { timeout: 20_000 }, async (t) => {
    const scenario = { executor, ...EXECUTORS[executor]?.scenario };
    const { slices, calls, byIteration } = await callsIn(t, scenario, { windowMs: 500 });
    assert.equal(slices, 2);
    const uuids = calls.map(({ uuid }) => uuid);
    assert.equal(new Set(uuids).size, uuids.length, 'no call of the first window is repeated');
    // Virtual user 0 works in both windows, and counts its iterations anew.
    const first = (byIteration.get('vu 0, iteration 0') ?? []).map(({ turn }) => turn);
    assert.equal(new Set(first).size, 1, 'both iterations have the same row of a sequential feed');
    assert.ok(first.length >= 2, 'virtual user 0 called in both windows');
  });
}

/** The calls of every iteration, in order. */
function callsByIteration(asked: readonly Asked[]): Map<string, Asked[]> {
  return Map.groupBy(asked, ({ vu, iteration }) => `vu ${vu}, iteration ${iteration}`);
}
