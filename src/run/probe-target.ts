import type { Exchange } from '../mcp/http/exchange.ts';
import { MODERN_REVISION } from '../mcp/session/handshakes.ts';
import { isHttpSse } from '../mcp/session/is-http-sse.ts';
import type { Opened } from '../mcp/session/session.ts';
import type { Plan } from '../plan/plan-schema.ts';
import type { Target } from '../plan/target-schema.ts';
import type { ReportTarget } from '../report/report.ts';
import type { Outcome } from '../sample/outcome.ts';
import { planRedactor } from './plan-redactor.ts';
import type { RunContext } from './run-context.ts';
import { stepProblems } from './step-problems.ts';
import { openTargetClient, type TargetClient } from './target-client.ts';

/** What one session with a target showed: the target as it is, or why the plan cannot run against it. */
export type Visit = { readonly problems: readonly string[]; readonly target?: ReportTarget };

type Fault = { readonly operation: string; readonly outcome: Outcome; readonly message: string };

const CALLER = { vu: 0, iteration: 0 } as const;

/** Opens and closes one session with a target, in the era that it speaks, and holds what it offers against the plan. */
export async function visitTarget(context: RunContext, plan: Plan, name: string): Promise<Visit> {
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
