import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Scenario } from '../../src/plan/scenario-schema.ts';
import { compileScenario } from '../../src/scenario/compile-scenario.ts';
import { randomFor } from '../../src/traffic/random.ts';
import { aPlan, type PlanParts } from '../support/a-plan.ts';

function chooserOf(parts: PlanParts) {
  const plan = aPlan(parts);
  return compileScenario(plan, plan.scenarios.calls as Scenario);
}

/** Judges a result whose only content is this text, by the step's checks. */
function judged(text: string, checks: readonly unknown[], softErrors: readonly unknown[] = []) {
  const choose = chooserOf({ target: { softErrors }, scenario: { steps: [{ tool: 'look', checks }] } });
  return choose(randomFor(1)).judge({ content: [{ type: 'text', text }] });
}

it('chooses steps as often as they weigh', () => {
  const steps = [{ tool: 'often', weight: 3 }, { tool: 'rarely' }, { tool: 'hardly', weight: 0.0001 }];
  const choose = chooserOf({ scenario: { steps } });
  const random = randomFor(7);
  const drawn = Array.from({ length: 10_000 }, () => choose(random).makeRequest(random).operation);
  const often = drawn.filter((operation) => operation === 'tools/call:often').length;
  assert.ok(Math.abs(often / drawn.length - 0.75) < 0.025, String(often));
});

it('finds a step for the least and the greatest number that can be drawn', () => {
  const steps = [0.1, 0.2, 0.3, 1 / 3].map((weight, index) => ({ tool: `t${index}`, weight }));
  const choose = chooserOf({ scenario: { steps } });
  assert.equal(choose(() => 0).makeRequest(() => 0).operation, 'tools/call:t0');
  assert.equal(choose(() => 1 - 2 ** -53).makeRequest(() => 0).operation, 'tools/call:t3');
});

it('finds an answer useful when every check holds', () => {
  assert.equal(judged('all is well', [{ contains: 'is' }, { matches: '^a.*l$' }, { notEmpty: true }]).outcome, 'OK');
});

it('names the check that does not hold, and shows the text', () => {
  const cases: [object, string][] = [
    [{ contains: 'gold' }, 'contains "gold"'],
    [{ matches: '^\\d+$' }, 'matches /^\\d+$/u'],
  ];
  for (const [check, name] of cases) {
    const { outcome, message } = judged('lead', [{ notEmpty: true }, check]);
    assert.equal(outcome, 'TOOL_ASSERT');
    assert.equal(message, `check failed: ${name}; the result's text is "lead"`);
  }
  assert.equal(judged(' \n', [{ notEmpty: true }]).outcome, 'TOOL_ASSERT');
});

it('lets an error that stands in an ordinary result win over checks', () => {
  const softErrors = [{ pattern: '^Monthly quota', outcome: 'TOOL_QUOTA' }, { pattern: '^Sorry' }];
  assert.equal(judged('Monthly quota exceeded', [{ contains: 'x' }], softErrors).outcome, 'TOOL_QUOTA');
  assert.equal(judged('Sorry', [{ contains: 'x' }], softErrors).outcome, 'TOOL_SOFT_ERROR');
});

it('keeps an empty result a warning, unless a check asks for more', () => {
  const empty = (checks: readonly unknown[]) =>
    chooserOf({ scenario: { steps: [{ tool: 'look', checks }] } })(randomFor(1)).judge({ content: [] }).outcome;
  assert.equal(empty([]), 'TOOL_EMPTY');
  assert.equal(empty([{ notEmpty: true }]), 'TOOL_ASSERT');
});
