import { it } from 'node:test';
import type { Hostility } from '../support/hostile-server.ts';
import { checkResult, startHostileProcess } from './hostile-process.ts';

// Those that took the most memory, hung or ended the process before there were limits. `npm run hostile` has all, each in a
// process of its own. A process keeps some memory of one server for the next one, so there are several.
const WORST: readonly (readonly Hostility[])[] = [
  ['a reply nested 5,000 deep', 'a pattern that backtracks for ever', '2^30 nested alternatives'],
  ['replies of 60 MB'],
  ['a list of 130,000 tools', 'cursors of 5 MB'],
  ['pings without end on the stream for messages', 'names that are no texts'],
];

for (const group of WORST) {
  it(`survives 20 virtual users with ${group.join(', ')}`, { timeout: 60_000 }, async (t) => {
    const { load } = await startHostileProcess(t);
    for (const hostility of group) checkResult(hostility, await load(hostility));
  });
}
