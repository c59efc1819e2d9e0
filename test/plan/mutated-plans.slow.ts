import assert from 'node:assert/strict';
import { it } from 'node:test';
import { parsePlan } from '../../src/plan/parse-plan.ts';
import { fuzzPlans } from './mutated-plans.ts';
import { NEARLY_PLANS, SLOW_TEXTS } from './slow-texts.ts';

// Run by `npm run fuzz`, separately from the other tests, because it takes minutes and measures time.

it('parses or refuses 10,000 changes of the shipped plans in time, and starts no run that the policy does not allow', (t) =>
  fuzzPlans(t, 10_000));

it('refuses a million characters that cannot be a plan within 300 ms, and any others within three seconds', (t) => {
  const slow = Object.entries(SLOW_TEXTS).flatMap(([name, text]) => {
    const source = text(990_000);
    // The best of three, because the machine may do other work.
    const tookMs = Math.min(...[1, 2, 3].map(() => cpuMs(() => parsePlan(source))));
    t.diagnostic(`${name}: ${tookMs} ms`);
    return tookMs < (NEARLY_PLANS.includes(name) ? 3000 : 300) ? [] : `${name}: ${tookMs} ms`;
  });
  assert.deepEqual(slow, []);
});

function cpuMs(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
