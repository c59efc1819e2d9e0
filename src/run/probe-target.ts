import type { Exchange } from '../mcp/http/exchange.ts';
import { isHttpSse } from '../mcp/session/find-revision.ts';
import { MODERN_REVISION } from '../mcp/session/handshakes.ts';
import { FAREWELL_MS, type Opened } from '../mcp/session/session.ts';
import type { Plan } from '../plan/plan-schema.ts';
import { type Problem, shortened } from '../plan/problem.ts';
import type { Step } from '../plan/step-schema.ts';
import type { Target } from '../plan/target-schema.ts';
import { printable } from '../report/format.ts';
import type { Outcome } from '../sample/outcome.ts';
import type { RunTarget } from '../store/run-store.ts';
import type { Clock } from '../traffic/clock.ts';
import { calledTools, checkSteps, type Findings } from './check-steps.ts';
import { type EarlyEnd, NO_EARLY_END } from './early-end.ts';
import { adviceFor, HTTP_SSE, shownUrl, withoutMarkup } from './probe-advice.ts';
import { planRedactor, type RunContext } from './run-context.ts';
import { openTargetClient, type TargetClient } from './target-client.ts';
import { readTargetLists, type TargetLists } from './target-lists.ts';

/** What one session with a target showed: the target's description, and what the plan needs that the target lacks. */
type ProbeResult = Findings & { readonly target?: RunTarget };

/** A session that was opened, and what the target listed in it. */
type Visit = { readonly opened: Opened; readonly lists: TargetLists; readonly notes: readonly string[] };

/** A request that ended a probe. */
type Fault = {
  readonly operation: string;
  readonly outcome: Outcome;
  readonly message: string;
  /** What had failed before, so that only the era with sessions was left. */
  readonly before?: string | undefined;
};

type VisitOptions = {
  readonly clock: Clock;
  readonly operationOf: (exchange: Exchange) => string;
  /** Removes secrets from a text. */
  readonly redact: (text: string) => string;
};

/** A message can quote what a server lists. */
const MAX_CHARACTERS = 1200;
/** What a server said. */
const MAX_DETAIL_CHARACTERS = 200;
/** Why there is no token: sentences of our own, with every address that was tried. */
const MAX_TOKEN_CHARACTERS = 900;

/** A server may claim any number. */
const MOST_CAPABILITIES = 50;

const CALLER = { vu: 0, iteration: 0 } as const;

/**
 * Opens and closes one session with a target, in the era that it speaks, and compares what it offers with the plan.
 * @param end when it comes, requests in flight are cut; what cannot be cut is not waited for any longer
 */
export async function probeTarget(
  context: RunContext,
  plan: Plan,
  name: string,
  end: EarlyEnd = NO_EARLY_END,
): Promise<ProbeResult> {
  const { clock } = context;
  const over = new AbortController();
  const progress: Progress = { end, operation: undefined };
  const probing = probe(context, plan, name, progress).finally(() => over.abort());
  const givenUp = (async () => {
    await aborted(AbortSignal.any([end.signal, over.signal]));
    await clock.sleepUntil(clock.now() + FAREWELL_MS, over.signal);
    return over.signal.aborted ? probing : unfinished(context, plan, name, progress);
  })();
  return Promise.race([probing, givenUp]);
}

function aborted(signal: AbortSignal): Promise<unknown> {
  return signal.aborted
    ? Promise.resolve()
    : new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
}

/** How far a probe has come: the operation that it waits for, undefined before its first request. */
type Progress = { readonly end: EarlyEnd; operation: string | undefined };

/** The result of a probe that had to end before it was done. */
function unfinished({ timing }: RunContext, plan: Plan, name: string, { operation }: Progress): ProbeResult {
  const { url } = plan.targets[name] as Target;
  const waited = operation === undefined ? 'an access token' : `${operation} at ${shownUrl(url)}`;
  const message =
    `preflight took longer than ${timing.preflightMs / 1000} s in all, and was waiting for ${waited}. ` +
    `Find out why the target does not answer in time: the load would wait for it as well.`;
  return { problems: [{ path: `targets.${name}`, message }], warnings: [] };
}

async function probe(context: RunContext, plan: Plan, name: string, progress: Progress): Promise<ProbeResult> {
  const { signal } = progress.end;
  const target = plan.targets[name] as Target;
  const operations: string[] = [];
  const redactor = await planRedactor(plan, context.secrets);
  const client = await openTargetClient(context, {
    name,
    target,
    purpose: 'preflight',
    onExchange: () => {},
    operation: (operation) => {
      if (!signal.aborted) progress.operation = operation;
      return operations.push(operation) - 1;
    },
    redactor,
    calledTools: calledTools(plan, name),
  }).catch((error: unknown) => (error instanceof Error ? error : new Error(String(error))));
  if (client instanceof Error)
    return { problems: [{ path: `targets.${name}`, message: redactor.redact(client.message) }], warnings: [] };
  // What a server says may contain the secret that we sent, or codes that drive a terminal. A text that is cut before it
  // is redacted could keep a part of a secret.
  const redact = (text: string) => redactor.redact(text);
  const clean = (text: string) => shortened(printable(redact(text)), MAX_CHARACTERS);
  const cleanProblem = ({ path, message }: Problem) => ({ path: clean(path), message: clean(message) });
  const cut = () => client.endLoad('preflight has ended');
  signal.addEventListener('abort', cut);
  try {
    if (signal.aborted) cut();
    const steps = Object.values(plan.scenarios).flatMap((scenario) => (scenario.target === name ? scenario.steps : []));
    const operationOf = (exchange: Exchange) => operations[exchange.sample.operation] as string;
    const visit = await visitOnce(client, steps, { clock: context.clock, operationOf, redact });
    if (signal.aborted) return unfinished(context, plan, name, progress);
    if (!('opened' in visit)) {
      const fault = { ...visit, message: redact(visit.message) };
      return { problems: [cleanProblem(faultProblem(name, target, fault))], warnings: [] };
    }
    const { opened, lists, notes: eraNotes } = visit;
    const { facts, capabilities } = opened;
    const notes = [
      ...eraNotes,
      ...toolNotes(plan, name, opened),
      ...issuerNotes(name, client.authorizer.discoveredIssuer),
    ];
    const { problems, warnings } = checkSteps(plan, name, opened, lists);
    return {
      problems: problems.map(cleanProblem),
      warnings: warnings.map(clean),
      target: {
        name,
        url: shownUrl(target.url),
        ...facts,
        server: clean(facts.server),
        capabilities: capabilities.slice(0, MOST_CAPABILITIES).map(clean),
        notes: notes.map(clean),
        readOnlyTools: readOnlyTools(plan, name, opened),
      },
    };
  } finally {
    signal.removeEventListener('abort', cut);
    await client.close();
  }
}

/** Finds out the target's era, opens one session, reads the lists that the steps need, and closes the session. */
async function visitOnce(
  client: TargetClient,
  steps: readonly Step[],
  { clock, operationOf, redact }: VisitOptions,
): Promise<Visit | Fault> {
  const revision = await client.findRevision();
  if (revision.era === 'unknown') return { operation: 'server/discover', ...revision };
  const session = client.openSession(
    client.ended,
    revision.era === 'modern' ? { protocolVersion: MODERN_REVISION, ...revision.discovery } : undefined,
  );
  const opened = await session.open(CALLER);
  if (!('failed' in opened)) {
    const lists = await readTargetLists(session, opened, steps, CALLER, redact);
    await session.close(CALLER);
    const assumed = revision.era === 'legacy' ? revision.message : undefined;
    const notes = assumed === undefined ? [] : [`${assumed}, so the era with sessions was assumed.`];
    return { opened, lists, notes };
  }
  const { failed } = opened;
  if (await isHttpSse(client.connection, failed, clock)) return { ...HTTP_SSE, operation: operationOf(failed) };
  const before =
    revision.era === 'legacy' && revision.message !== undefined ? withoutMarkup(revision.message) : undefined;
  return { operation: operationOf(failed), outcome: failed.outcome, message: failed.message, before };
}

/** Those tools that the plan calls and the target marks as read-only. */
function readOnlyTools(plan: Plan, name: string, { tools }: Opened): string[] {
  const called = calledTools(plan, name);
  return tools.flatMap((tool) => (tool.readOnly && called.has(tool.name) ? [tool.name] : []));
}

/** What is wrong with the descriptions of tools that the plan calls. */
function toolNotes(plan: Plan, name: string, { tools }: Opened): string[] {
  const called = calledTools(plan, name);
  return tools.flatMap((tool) =>
    called.has(tool.name) && tool.note !== undefined ? [`Tool ${tool.name} of ${name}: ${tool.note}.`] : [],
  );
}

/** Which server got the plan's credentials, when the target alone decides that. */
function issuerNotes(name: string, issuer: string | undefined): string[] {
  if (issuer === undefined) return [];
  return [
    `The credentials for ${name} went to ${issuer}, the first authorization server that the target lists; set auth.issuer ` +
      'in the plan to allow no other.',
  ];
}

function faultProblem(name: string, target: Target, { operation, outcome, message, before }: Fault): Problem {
  const most = outcome === 'AUTH_TOKEN' ? MAX_TOKEN_CHARACTERS : MAX_DETAIL_CHARACTERS;
  const text = withoutMarkup(message);
  const detail = text === '' ? '' : ` (${text.slice(0, most)})`;
  const earlier = before === undefined ? '' : ` Before that, ${before}.`;
  const at = shownUrl(target.url);
  return {
    path: `targets.${name}`,
    message: `${operation} at ${at} ended in ${outcome}${detail}. ${adviceFor(outcome, message, target)}${earlier}`,
  };
}
