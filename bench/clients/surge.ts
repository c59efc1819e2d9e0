import { ReplyMemory } from '../../src/mcp/http/reply-memory.ts';
import { parsePlan } from '../../src/plan/parse-plan.ts';
import type { Policy } from '../../src/plan/policy.ts';
import { layoutOf, type ScenarioSegment, segmentsOf, sliceOf } from '../../src/plan/slices.ts';
import type { Target } from '../../src/plan/target-schema.ts';
import { openTokenAccess } from '../../src/run/run-context.ts';
import { RunningSlices } from '../../src/run/running-slices.ts';
import { openTargetClient } from '../../src/run/target-client.ts';
import { DEFAULT_DEAD_AFTER_MS, timingOf } from '../../src/run/timing.ts';
import { DEFAULT_MAX_WAITING_BYTES, WaitingMemory } from '../../src/run/waiting-memory.ts';
import { Recorder } from '../../src/sample/recorder.ts';
import { prepareSegment } from '../../src/scenario/virtual-user.ts';
import { environmentSecrets } from '../../src/secrets/open-secrets.ts';
import { Redactor } from '../../src/secrets/redact.ts';
import { memoryRunStore } from '../../src/store/memory-run-store.ts';
import { systemClock } from '../../src/traffic/clock.ts';
import { Fence } from '../../src/traffic/fence.ts';
import { type Client, type ClientOptions, shareOf } from './client.ts';

/** Longer than any benchmark. */
const BENCH_MS = 3_600_000;

const POLICY: Policy = {
  allowedOrigins: [],
  entraIdentity: undefined,
  allowedScopes: [],
  secretOrigins: new Map(),
  allowLoopback: true,
  allowedAddresses: [],
  maxVus: 10_000,
  maxRate: 100_000,
  maxDurationMs: 3_600_000,
  howToAllow: {},
};

/** mcp-surge as a slice runs it: virtual users with sessions, every request and iteration recorded. */
export async function surgeClient({ url, sessions }: ClientOptions): Promise<Client> {
  const plan = planFor(url, sessions);
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
    replyMemory: new ReplyMemory(),
    sizing: { vusPerLane: sessions, ratePerLane: 1, windowMs: BENCH_MS },
    startDelayMs: 0,
    timing: timingOf(DEFAULT_DEAD_AFTER_MS),
    runningSlices: new RunningSlices(),
    waitingMemory: new WaitingMemory(DEFAULT_MAX_WAITING_BYTES),
    instance: 'bench',
  };
  // As in a slice: compared with the time before each request. No heartbeat renews its proof, which outlasts the benchmark.
  const gate = new Fence(systemClock.now(), BENCH_MS, 'the benchmark is over');
  const client = await openTargetClient(context, {
    name: 'bench',
    target: plan.targets.bench as Target,
    purpose: 'load',
    onExchange: (exchange) => {
      if (exchange.outcome !== 'OK') failure = `${exchange.outcome}: ${exchange.message}`;
      recorder.add(exchange.sample);
    },
    operation: (name, kind) => recorder.operation('bench', name, kind),
    redactor: new Redactor(),
    gate,
  });
  const layout = layoutOf(plan, context.sizing);
  const [segment] = segmentsOf(plan, sliceOf(layout, systemClock.now(), 0, 0)) as [ScenarioSegment];
  const stopping = new AbortController().signal;
  const shared = { plan, clock: systemClock, gate, recorder, stopping, onActive: () => {} };
  const run = prepareSegment(shared, segment, client);
  const users = segment.vus.map((vu) => run.newVu(vu));
  return {
    async send(requests) {
      const share = shareOf(requests, sessions);
      await Promise.all(
        users.map(async (user, vu) => {
          for (let number = 0; number < share; number++) {
            await user.iterate({ number, ordinal: number * sessions + vu, intendedMs: undefined });
          }
        }),
      );
      if (failure !== '') throw new Error(failure);
    },
    async close() {
      await client.close();
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
