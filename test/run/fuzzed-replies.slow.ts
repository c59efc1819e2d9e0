import { it } from 'node:test';
import { fuzzPreflight, fuzzSessions } from './fuzzed-replies.ts';

// Run by `npm run fuzz`, separately from the other tests, because it takes minutes.

it('ends every request of 3,000 sessions in an outcome, whatever the server replies', (t) => fuzzSessions(t, 3000));

it('says what is wrong with a target in 2,000 preflights, whatever the server replies', (t) => fuzzPreflight(t, 2000));
