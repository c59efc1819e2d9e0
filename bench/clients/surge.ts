import { parsePlan } from '../../src/plan/parse-plan.ts';
import type { Policy } from '../../src/plan/policy.ts';
import type { Scenario } from '../../src/plan/scenario-schema.ts';
import type { Target } from '../../src/plan/target-schema.ts';
import { openTokenAccess } from '../../src/run/run-context.ts';
import { openTargetClient } from '../../src/run/target-client.ts';
import { Recorder } from '../../src/sample/recorder.ts';
import { compileScenario } from '../../src/scenario/compile-scenario.ts';
import { McpVirtualUser } from '../../src/scenario/virtual-user.ts';
import { environmentSecrets } from '../../src/secrets/open-secrets.ts';
import { memoryRunStore } from '../../src/store/memory-run-store.ts';
import { systemClock } from '../../src/traffic/clock.ts';
import { randomFor } from '../../src/traffic/random.ts';
import { type Client, type ClientOptions, shareOf } from './client.ts';

const POLICY: Policy = {
  allowedOrigins: [],
  allowLoopback: true,
  allowedAddresses: [],
  maxVus: 10_000,
  maxRate: 100_000,
  maxDurationMs: 3_600_000,
  howToAllow: {},
};

/** mcp-surge as a slice runs it: virtual users with sessions, every request and iteration recorded. */
export async function surge({ url, sessions }: ClientOptions): Promise<Client> {
  const plan = planFor(url, sessions);
  const scenario = plan.scenarios.calls as Scenario;
  const recorder = new Recorder(
    systemClock.now(),
    () => {},
    (text) => text,
  );
  let failure = '';
  const context = {
    store: memoryRunStore(),
    secrets: environmentSecrets({}),
    clock: systemClock,
    policy: POLICY,
    tokens: openTokenAccess(POLICY),
    sizing: { vusPerLane: sessions, ratePerLane: 1, windowMs: 3_600_000 },
    startDelayMs: 0,
    identityClientId: undefined,
    instance: 'bench',
  };
  const client = await openTargetClient(context, {
    name: 'bench',
    target: plan.targets.bench as Target,
    purpose: 'load',
    onExchange: (exchange) => {
      if (exchange.outcome !== 'OK') failure = `${exchange.outcome}: ${exchange.message}`;
      recorder.add(exchange.sample);
    },
    operation: (name) => recorder.operation('bench', name),
  });
  const compiled = compileScenario(plan, scenario);
  const iterationOperation = recorder.operation('bench', 'calls');
  const sessionOperation = recorder.operation('bench', 'session');
  const never = new AbortController().signal;
  const agents = Array.from({ length: sessions }, (_, vu) => {
    return new McpVirtualUser({
      vu,
      place: vu,
      scenario,
      compiled,
      newSession: (ended) => client.openSession(undefined, ended),
      abortRequests: () => {},
      randomOf: (ordinal) => randomFor(plan.seed, 0, ordinal, 0),
      maxRetryAfterMs: 0,
      untilMs: Number.POSITIVE_INFINITY,
      clock: systemClock,
      recorder,
      iterationOperation,
      sessionOperation,
      stopping: never,
      ended: never,
    });
  });
  return {
    async send(requests) {
      const share = shareOf(requests, sessions);
      await Promise.all(
        agents.map(async (agent, vu) => {
          for (let number = 0; number < share; number++) {
            await agent.iterate({ number, ordinal: number * sessions + vu, intendedMs: undefined });
          }
        }),
      );
      if (failure !== '') throw new Error(failure);
    },
    async close() {
      await client.connection.close();
    },
  };
}

function planFor(url: string, sessions: number) {
  const parsed = parsePlan(
    JSON.stringify({
      name: 'bench',
      targets: { bench: { url, maxConnections: sessions } },
      scenarios: {
        calls: {
          target: 'bench',
          executor: 'constant-vus',
          vus: sessions,
          duration: '1h',
          steps: [{ tool: 'search', arguments: { query: 'anything' } }],
        },
      },
    }),
  );
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.plan;
}
