import { it } from 'node:test';
import type { Hostility } from '../support/hostile-server.ts';
import { checkResult, startHostileProcess } from './hostile-process.ts';

// Those that took the most memory, hung or ended the process before there were limits. `npm run hostile` has all.
const WORST: readonly Hostility[] = [
  'a reply nested 5,000 deep',
  'a list of 130,000 tools',
  'a pattern that backtracks for ever',
  '2^30 nested alternatives',
  'replies of 60 MB',
  'cursors of 5 MB',
  'pings without end on the stream for messages',
  'names that are no texts',
];

it('survives hostile servers in one process with 20 virtual users, in time and with little memory', {
  timeout: 110_000,
}, async (t) => {
  const { load } = await startHostileProcess(t);
  for (const hostility of WORST) checkResult(hostility, await load(hostility));
});
