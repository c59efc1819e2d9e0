import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import type { Policy } from '../plan/policy.ts';
import { openTokenAccess, type RunContext } from '../run/run-context.ts';
import { openSecrets } from '../secrets/open-secrets.ts';
import { openRunStore } from '../store/open-run-store.ts';
import { systemClock } from '../traffic/clock.ts';
import { HOW_TO_ALLOW, readSettings, type Settings } from './settings.ts';

/** The folder of host.json and the plans: this file's own in the deployed bundle, further up in a checkout. */
export function appRoot(): string {
  for (let folder = import.meta.dirname; ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'host.json'))) return folder;
    if (folder === dirname(folder)) throw new Error(`There is no host.json in ${import.meta.dirname} or above it.`);
  }
}

export const settings: Settings = readSettings(process.env);

export const policy: Policy = {
  allowedOrigins: settings.SURGE_ALLOWED_ORIGINS,
  allowLoopback: settings.SURGE_ALLOW_LOOPBACK,
  allowedAddresses: settings.SURGE_ALLOWED_ADDRESSES,
  maxVus: settings.SURGE_MAX_VUS,
  maxRate: settings.SURGE_MAX_RATE,
  maxDurationMs: settings.SURGE_MAX_DURATION_SECONDS,
  howToAllow: HOW_TO_ALLOW,
};

let opened: Promise<RunContext> | undefined;

/** What all functions of this process work with; opened at the first use, so that starting the app stays quick. */
export function appContext(): Promise<RunContext> {
  opened ??= openContext().catch((error: unknown) => {
    opened = undefined;
    throw error;
  });
  return opened;
}

async function openContext(): Promise<RunContext> {
  return {
    store: await openRunStore(process.env),
    secrets: openSecrets(process.env, () => performance.now()),
    clock: systemClock,
    policy,
    tokens: openTokenAccess(policy),
    sizing: {
      vusPerLane: settings.SURGE_VUS_PER_LANE,
      ratePerLane: settings.SURGE_RATE_PER_LANE,
      windowMs: settings.SURGE_WINDOW_SECONDS,
    },
    startDelayMs: settings.SURGE_START_DELAY_SECONDS,
    identityClientId: settings.AZURE_CLIENT_ID,
    instance: `${process.env.WEBSITE_INSTANCE_ID ?? hostname()}-${process.pid}`,
  };
}
