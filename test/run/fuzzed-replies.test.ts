import { it } from 'node:test';
import { fuzzPreflight, fuzzSessions } from './fuzzed-replies.ts';

it('ends every request of a session in an outcome, whatever the server replies', (t) => fuzzSessions(t, 60));

it('says what is wrong with a target in preflight, whatever the server replies', (t) => fuzzPreflight(t, 40));
