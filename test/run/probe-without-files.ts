import { closeSync, openSync } from 'node:fs';
import { probeTarget } from '../../src/run/probe-target.ts';
import { environmentSecrets } from '../../src/secrets/open-secrets.ts';
import { aPlan } from '../support/a-plan.ts';
import { testContext } from '../support/run-context.ts';

// A process of its own, as it takes every file that it may open: visits the target twice, with files left and without, and
// prints what the plan's problems are. The targets: one without a token, one whose token endpoint refuses connections.
const [url = '', tokenUrl = ''] = process.argv.slice(2);
const auth = { type: 'client-credentials', clientId: 'us', clientSecret: 'ours', tokenUrl };
const web = { url, allowWrites: ['look'] };
const plan = aPlan({ plan: { targets: { web, guarded: { url, auth } } } });

async function visit() {
  const context = testContext({ secrets: environmentSecrets({ SURGE_SECRET_OURS: 'secret' }) });
  const problemsOf = async (name: string) => (await probeTarget(context, plan, name)).problems;
  return { web: await problemsOf('web'), guarded: await problemsOf('guarded') };
}

const before = await visit();
const taken: number[] = [];
let refusal = '';
while (refusal === '') {
  try {
    taken.push(openSync('/dev/null', 'r'));
  } catch (error) {
    refusal = (error as NodeJS.ErrnoException).code ?? String(error);
  }
}
const without = await visit();
for (const file of taken) closeSync(file);
console.log(JSON.stringify({ refusal, before, without }));
