import type { Exchange } from '../mcp/http/exchange.ts';
import { isHttpSse } from '../mcp/session/find-revision.ts';
import { MODERN_REVISION } from '../mcp/session/handshakes.ts';
import type { Opened } from '../mcp/session/session.ts';
import type { Plan } from '../plan/plan-schema.ts';
import type { ListName, Step } from '../plan/step-schema.ts';
import type { Target } from '../plan/target-schema.ts';
import type { ReportTarget } from '../report/report.ts';
import type { Outcome } from '../sample/outcome.ts';
import { planRedactor, type RunContext } from './run-context.ts';
import { openTargetClient, type TargetClient } from './target-client.ts';

/** The server capability that each list belongs to (MCP, "Capability Negotiation"). */
const CAPABILITY_OF_LIST: Readonly<Record<ListName, string>> = {
  tools: 'tools',
  resources: 'resources',
  'resource-templates': 'resources',
  prompts: 'prompts',
};

/**
 * What the plan's steps ask of a target that it does not have or that the plan does not allow, one sentence each with the
 * way out; empty when all can run. Only tools are known by name; of the rest, whether the target offers its kind.
 */
export function stepProblems(plan: Plan, targetName: string, opened: Opened): string[] {
  return Object.entries(plan.scenarios).flatMap(([name, { target, steps }]) => {
    if (target !== targetName) return [];
    if (steps.length === 0) return sessionProblem(name, targetName, opened);
    return steps.flatMap((step, index) => {
      const found = problemOf(step, plan.targets[targetName] as Target, targetName, opened);
      return found === undefined ? [] : [`scenarios.${name}.steps[${index}].${found.key}: ${found.problem}`];
    });
  });
}

/** MCP 2026-07-28 has no sessions: a scenario that only opens and closes or holds them would measure nothing. */
function sessionProblem(scenario: string, targetName: string, { facts }: Opened): string[] {
  if (facts.protocolVersion !== MODERN_REVISION) return [];
  return [
    `scenarios.${scenario}.steps: ${targetName} speaks ${MODERN_REVISION}, which has no sessions to open, close or hold; ` +
      `add a step, or name an older revision in targets.${targetName}.protocol if the server speaks one too.`,
  ];
}

type Found = { readonly key: keyof Step; readonly problem: string };

function problemOf(step: Step, target: Target, targetName: string, opened: Opened): Found | undefined {
  if (step.tool !== undefined) {
    const problem = toolProblem(step.tool, target, targetName, opened);
    return problem === undefined ? undefined : { key: 'tool', problem };
  }
  const { protocolVersion } = opened.facts;
  if (step.ping !== undefined) {
    if (protocolVersion !== MODERN_REVISION) return undefined;
    return { key: 'ping', problem: `${targetName} speaks ${protocolVersion}, which has no ping; take the step out.` };
  }
  const [key, capability] = capabilityOf(step);
  if (opened.capabilities.includes(capability)) return undefined;
  const offered = opened.capabilities.join(', ') || 'nothing';
  return { key, problem: `${targetName} does not offer ${capability}; it offers ${offered}. Take the step out.` };
}

function capabilityOf({ resource, prompt, list }: Step): [key: keyof Step, capability: string] {
  if (resource !== undefined) return ['resource', 'resources'];
  if (prompt !== undefined) return ['prompt', 'prompts'];
  return list === undefined ? ['complete', 'completions'] : ['list', CAPABILITY_OF_LIST[list]];
}

function toolProblem(name: string, target: Target, targetName: string, opened: Opened): string | undefined {
  const tool = opened.tools.find((candidate) => candidate.name === name);
  if (tool === undefined) {
    const known = opened.tools.map((candidate) => candidate.name).join(', ');
    return `${targetName} has no tool "${name}"; it has ${known || 'none'}.`;
  }
  if (tool.invalid !== undefined && opened.facts.protocolVersion === MODERN_REVISION) {
    return (
      `clients of ${MODERN_REVISION} must not call "${name}", as ${targetName} describes it: ${tool.invalid}; ` +
      'its owner must mend that, or the plan name an older protocol.'
    );
  }
  if (tool.readOnly || target.allowWrites.includes(name)) return undefined;
  return (
    `"${name}" is not marked readOnlyHint by ${targetName}, so it may change something; ` +
    `add it to targets.${targetName}.allowWrites to call it all the same.`
  );
}

/** What one session with a target showed: the target as it is, or why the plan cannot run against it. */
export type ProbeResult = { readonly problems: readonly string[]; readonly target?: ReportTarget };

type Fault = { readonly operation: string; readonly outcome: Outcome; readonly message: string };

const CALLER = { vu: 0, iteration: 0 } as const;

/** Opens and closes one session with a target, in the era that it speaks, and holds what it offers against the plan. */
export async function probeTarget(context: RunContext, plan: Plan, name: string): Promise<ProbeResult> {
  const target = plan.targets[name] as Target;
  const operations: string[] = [];
  const client = await openTargetClient(context, {
    name,
    target,
    purpose: 'preflight',
    onExchange: () => {},
    operation: (operation) => operations.push(operation) - 1,
  }).catch((error: unknown) => (error instanceof Error ? error : new Error(String(error))));
  if (client instanceof Error) return { problems: [`targets.${name}: ${client.message}`] };
  try {
    const opened = await openOnce(client, (exchange) => operations[exchange.operation] as string);
    if ('facts' in opened) {
      const { facts, capabilities } = opened;
      return {
        problems: stepProblems(plan, name, opened),
        target: { name, url: shownUrl(target.url), ...facts, capabilities, notes: toolNotes(plan, name, opened) },
      };
    }
    // A server may send a secret back in its error.
    const redact = await planRedactor(plan, context.secrets, () => client.authorizer.secretValues);
    return { problems: [faultOf(name, target, { ...opened, message: redact(opened.message) })] };
  } finally {
    await client.connection.close();
  }
}

/** Finds out the target's era and opens and closes one session. */
async function openOnce(client: TargetClient, operationOf: (exchange: Exchange) => string): Promise<Opened | Fault> {
  const revision = await client.findRevision();
  if (revision.era === 'unknown') return { operation: 'server/discover', ...revision };
  const session = client.openSession(
    revision.era === 'modern' ? { protocolVersion: MODERN_REVISION, ...revision.discovery } : undefined,
  );
  const opened = await session.open(CALLER);
  if (!('failed' in opened)) {
    await session.close(CALLER);
    return opened;
  }
  const { failed } = opened;
  if (await isHttpSse(client.connection, failed)) return { ...HTTP_SSE, operation: operationOf(failed) };
  return { operation: operationOf(failed), outcome: failed.outcome, message: failed.message };
}

/** What of the tools that the plan calls could not be made use of. */
function toolNotes(plan: Plan, name: string, { tools }: Opened): string[] {
  const called = new Set(
    Object.values(plan.scenarios)
      .filter(({ target }) => target === name)
      .flatMap(({ steps }) => steps.map(({ tool }) => tool)),
  );
  return tools.flatMap((tool) =>
    called.has(tool.name) && tool.note !== undefined ? [`Of ${name}'s tool ${tool.name}: ${tool.note}.`] : [],
  );
}

const HTTP_SSE = {
  outcome: 'PROTO_VERSION',
  message: 'it answers GET with an `endpoint` event: this is HTTP+SSE, the transport of revision 2024-11-05',
} as const;

function faultOf(name: string, target: Target, { operation, outcome, message }: Fault): string {
  const said = message === '' ? '' : ` (${message.replace(/\s+/g, ' ').slice(0, 200)})`;
  return `targets.${name}: ${operation} at ${shownUrl(target.url)} ended in ${outcome}${said}. ${adviceFor(outcome)}`;
}

/** A target's address without its query, which may hold a key. */
function shownUrl(url: string): string {
  const { origin, pathname } = new URL(url);
  return origin + pathname;
}

function adviceFor(outcome: Outcome): string {
  if (outcome === 'NET_FORBIDDEN') return 'The operator of this installation decides which addresses are allowed.';
  if (outcome === 'CLIENT_LIMIT')
    return 'This says nothing about the target: raise the limit of open files of this machine, or end what uses them up.';
  if (outcome.startsWith('NET_')) return 'Is the server up, and is this its address?';
  if (outcome.startsWith('AUTH_')) return "Check the target's auth and the secret that it names.";
  if (outcome.startsWith('TMO_')) return 'The server took the connection and gave no answer in time.';
  if (outcome === 'PROTO_VERSION')
    return 'mcp-surge speaks Streamable HTTP of 2025-03-26 to 2026-07-28; servers often offer it at another path, as /mcp.';
  if (outcome === 'SESS_REFUSED') return 'The server takes no further session now; end some, or try again later.';
  if (outcome === 'HTTP_404' || outcome === 'HTTP_405') return "Check the URL's path: this is no MCP endpoint.";
  return 'The server does not speak MCP over Streamable HTTP as this client knows it.';
}
