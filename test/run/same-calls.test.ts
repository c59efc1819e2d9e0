import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { legacyServer, startMcpServer } from '../support/mcp-server.ts';
import { runPlan } from './run-plan.ts';

/** What one call asked for; all that it drew. */
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
/** Virtual users that set the pace, so that what each of them does in which iteration is planned. */
const OWN_PACE = { vu: '{{$vu}}', iteration: '{{$iteration}}', own: '{{own}}', ...DRAWN };
/** Who does an iteration hangs on who is free. */
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
    scenario: { rate: 40, duration: '1s', preAllocatedVUs: 8, maxVUs: 16, ...scenarioOf(WHOEVER) },
    all: true,
  },
  'ramping-arrival-rate': {
    scenario: { startRate: 10, stages: [{ duration: '1s', target: 60 }], preAllocatedVUs: 16, ...scenarioOf(WHOEVER) },
    all: true,
  },
  'per-vu-iterations': { scenario: { vus: 4, iterations: 6, ...scenarioOf(OWN_PACE) }, all: true },
  'shared-iterations': { scenario: { vus: 4, iterations: 25, ...scenarioOf(WHOEVER) }, all: true },
};

describe('the same seed makes the same calls whatever the number of lanes', () => {
  for (const [executor, { scenario, all }] of Object.entries(EXECUTORS)) {
    test(executor, { timeout: 20_000 }, async (t) => {
      const askedIn = async (sizing: { vusPerLane: number; ratePerLane: number }, seed = 7) => {
        const server = await startMcpServer(legacyServer);
        t.after(() => server.close());
        const { report } = await runPlan(
          server.origin,
          { calls: { executor, ...scenario } },
          { feeds: FEEDS, seed },
          sizing,
        );
        assert.equal(report.totals.failures, 0);
        const asked = server.of('tools/call').map(({ params }) => params.arguments as Asked);
        return { lanes: report.generator.slices.planned, byIteration: callsByIteration(asked) };
      };
      const one = await askedIn({ vusPerLane: 100, ratePerLane: 1000 });
      const four = await askedIn({ vusPerLane: 1, ratePerLane: 1 });
      assert.equal(one.lanes, 1);
      assert.ok(four.lanes >= 4, String(four.lanes));
      if (all) assert.deepEqual([...four.byIteration.keys()].toSorted(), [...one.byIteration.keys()].toSorted());
      let same = 0;
      for (const [iteration, calls] of one.byIteration) {
        const others = four.byIteration.get(iteration);
        // Where virtual users set the pace, how far each gets is the target's doing, the last iteration of each included.
        if (others === undefined || (!all && others.length !== calls.length)) continue;
        assert.deepEqual(others, calls, iteration);
        same++;
      }
      assert.ok(same >= 20, `only ${same} iterations in common`);
      const uuids = [...one.byIteration.values()].flat().map(({ uuid }) => uuid);
      assert.equal(new Set(uuids).size, uuids.length, 'no two calls draw the same');
    });
  }
});

/** The calls of every iteration, in their order. */
function callsByIteration(asked: readonly Asked[]): Map<string, Asked[]> {
  return Map.groupBy(asked, ({ vu, iteration }) => `vu ${vu}, iteration ${iteration}`);
}
