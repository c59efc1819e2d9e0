import { it } from 'node:test';
import { fuzzPlans } from './mutated-plans.ts';

// `npm run fuzz` checks many more.
it('parses or refuses every change of the shipped plans in time, and starts no run that the policy does not allow', (t) =>
  fuzzPlans(t, 150));
