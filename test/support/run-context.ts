import { ReplyMemory } from '../../src/mcp/http/reply-memory.ts';
import { openTokenAccess, type RunContext } from '../../src/run/run-context.ts';
import { RunningSlices } from '../../src/run/running-slices.ts';
import { DEFAULT_DEAD_AFTER_MS, timingOf } from '../../src/run/timing.ts';
import { DEFAULT_MAX_WAITING_BYTES, WaitingMemory } from '../../src/run/waiting-memory.ts';
import { environmentSecrets } from '../../src/secrets/open-secrets.ts';
import { memoryRunStore } from '../../src/store/memory-run-store.ts';
import { systemClock } from '../../src/traffic/clock.ts';

/** A context for runs in a test: this machine as the only target, everything in memory, and no waiting to start. */
export function testContext(changes: Partial<RunContext> = {}): RunContext {
  const {
    policy = {
      allowedOrigins: [],
      entraIdentity: undefined,
      allowedScopes: [],
      secretOrigins: new Map(),
      allowLoopback: true,
      allowedAddresses: [],
      maxVus: 1000,
      maxRate: 100_000,
      maxDurationMs: 3_600_000,
      howToAllow: { loopback: 'to allow it, set allowLoopback' },
    },
  } = changes;
  return {
    store: memoryRunStore(),
    secrets: environmentSecrets({}),
    clock: systemClock,
    policy,
    tokens: openTokenAccess(policy),
    replyMemory: new ReplyMemory(),
    sizing: { vusPerLane: 100, ratePerLane: 500, windowMs: 300_000 },
    startDelayMs: 0,
    timing: timingOf(DEFAULT_DEAD_AFTER_MS),
    runningSlices: new RunningSlices(),
    waitingMemory: new WaitingMemory(DEFAULT_MAX_WAITING_BYTES),
    instance: 'test',
    ...changes,
  };
}
