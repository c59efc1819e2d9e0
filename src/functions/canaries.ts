import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { app, type InvocationContext } from '@azure/functions';
import * as df from 'durable-functions';
import { parsePlan } from '../plan/parse-plan.ts';
import { policyRefusals, refusalSentence } from '../plan/policy.ts';
import { problemText } from '../plan/problem.ts';
import { type CreatedRun, createRun } from '../run/create-run.ts';
import { isActive } from '../run/run-documents.ts';
import { relativeFileReader } from '../run/text-file.ts';
import { appContext, policy } from './app-context.ts';
import { startOrchestration } from './orchestration-client.ts';

const plansFolder = join(appRoot(), 'plans');
const readFile = relativeFileReader(plansFolder);

for (const file of readdirSync(plansFolder).filter((name) => /\.(ya?ml|json)$/i.test(name))) registerCanary(file);

/** Registers a timer for a plan with a schedule. A plan that is not valid or not allowed gets none; the log says why. */
function registerCanary(file: string): void {
  const text = readFileSync(join(plansFolder, file));
  const parsed = parsePlan(text, readFile);
  if (!parsed.ok) {
    const [first] = parsed.problems;
    const problem = `line ${first?.line}: ${first && problemText(first)}`;
    console.error(`plans/${file} gets no timer, because it is not a valid plan: ${problem}`);
    return;
  }
  const { name, schedule } = parsed.plan;
  if (schedule === undefined) return;
  const refusals = policyRefusals(parsed.plan, policy).map((refusal) => refusalSentence(refusal, policy));
  if (refusals.length > 0) {
    console.warn(`Canary ${name} gets no timer, because its plan is not allowed here: ${refusals.join(' ')}`);
    return;
  }
  app.timer(`canary-${name}`, {
    schedule,
    extraInputs: [df.input.durableClient()],
    handler: (_, invocation) => startCanary(name, text, invocation),
  });
}

/** Starts the next run of a canary, unless the previous one is still active. */
async function startCanary(name: string, text: Uint8Array, invocation: InvocationContext): Promise<void> {
  const context = await appContext();
  const [last] = await context.store.listRuns({ planName: name, limit: 1 });
  if (last !== undefined && isActive(last, context.clock.now(), policy.maxDurationMs)) {
    invocation.warn(`Canary ${name} is skipped, because its run ${last.runId} is still ${last.state}.`);
    return;
  }
  const created = await createRun(context, { text, readFile, trigger: 'canary', startedBy: 'timer' });
  const reason = whyNotNow(created);
  if (reason !== undefined) {
    invocation.warn(`Canary ${name} is skipped: ${reason}`);
    return;
  }
  if (!('record' in created)) throw new Error(`Canary ${name} could not be started: ${JSON.stringify(created)}`);
  await startOrchestration(df.getClient(invocation), created.record.runId);
  invocation.log(`Canary ${name} started run ${created.record.runId}.`);
}

/** Why a run must not start at present; undefined if it has started or can never start. */
function whyNotNow(created: CreatedRun): string | undefined {
  if (created.outcome === 'standstill') return created.message;
  return created.outcome === 'no-room' ? created.problems.map(problemText).join(' ') : undefined;
}

/** The folder of host.json and the plans: the deployed bundle's own, or the root of a checkout. */
function appRoot(): string {
  for (let folder = import.meta.dirname; ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'host.json'))) return folder;
    if (folder === dirname(folder)) throw new Error(`There is no host.json in ${import.meta.dirname} or above it.`);
  }
}
