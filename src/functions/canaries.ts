import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { app, type InvocationContext } from '@azure/functions';
import * as df from 'durable-functions';
import { parsePlan } from '../plan/parse-plan.ts';
import { policyRefusals, refusalSentence } from '../plan/policy.ts';
import { createRun } from '../run/create-run.ts';
import { isActive } from '../run/run-documents.ts';
import { relativeFileReader } from '../run/run-in-process.ts';
import { appContext, appRoot, policy } from './app-context.ts';
import { startOrchestration } from './orchestration-client.ts';

const folder = join(appRoot(), 'plans');
const readFile = relativeFileReader(folder);

for (const file of readdirSync(folder).filter((name) => name.endsWith('.yaml'))) {
  const text = readFileSync(join(folder, file), 'utf8');
  const parsed = parsePlan(text, readFile);
  if (!parsed.ok) {
    const [first] = parsed.problems;
    console.error(
      `plans/${file} is no valid plan and gets no timer: line ${first?.line}: ${first?.path}: ${first?.message}`,
    );
    continue;
  }
  const { name, schedule } = parsed.plan;
  if (schedule === undefined) continue;
  const refusals = policyRefusals(parsed.plan, policy).map((refusal) => refusalSentence(refusal, policy));
  if (refusals.length > 0) {
    console.warn(`The canary ${name} gets no timer here: ${refusals.join(' ')}`);
    continue;
  }
  app.timer(`canary-${name}`, {
    schedule,
    extraInputs: [df.input.durableClient()],
    handler: (_, invocation) => startCanary(name, text, invocation),
  });
}

/** Starts the plan's next run, unless the last one is still under way. */
async function startCanary(name: string, text: string, invocation: InvocationContext): Promise<void> {
  const context = await appContext();
  const [last] = await context.store.listRuns({ planName: name, limit: 1 });
  if (last !== undefined && isActive(last, context.clock.now(), policy.maxDurationMs)) {
    invocation.warn(`The canary ${name} is skipped: its run ${last.runId} is still ${last.state}.`);
    return;
  }
  const created = await createRun(context, { text, readFile, trigger: 'canary' });
  if (!('record' in created)) throw new Error(`The canary ${name} could not be started: ${JSON.stringify(created)}`);
  await startOrchestration(df.getClient(invocation), created.record.runId);
  invocation.log(`The canary ${name} started run ${created.record.runId}.`);
}
