import { hostname } from 'node:os';
import type { Policy } from '../plan/policy.ts';
import type { RunContext } from '../run/run-context.ts';
import { openTokenAccess } from '../run/token-access.ts';
import { openSecrets } from '../secrets/open-secrets.ts';
import { memoryRunStore } from '../store/memory-run-store.ts';
import { systemClock } from '../traffic/clock.ts';
import { readAddressRanges } from './address-ranges.ts';

/** One process carries what it is asked for; a lane or a window more would only divide it. */
const WHOLE_RUN = {
  vusPerLane: Number.MAX_SAFE_INTEGER,
  ratePerLane: Number.MAX_SAFE_INTEGER,
  windowMs: Number.MAX_SAFE_INTEGER,
};

/** What the command line allows beyond what the environment does. */
export type Permissions = { readonly origins: readonly string[]; readonly addresses: readonly string[] };

/**
 * What a run on the command line works with: its own memory, the environment's secrets, and the permissions that the
 * person at the keyboard gives.
 * @throws UsageError when an address is none
 */
export function commandContext({ origins, addresses }: Permissions): RunContext {
  const policy: Policy = {
    allowedOrigins: [...origins, ...listed('SURGE_ALLOWED_ORIGINS')],
    allowLoopback: true,
    allowedAddresses: [
      ...readAddressRanges('--allow-address', addresses),
      ...readAddressRanges('SURGE_ALLOWED_ADDRESSES', listed('SURGE_ALLOWED_ADDRESSES')),
    ],
    maxVus: 10_000,
    maxRate: 100_000,
    maxDurationMs: 24 * 3_600_000,
  };
  return {
    store: memoryRunStore(),
    secrets: openSecrets(process.env, () => performance.now()),
    clock: systemClock,
    policy,
    tokens: openTokenAccess(policy),
    sizing: WHOLE_RUN,
    startDelayMs: 0,
    identityClientId: process.env.AZURE_CLIENT_ID,
    instance: `${hostname()}-${process.pid}`,
  };
}

/** The items of an environment variable that lists several with commas between them. */
function listed(variable: string): string[] {
  return (process.env[variable] ?? '')
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}
