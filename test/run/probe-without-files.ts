import { closeSync, openSync } from 'node:fs';
import { problemText } from '../../src/plan/problem.ts';
import { probeTarget } from '../../src/run/probe-target.ts';
import { environmentSecrets } from '../../src/secrets/open-secrets.ts';
import { aPlan } from '../support/a-plan.ts';
import { testContext } from '../support/run-context.ts';

// Runs in a process of its own, because it opens every file that it can. Probes two targets before and after that, and
// prints the problems found. One target needs no token; the token endpoint of the other refuses connections.
const [url = '', tokenUrl = ''] = process.argv.slice(2);
const auth = { type: 'client-credentials', clientId: 'us', clientSecret: 'ours', tokenUrl };
const web = { url, allowWrites: ['look'] };
const plan = aPlan({ plan: { targets: { web, guarded: { url, auth } } }, idle: ['guarded'] });

async function probe() {
  const context = testContext({ secrets: environmentSecrets({ SURGE_SECRET_OURS: 'secret' }) });
  const problemsOf = async (name: string) => (await probeTarget(context, plan, name)).problems.map(problemText);
  return { web: await problemsOf('web'), guarded: await problemsOf('guarded') };
}

const before = await probe();
const taken: number[] = [];
let refusal = '';
while (refusal === '') {
  try {
    taken.push(openSync('/dev/null', 'r'));
  } catch (error) {
    refusal = (error as NodeJS.ErrnoException).code ?? String(error);
  }
}
const without = await probe();
for (const file of taken) closeSync(file);
console.log(JSON.stringify({ refusal, before, without }));
