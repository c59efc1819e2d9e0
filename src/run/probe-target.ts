import type { Exchange } from '../mcp/http/exchange.ts';
import { isHttpSse } from '../mcp/session/find-revision.ts';
import { MODERN_REVISION } from '../mcp/session/handshakes.ts';
import type { Opened } from '../mcp/session/session.ts';
import type { Plan } from '../plan/plan-schema.ts';
import type { ListName, Step } from '../plan/step-schema.ts';
import type { Target } from '../plan/target-schema.ts';
import type { ReportTarget } from '../report/report.ts';
import type { Outcome } from '../sample/outcome.ts';
import type { Clock } from '../traffic/clock.ts';
import { planRedactor, type RunContext } from './run-context.ts';
import { openTargetClient, type TargetClient } from './target-client.ts';

/** What one session with a target showed: the target's description, or why the plan cannot run against it. */
type ProbeResult = { readonly problems: readonly string[]; readonly target?: ReportTarget };

/** A request that ended a probe. */
type Fault = { readonly operation: string; readonly outcome: Outcome; readonly message: string };

const CALLER = { vu: 0, iteration: 0 } as const;

/** Opens and closes one session with a target, in the era that it speaks, and compares what it offers with the plan. */
export async function probeTarget(context: RunContext, plan: Plan, name: string): Promise<ProbeResult> {
  const target = plan.targets[name] as Target;
  const operations: string[] = [];
  const redactor = await planRedactor(plan, context.secrets);
  const client = await openTargetClient(context, {
    name,
    target,
    purpose: 'preflight',
    onExchange: () => {},
    operation: (operation) => operations.push(operation) - 1,
    redactor,
  }).catch((error: unknown) => (error instanceof Error ? error : new Error(String(error))));
  if (client instanceof Error) return { problems: [`targets.${name}: ${client.message}`] };
  try {
    const opened = await openOnce(client, (exchange) => operations[exchange.sample.operation] as string, context.clock);
    if ('facts' in opened) {
      const { facts, capabilities } = opened;
      return {
        problems: stepProblems(plan, name, opened),
        target: { name, url: shownUrl(target.url), ...facts, capabilities, notes: toolNotes(plan, name, opened) },
      };
    }
    // A server's error message may contain the secret that we sent.
    return { problems: [faultProblem(name, target, { ...opened, message: redactor.redact(opened.message) })] };
  } finally {
    await client.close();
  }
}

const HTTP_SSE = {
  outcome: 'PROTO_VERSION',
  message: 'it answers GET with an `endpoint` event: this is HTTP+SSE, the transport of revision 2024-11-05',
} as const;

/** Finds out the target's era, and opens and closes one session. */
async function openOnce(
  client: TargetClient,
  operationOf: (exchange: Exchange) => string,
  clock: Clock,
): Promise<Opened | Fault> {
  const revision = await client.findRevision();
  if (revision.era === 'unknown') return { operation: 'server/discover', ...revision };
  const session = client.openSession(
    client.ended,
    revision.era === 'modern' ? { protocolVersion: MODERN_REVISION, ...revision.discovery } : undefined,
  );
  const opened = await session.open(CALLER);
  if (!('failed' in opened)) {
    await session.close(CALLER);
    return opened;
  }
  const { failed } = opened;
  if (await isHttpSse(client.connection, failed, clock)) return { ...HTTP_SSE, operation: operationOf(failed) };
  return { operation: operationOf(failed), outcome: failed.outcome, message: failed.message };
}

/** What is wrong with the descriptions of tools that the plan calls. */
function toolNotes(plan: Plan, name: string, { tools }: Opened): string[] {
  const called = new Set(
    Object.values(plan.scenarios)
      .filter(({ target }) => target === name)
      .flatMap(({ steps }) => steps.map(({ tool }) => tool)),
  );
  return tools.flatMap((tool) =>
    called.has(tool.name) && tool.note !== undefined ? [`Tool ${tool.name} of ${name}: ${tool.note}.`] : [],
  );
}

function faultProblem(name: string, target: Target, { operation, outcome, message }: Fault): string {
  const detail = message === '' ? '' : ` (${message.replace(/\s+/g, ' ').slice(0, 200)})`;
  return `targets.${name}: ${operation} at ${shownUrl(target.url)} ended in ${outcome}${detail}. ${adviceFor(outcome)}`;
}

/** A target's URL without its query, which may contain a key. */
function shownUrl(url: string): string {
  const { origin, pathname } = new URL(url);
  return origin + pathname;
}

function adviceFor(outcome: Outcome): string {
  if (outcome === 'NET_FORBIDDEN') return 'The operator of this installation decides which addresses are allowed.';
  if (outcome === 'CLIENT_LIMIT')
    return "This is not a problem of the target. Raise this machine's limit on open files, or end the programs that use them up.";
  if (outcome.startsWith('NET_')) return 'Is the server running, and is this its address?';
  if (outcome.startsWith('AUTH_')) return "Check the target's auth and the secret that it names.";
  if (outcome.startsWith('TMO_')) return 'The server accepted the connection but did not answer in time.';
  if (outcome === 'PROTO_VERSION')
    return 'mcp-surge speaks Streamable HTTP, revisions 2025-03-26 to 2026-07-28. Servers often offer it at another path, such as /mcp.';
  if (outcome === 'SESS_REFUSED') return 'The server accepts no more sessions. Close some, or try again later.';
  if (outcome === 'HTTP_404' || outcome === 'HTTP_405') return "Check the URL's path: this is not an MCP endpoint.";
  return 'The server does not speak MCP over Streamable HTTP in a form that mcp-surge understands.';
}

/**
 * What the plan's steps need that the target does not have or the plan does not allow. Each sentence says how to fix it;
 * empty if all steps can run. Only tools are checked by name; of other steps, whether the target has that capability.
 */
export function stepProblems(plan: Plan, targetName: string, opened: Opened): string[] {
  return Object.entries(plan.scenarios).flatMap(([name, { target, steps }]) => {
    if (target !== targetName) return [];
    if (steps.length === 0) return sessionProblems(name, targetName, opened);
    return steps.flatMap((step, index) => {
      const found = stepProblem(step, plan.targets[targetName] as Target, targetName, opened);
      return found === undefined ? [] : [`scenarios.${name}.steps[${index}].${found.key}: ${found.problem}`];
    });
  });
}

/** MCP 2026-07-28 has no sessions: a scenario that only opens, holds and closes them would measure nothing. */
function sessionProblems(scenario: string, targetName: string, { facts }: Opened): string[] {
  if (facts.protocolVersion !== MODERN_REVISION) return [];
  return [
    `scenarios.${scenario}.steps: ${targetName} speaks ${MODERN_REVISION}, which has no sessions to open, close or hold. ` +
      `Add a step, or name an older revision in targets.${targetName}.protocol if the server supports one.`,
  ];
}

type StepProblem = { readonly key: keyof Step; readonly problem: string };

function stepProblem(step: Step, target: Target, targetName: string, opened: Opened): StepProblem | undefined {
  if (step.tool !== undefined) {
    const problem = toolProblem(step.tool, target, targetName, opened);
    return problem === undefined ? undefined : { key: 'tool', problem };
  }
  const { protocolVersion } = opened.facts;
  if (step.ping !== undefined) {
    if (protocolVersion !== MODERN_REVISION) return undefined;
    return { key: 'ping', problem: `${targetName} speaks ${protocolVersion}, which has no ping. Remove the step.` };
  }
  const [key, capability] = capabilityOf(step);
  if (opened.capabilities.includes(capability)) return undefined;
  const offered = opened.capabilities.join(', ') || 'nothing';
  return { key, problem: `${targetName} does not offer ${capability}; it offers ${offered}. Remove the step.` };
}

/** The server capability that each list belongs to (MCP, "Capability Negotiation"). */
const CAPABILITY_OF_LIST: Readonly<Record<ListName, string>> = {
  tools: 'tools',
  resources: 'resources',
  'resource-templates': 'resources',
  prompts: 'prompts',
};

function capabilityOf({ resource, prompt, list }: Step): [key: keyof Step, capability: string] {
  if (resource !== undefined) return ['resource', 'resources'];
  if (prompt !== undefined) return ['prompt', 'prompts'];
  return list === undefined ? ['complete', 'completions'] : ['list', CAPABILITY_OF_LIST[list]];
}

function toolProblem(name: string, target: Target, targetName: string, opened: Opened): string | undefined {
  const tool = opened.tools.find((candidate) => candidate.name === name);
  if (tool === undefined) {
    const known = opened.tools.map((candidate) => candidate.name).join(', ');
    return `${targetName} has no tool "${name}". ${known === '' ? 'It has no tools.' : `Its tools: ${known}.`}`;
  }
  if (tool.invalid !== undefined && opened.facts.protocolVersion === MODERN_REVISION) {
    return (
      `clients of ${MODERN_REVISION} must not call "${name}", because ${targetName}'s description of it is invalid: ` +
      `${tool.invalid}. Ask the server's owner to fix it, or name an older revision in targets.${targetName}.protocol.`
    );
  }
  if (tool.readOnly || target.allowWrites.includes(name)) return undefined;
  return (
    `${targetName} does not mark "${name}" with readOnlyHint, so it may change something. ` +
    `To call it anyway, add it to targets.${targetName}.allowWrites.`
  );
}
