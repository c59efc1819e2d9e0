import type { Call } from '../../src/mcp/operations/call.ts';
import { isList, listItems, type Page } from '../../src/mcp/operations/list-items.ts';
import { MODERN_REVISION } from '../../src/mcp/session/handshakes.ts';
import { listPages } from '../../src/mcp/session/lists.ts';
import { type Session, succeeded } from '../../src/mcp/session/session.ts';
import type { Plan } from '../../src/plan/plan-schema.ts';
import { problemText } from '../../src/plan/problem.ts';
import type { Target } from '../../src/plan/target-schema.ts';
import { checkSteps } from '../../src/run/check-steps.ts';
import { openTargetClient, type TargetClient } from '../../src/run/target-client.ts';
import { compileScenario } from '../../src/scenario/compile-scenario.ts';
import { Redactor } from '../../src/secrets/redact.ts';
import { aPlan } from '../support/a-plan.ts';
import { testContext } from '../support/run-context.ts';
import { type ScenarioContext, secretsIn } from './scenario-context.ts';
import type { ScenarioPlan } from './scenario-plans.ts';

export type PlayOptions = {
  readonly url: string;
  /** The only revision to speak. */
  readonly revision: string;
  readonly context: ScenarioContext;
  /** Called for every sample, and for every step that preflight would refuse. */
  readonly log: (line: string) => void;
};

const CALLER = { vu: 0, iteration: 0 } as const;

/**
 * Plays a scenario against its server, with the client, the preflight and the calls of a load.
 * @throws when a request fails that must succeed, or a session opens that must not: the scenario was not played to its
 * end
 */
export async function playScenario(scenario: ScenarioPlan, options: PlayOptions): Promise<void> {
  const { url, revision, context, log } = options;
  const target = { url, protocol: revision, auth: scenario.auth?.(context) ?? { type: 'none' }, ...scenario.target };
  const client = await openClient(aPlan({ target }).targets.web as Target, context, log);
  try {
    const session = await sessionOf(client, scenario.refuses);
    if (session === undefined) return;
    const opened = await session.open(CALLER);
    if ('failed' in opened) throw new Error(`the session did not open: ${opened.failed.message}`);
    const { tools } = opened;
    const steps = (await scenario.steps?.({ tools, describedTools: () => describedTools(session) }, context)) ?? [];
    for (const step of steps) {
      const allowWrites = tools.map(({ name }) => name);
      const plan = aPlan({ target: { ...target, allowWrites }, scenario: { steps: [step] } });
      // The suite has arguments that do not match its own schemas, and checks that they are sent.
      const [problem] = checkSteps(plan, 'web', opened).problems.filter(({ path }) => !path.includes('.arguments'));
      if (problem === undefined) await send(session, callOf(plan));
      else log(`not called: ${problemText(problem)}`);
    }
    await session.close(CALLER);
  } finally {
    await client.connection.close();
  }
}

function openClient(target: Target, context: ScenarioContext, log: PlayOptions['log']): Promise<TargetClient> {
  const secrets = secretsIn(context);
  const operations: string[] = [];
  return openTargetClient(
    testContext({ secrets: { get: async (name) => secrets.get(name) ?? Promise.reject(new Error(`no ${name}`)) } }),
    {
      name: 'web',
      target,
      purpose: 'load',
      onExchange: ({ sample: { operation, outcome, message } }) =>
        log(`${operations[operation]} ${outcome} ${message}`.trim()),
      operation: (name) => operations.push(name) - 1,
      redactor: new Redactor(),
    },
  );
}

/** A session of the era that preflight finds; undefined when the client correctly refuses the server. */
async function sessionOf(client: TargetClient, refuses: RegExp | undefined): Promise<Session | undefined> {
  const found = await client.findRevision();
  if (found.era === 'unknown') {
    if (refuses?.test(found.message)) return undefined;
    throw new Error(`the server's revision was not found: ${found.message}`);
  }
  if (refuses !== undefined) throw new Error('the client accepted a server that it must refuse');
  if (found.era === 'legacy') return client.openSession();
  return client.openSession(client.ended, { protocolVersion: MODERN_REVISION, ...found.discovery });
}

async function describedTools(session: Session): Promise<Page['items']> {
  const described: Page['items'][number][] = [];
  await listPages(session, listItems('tools'), CALLER, (items) => described.push(...items));
  return described;
}

function callOf(plan: Plan): Call {
  const random = () => 0;
  const { drawSteps } = compileScenario(plan, 'calls');
  const [step] = drawSteps(random);
  if (step === undefined) throw new Error('The scenario has no step.');
  return step.makeCall({ random, vu: 0, iteration: 0, rows: [], captured: new Map() });
}

async function send(session: Session, call: Call): Promise<void> {
  const exchange = isList(call)
    ? await listPages(session, call, CALLER, () => {})
    : await session.request(call, CALLER);
  if (!succeeded(exchange)) throw new Error(`${call.operation} failed: ${exchange.message}`);
}
