import type { Exchange } from '../mcp/exchange.ts';
import type { Opened } from '../mcp/session.ts';
import type { Plan } from '../plan/plan-schema.ts';
import { policyProblems } from '../plan/policy.ts';
import { layoutOf } from '../plan/slices.ts';
import type { Target } from '../plan/target-schema.ts';
import type { ReportTarget } from '../report/report.ts';
import type { RunSchedule } from '../store/run-record.ts';
import { once } from './once.ts';
import { planRedactor } from './plan-redactor.ts';
import type { RunContext } from './run-context.ts';
import { readPlan, readRun } from './run-documents.ts';
import { openTargetClient } from './target-client.ts';

/** Either the schedule of the run (and whether it was stopped before it began), or why there will be none. */
export type Preflight =
  | { readonly schedule: RunSchedule; readonly stopRequested: boolean }
  | { readonly problems: readonly string[] };

/**
 * Opens one session per target before any load: reachable, negotiates, authenticates, and has every tool that the plan
 * calls. Then fixes when the run starts and how it is divided. A fault ends the run with a sentence a person can act on.
 * @param holder names this delivery
 */
export async function preflight(context: RunContext, runId: string, holder: string): Promise<Preflight> {
  return once(context, {
    runId,
    unit: 'preflight',
    attempt: 0,
    holder,
    result: () => storedPreflight(context, runId),
    lastSignOfLife: async () => undefined,
    work: () => runPreflight(context, runId),
  });
}

async function storedPreflight({ store }: RunContext, runId: string): Promise<Preflight | undefined> {
  const { schedule, problems, stopRequested } = await readRun(store, runId);
  if (schedule !== undefined) return { schedule, stopRequested };
  return problems === undefined ? undefined : { problems };
}

async function runPreflight(context: RunContext, runId: string): Promise<Preflight> {
  const { store, clock } = context;
  await store.updateRun(runId, { state: 'preflight' });
  const plan = await readPlan(store, runId);
  const refusals = policyProblems(plan, context.policy);
  const visits =
    refusals.length > 0 ? [] : await Promise.all(Object.keys(plan.targets).map((name) => visit(context, plan, name)));
  const found = [...refusals, ...visits.flatMap(({ problems }) => problems)];
  if (found.length > 0) {
    // A server may send a secret back in its error.
    const issued = visits.flatMap(({ issuedTokens }) => issuedTokens);
    const redact = await planRedactor(plan, context.secrets, () => issued);
    const problems = found.map(redact);
    await store.updateRun(runId, { state: 'refused', problems, endedAt: new Date(clock.now()).toISOString() });
    return { problems };
  }
  const layout = layoutOf(plan, context.sizing);
  const startAtMs = Math.ceil(clock.now() + context.startDelayMs);
  const { lanes, windows, windowMs, durationMs } = layout;
  const schedule: RunSchedule = { startAtMs, endAtMs: startAtMs + durationMs, lanes, windows, windowMs };
  await store.updateRun(runId, { state: 'running', schedule, targets: visits.flatMap(({ target }) => target ?? []) });
  // Read only now: a stop that came before found no schedule, and leaves it to this to end the run.
  const { stopRequested } = await readRun(store, runId);
  return { schedule, stopRequested };
}

type Visit = {
  readonly problems: readonly string[];
  /** Access tokens that the target may have echoed. */
  readonly issuedTokens: readonly string[];
  readonly target?: ReportTarget;
};

/** Opens and closes one session with a target. */
async function visit(context: RunContext, plan: Plan, name: string): Promise<Visit> {
  const target = plan.targets[name] as Target;
  const seen: Exchange[] = [];
  const operations: string[] = [];
  const client = await openTargetClient(context, {
    name,
    target,
    purpose: 'preflight',
    onExchange: (exchange) => seen.push(exchange),
    operation: (operation) => operations.push(operation) - 1,
  }).catch((error: unknown) => (error instanceof Error ? error : new Error(String(error))));
  if (client instanceof Error) return { problems: [`targets.${name}: ${client.message}`], issuedTokens: [] };
  const caller = { vu: 0, iteration: 0 };
  const session = client.openSession();
  const opened = await session.open(caller);
  await session.close(caller);
  await client.connection.close();
  const issuedTokens = client.authorizer.secretValues;
  if (opened === undefined) {
    const failed = seen.findLast(({ outcome }) => outcome !== 'OK') as Exchange;
    return { problems: [faultOf(name, target, operations[failed.operation] as string, failed)], issuedTokens };
  }
  return {
    problems: toolProblems(plan, name, opened),
    issuedTokens,
    target: { name, url: target.url, ...opened.facts },
  };
}

function faultOf(name: string, target: Target, operation: string, { outcome, message }: Exchange): string {
  const said = message === '' ? '' : ` (${message.replace(/\s+/g, ' ').slice(0, 200)})`;
  return `targets.${name}: ${operation} at ${target.url} ended in ${outcome}${said}. ${adviceFor(outcome)}`;
}

function adviceFor(outcome: string): string {
  if (outcome.startsWith('NET_')) return 'Is the server up, and is this its address?';
  if (outcome.startsWith('AUTH_')) return "Check the target's auth and the secret that it names.";
  if (outcome.startsWith('TMO_')) return 'The server took the connection and gave no answer in time.';
  if (outcome === 'HTTP_404' || outcome === 'HTTP_405') return "Check the URL's path: this is no MCP endpoint.";
  return 'The server does not speak MCP over Streamable HTTP as this client knows it.';
}

function toolProblems(plan: Plan, targetName: string, { tools }: Opened): string[] {
  const target = plan.targets[targetName] as Target;
  const problems = new Set<string>();
  for (const [name, scenario] of Object.entries(plan.scenarios)) {
    if (scenario.target !== targetName) continue;
    scenario.steps.forEach((step, index) => {
      const path = `scenarios.${name}.steps[${index}].tool`;
      const tool = tools.find((candidate) => candidate.name === step.tool);
      if (tool === undefined) {
        const known = tools.map((candidate) => candidate.name).join(', ');
        problems.add(`${path}: ${targetName} has no tool "${step.tool}"; it has ${known || 'none'}.`);
      } else if (!tool.readOnly && !target.allowWrites.includes(step.tool)) {
        problems.add(
          `${path}: "${step.tool}" is not marked readOnlyHint by ${targetName}, so it may change something; ` +
            `add it to targets.${targetName}.allowWrites to call it all the same.`,
        );
      }
    });
  }
  return [...problems];
}
