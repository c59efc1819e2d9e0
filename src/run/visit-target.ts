import type { Exchange } from '../mcp/exchange/exchange.ts';
import type { Opened } from '../mcp/session/session.ts';
import type { Plan } from '../plan/plan-schema.ts';
import type { Target } from '../plan/target-schema.ts';
import type { ReportTarget } from '../report/report.ts';
import { type Outcome, outcomeClass } from '../sample/outcome.ts';
import { planRedactor } from './plan-redactor.ts';
import type { RunContext } from './run-context.ts';
import { openTargetClient } from './target-client.ts';

/** What one session with a target showed: the target as it is, or why the plan cannot run against it. */
export type Visit = { readonly problems: readonly string[]; readonly target?: ReportTarget };

/** Opens and closes one session with a target, and holds its tools against the plan. */
export async function visitTarget(context: RunContext, plan: Plan, name: string): Promise<Visit> {
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
  if (client instanceof Error) return { problems: [`targets.${name}: ${client.message}`] };
  const caller = { vu: 0, iteration: 0 };
  const session = client.openSession();
  const opened = await session.open(caller);
  await session.close(caller);
  await client.connection.close();
  if (opened !== undefined) {
    return { problems: toolProblems(plan, name, opened), target: { name, url: shownUrl(target.url), ...opened.facts } };
  }
  // The first failure is the cause; a goodbye that fails after it is not.
  const failed = seen.find(({ outcome }) => outcomeClass(outcome) === 'failed');
  if (failed === undefined)
    return { problems: [`targets.${name}: the session with ${shownUrl(target.url)} could not be opened.`] };
  // A server may send a secret back in its error.
  const redact = await planRedactor(plan, context.secrets, () => client.authorizer.secretValues);
  return {
    problems: [faultOf(name, target, operations[failed.operation] as string, failed.outcome, redact(failed.message))],
  };
}

function faultOf(name: string, target: Target, operation: string, outcome: Outcome, message: string): string {
  const said = message === '' ? '' : ` (${message.replace(/\s+/g, ' ').slice(0, 200)})`;
  return `targets.${name}: ${operation} at ${shownUrl(target.url)} ended in ${outcome}${said}. ${adviceFor(outcome)}`;
}

/** A target's address without its query, which may hold a key. */
function shownUrl(url: string): string {
  const { origin, pathname } = new URL(url);
  return origin + pathname;
}

function adviceFor(outcome: Outcome): string {
  if (outcome.startsWith('NET_')) return 'Is the server up, and is this its address?';
  if (outcome.startsWith('AUTH_')) return "Check the target's auth and the secret that it names.";
  if (outcome.startsWith('TMO_')) return 'The server took the connection and gave no answer in time.';
  if (outcome === 'HTTP_404' || outcome === 'HTTP_405') return "Check the URL's path: this is no MCP endpoint.";
  return 'The server does not speak MCP over Streamable HTTP as this client knows it.';
}

function toolProblems(plan: Plan, targetName: string, { tools }: Opened): string[] {
  const target = plan.targets[targetName] as Target;
  const problems: string[] = [];
  for (const [name, scenario] of Object.entries(plan.scenarios)) {
    if (scenario.target !== targetName) continue;
    scenario.steps.forEach((step, index) => {
      const path = `scenarios.${name}.steps[${index}].tool`;
      const tool = tools.find((candidate) => candidate.name === step.tool);
      if (tool === undefined) {
        const known = tools.map((candidate) => candidate.name).join(', ');
        problems.push(`${path}: ${targetName} has no tool "${step.tool}"; it has ${known || 'none'}.`);
      } else if (!tool.readOnly && !target.allowWrites.includes(step.tool)) {
        problems.push(
          `${path}: "${step.tool}" is not marked readOnlyHint by ${targetName}, so it may change something; ` +
            `add it to targets.${targetName}.allowWrites to call it all the same.`,
        );
      }
    });
  }
  return problems;
}
