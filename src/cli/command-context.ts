import { hostname } from 'node:os';
import type { RunContext } from '../run/run-context.ts';
import { openSecrets } from '../secrets/open-secrets.ts';
import { memoryRunStore } from '../store/memory-run-store.ts';
import { systemClock } from '../traffic/clock.ts';

/** One process carries what it is asked for; a lane or a window more would only divide it. */
const WHOLE_RUN = { vusPerLane: Number.MAX_SAFE_INTEGER, windowMs: Number.MAX_SAFE_INTEGER };

/**
 * What a run on the command line works with: its own memory, the environment's secrets, and the permissions that the
 * person at the keyboard gives.
 */
export function commandContext(allowedOrigins: readonly string[]): RunContext {
  const fromEnvironment = (process.env.SURGE_ALLOWED_ORIGINS ?? '').split(',').filter((origin) => origin !== '');
  return {
    store: memoryRunStore(),
    secrets: openSecrets(process.env, () => performance.now()),
    clock: systemClock,
    policy: {
      allowedOrigins: [...allowedOrigins, ...fromEnvironment],
      allowLoopback: true,
      maxVus: 10_000,
      maxDurationMs: 24 * 3_600_000,
    },
    sizing: WHOLE_RUN,
    startDelayMs: 0,
    identityClientId: process.env.AZURE_CLIENT_ID,
    instance: `${hostname()}-${process.pid}`,
  };
}
