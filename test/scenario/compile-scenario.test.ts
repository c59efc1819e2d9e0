import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Scenario } from '../../src/plan/scenario-schema.ts';
import { compileScenario } from '../../src/scenario/compile-scenario.ts';
import { randomFor } from '../../src/traffic/random.ts';
import { aPlan } from '../support/a-plan.ts';

function chooserOf(steps: readonly object[]) {
  const plan = aPlan({ scenario: { steps } });
  return compileScenario(plan, plan.scenarios.calls as Scenario);
}

it('chooses steps as often as they weigh, of whatever kind', () => {
  const choose = chooserOf([{ tool: 'often', weight: 3 }, { ping: true }, { list: 'tools', weight: 0.0001 }]);
  const random = randomFor(7);
  const drawn = Array.from({ length: 10_000 }, () => choose(random).makeCall(random).operation);
  const often = drawn.filter((operation) => operation === 'tools/call:often').length;
  assert.ok(Math.abs(often / drawn.length - 0.75) < 0.025, String(often));
  assert.ok(drawn.includes('ping'));
});

it('finds a step for the least and the greatest number that can be drawn', () => {
  const choose = chooserOf([0.1, 0.2, 0.3, 1 / 3].map((weight, index) => ({ tool: `t${index}`, weight })));
  assert.equal(choose(() => 0).makeCall(() => 0).operation, 'tools/call:t0');
  assert.equal(choose(() => 1 - 2 ** -53).makeCall(() => 0).operation, 'tools/call:t3');
});
