import { hostname } from 'node:os';
import { z } from 'zod';
import { DEFAULT_REPLY_MEMORY_BYTES, ReplyMemory } from '../mcp/http/reply-memory.ts';
import { type HowToAllow, parseIpRange } from '../net/address-rules.ts';
import { EXPECTED_SCOPE, isScope } from '../plan/entra-scope.ts';
import type { Policy, RefusalCode } from '../plan/policy.ts';
import { EXPECTED_SECRET_ORIGIN, parseSecretOrigin, secretOriginsOf } from '../plan/secret-origins.ts';
import type { Retention } from '../run/retention.ts';
import { openTokenAccess, type RunContext } from '../run/run-context.ts';
import type { RunLimits } from '../run/run-limits.ts';
import { RunningSlices } from '../run/running-slices.ts';
import { timingOf } from '../run/timing.ts';
import { DEFAULT_MAX_WAITING_BYTES, WaitingMemory } from '../run/waiting-memory.ts';
import { DEFAULT_MAX_STALL_MS } from '../run/watchdog.ts';
import { openSecrets } from '../secrets/open-secrets.ts';
import { openTable, tableRunStore } from '../store/open-run-store.ts';
import type { RunStore } from '../store/run-store.ts';
import { systemClock } from '../traffic/clock.ts';
import { PlanParser } from './parse-apart.ts';

const seconds = (standard: number) =>
  z.coerce
    .number()
    .positive()
    .default(standard)
    .transform((value) => value * 1000);
const MEGABYTE = 1024 * 1024;
const megabytes = (standard: number) =>
  z.coerce
    .number()
    .positive()
    .default(standard)
    .transform((value) => value * MEGABYTE);
const days = (standard: number) =>
  z.coerce
    .number()
    .positive()
    .max(36_500)
    .default(standard)
    .transform((value) => value * 86_400_000);
const count = (standard: number) => z.coerce.number().int().positive().default(standard);

const commaList = z
  .string()
  .default('')
  .transform((text) =>
    text
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== ''),
  );
const addressRange = z.string().refine((text) => parseIpRange(text) !== undefined, {
  error: ({ input }) =>
    `expected an IP address or a CIDR range with no bits beyond its prefix, e.g. 10.1.0.0/16, got "${String(input)}"`,
});

const scope = z.string().refine(isScope, { error: ({ input }) => `${EXPECTED_SCOPE}, got "${String(input)}"` });
const secretOrigin = z.string().transform((text, context) => {
  const parsed = parseSecretOrigin(text);
  if (parsed !== undefined) return parsed;
  context.addIssue({ code: 'custom', message: `${EXPECTED_SECRET_ORIGIN}, got "${text}"`, input: text });
  return z.NEVER;
});

const settingsSchema = z.object({
  /** The exact origins of targets that plans may load, separated by commas. */
  SURGE_ALLOWED_ORIGINS: commaList,
  /** Addresses and CIDR ranges that may be reached in addition to public ones, separated by commas. */
  SURGE_ALLOWED_ADDRESSES: commaList.pipe(z.array(addressRange)),
  /** Client id of the identity that requests Entra tokens for targets; it must not have any role. */
  SURGE_TARGET_CLIENT_ID: z.guid('expected the client id of an identity, which is a GUID').optional(),
  /** The scopes that plans may request Entra tokens for, separated by commas. */
  SURGE_ALLOWED_SCOPES: commaList.pipe(z.array(scope)),
  /** Where secrets may go, `NAME=ORIGIN` separated by commas. One that is not listed goes to the one origin of its plan. */
  SURGE_SECRET_ORIGINS: commaList.pipe(z.array(secretOrigin)),
  /** `true` allows targets on this machine; for local runs only. */
  SURGE_ALLOW_LOOPBACK: z.stringbool().default(false),
  SURGE_MAX_VUS: count(500),
  SURGE_MAX_DURATION_SECONDS: seconds(3600),
  /** Starts a second, for scenarios whose starts come at a rate. */
  SURGE_MAX_RATE: count(2000),
  /** Limits of all runs together. */
  SURGE_MAX_ACTIVE_RUNS: count(10),
  SURGE_MAX_TOTAL_VUS: count(1000),
  SURGE_MAX_TOTAL_RATE: count(4000),
  /** `true` allows several runs to load one target at the same time. */
  SURGE_ALLOW_SHARED_TARGETS: z.stringbool().default(false),
  /** Runs are deleted after so many days; of canaries, the record and the report are kept for longer. */
  SURGE_KEEP_DAYS: days(30),
  SURGE_KEEP_CANARY_DAYS: days(365),
  /** `true` ends all load and refuses new runs. */
  SURGE_STOPPED: z.stringbool().default(false),
  SURGE_VUS_PER_LANE: count(100),
  SURGE_RATE_PER_LANE: count(500),
  SURGE_WINDOW_SECONDS: seconds(300),
  /** From preflight to the first traffic: the time in which the platform starts instances. */
  SURGE_START_DELAY_SECONDS: seconds(60),
  /** A worker without a sign of life for this long is dead; all other times of waiting follow from it. */
  SURGE_DEAD_AFTER_SECONDS: seconds(30),
  /** The memory that samples may take up, compressed, while the store does not accept them. */
  SURGE_MAX_WAITING_MB: megabytes(DEFAULT_MAX_WAITING_BYTES / MEGABYTE),
  /** `true` if App Service authentication is in front of the app: then callers need an app role of Microsoft Entra. */
  SURGE_REQUIRE_ROLES: z.stringbool().default(false),
  /** A process whose event loop stands still for this long during a slice is ended. */
  SURGE_MAX_STALL_SECONDS: seconds(DEFAULT_MAX_STALL_MS / 1000),
  /** What all replies under way in a process may hold together. */
  SURGE_REPLY_MEMORY_MB: megabytes(DEFAULT_REPLY_MEMORY_BYTES / MEGABYTE),
});

type Settings = z.output<typeof settingsSchema>;

/** Reads the app settings; those in seconds and days become milliseconds. @throws naming every setting that is not valid */
export function readSettings(env: Readonly<Record<string, string | undefined>>): Settings {
  // An empty app setting counts as not set.
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const parsed = settingsSchema.safeParse(given);
  if (!parsed.success) throw new Error(`App settings are not valid:\n${z.prettifyError(parsed.error)}`);
  assertSeparateIdentity(given, parsed.data.SURGE_TARGET_CLIENT_ID);
  return parsed.data;
}

/** Targets get the tokens of their identity, so it must not be one that the app itself works with. */
function assertSeparateIdentity(env: Readonly<Record<string, string | undefined>>, clientId: string | undefined): void {
  const id = clientId?.toLowerCase();
  const same = Object.entries(env).find(
    ([name, value]) => /^AZURE_CLIENT_ID$|__clientId$/i.test(name) && value?.trim().toLowerCase() === id,
  );
  if (id === undefined || same === undefined) return;
  throw new Error(
    `App settings are not valid:\nSURGE_TARGET_CLIENT_ID: expected an identity of its own, got that of ${same[0]}, ` +
      'whose tokens open the storage and the secrets of this app.',
  );
}

/** What the operator of the app does to allow what a policy refuses. */
const HOW_TO_ALLOW: HowToAllow<RefusalCode> = {
  origin: 'to allow it, add it to SURGE_ALLOWED_ORIGINS',
  loopback: 'to allow it, set SURGE_ALLOW_LOOPBACK to true',
  'special-address': 'to allow it, add it to SURGE_ALLOWED_ADDRESSES',
  'cloud-service': 'to allow it, add it to SURGE_ALLOWED_ADDRESSES as a single address',
  'no-identity': 'to allow it, set SURGE_TARGET_CLIENT_ID to the client id of an identity without any role',
  scope: 'to allow it, add it to SURGE_ALLOWED_SCOPES',
  'secret-origin': 'to allow it, add NAME=ORIGIN to SURGE_SECRET_ORIGINS for each of its origins',
  'too-many-vus': 'to allow more, raise SURGE_MAX_VUS',
  'rate-too-high': 'to allow more, raise SURGE_MAX_RATE',
  'too-long': 'to allow more, raise SURGE_MAX_DURATION_SECONDS',
};

/** What the settings allow plans to do. */
export function policyOf(settings: Settings): Policy {
  return {
    allowedOrigins: settings.SURGE_ALLOWED_ORIGINS,
    entraIdentity:
      settings.SURGE_TARGET_CLIENT_ID === undefined
        ? undefined
        : { kind: 'managed', clientId: settings.SURGE_TARGET_CLIENT_ID },
    allowedScopes: settings.SURGE_ALLOWED_SCOPES,
    secretOrigins: secretOriginsOf(settings.SURGE_SECRET_ORIGINS),
    allowLoopback: settings.SURGE_ALLOW_LOOPBACK,
    allowedAddresses: settings.SURGE_ALLOWED_ADDRESSES,
    maxVus: settings.SURGE_MAX_VUS,
    maxRate: settings.SURGE_MAX_RATE,
    maxDurationMs: settings.SURGE_MAX_DURATION_SECONDS,
    howToAllow: HOW_TO_ALLOW,
  };
}

/** What the settings allow of all runs together. */
export function limitsOf(settings: Settings): RunLimits {
  return {
    maxActiveRuns: settings.SURGE_MAX_ACTIVE_RUNS,
    maxTotalVus: settings.SURGE_MAX_TOTAL_VUS,
    maxTotalRate: settings.SURGE_MAX_TOTAL_RATE,
    allowSharedTargets: settings.SURGE_ALLOW_SHARED_TARGETS,
    howToAllow: {
      'too-many-runs': 'raise SURGE_MAX_ACTIVE_RUNS',
      'too-many-vus': 'raise SURGE_MAX_TOTAL_VUS',
      'rate-too-high': 'raise SURGE_MAX_TOTAL_RATE',
      'shared-target': 'set SURGE_ALLOW_SHARED_TARGETS to true',
    },
  };
}

const settings = readSettings(process.env);

export const policy = policyOf(settings);
export const timing = timingOf(settings.SURGE_DEAD_AFTER_SECONDS);

const planParser = new PlanParser();

/** How long runs are kept. */
export const retention: Retention = {
  keepMs: settings.SURGE_KEEP_DAYS,
  keepCanaryMs: settings.SURGE_KEEP_CANARY_DAYS,
};

/** Whether callers of the HTTP API need an app role. */
export const requireRoles = settings.SURGE_REQUIRE_ROLES;

/** After this time a call of the HTTP API to the storage has failed, so that callers are told within two seconds. */
const API_STORE_TIMEOUT_MS = 1500;

type Contexts = {
  /** For the steps of runs, which wait for a storage that is slow. */
  readonly run: RunContext;
  /** For requests of the HTTP API, which fail early. */
  readonly api: RunContext;
};

let opened: Promise<Contexts> | undefined;

/** What the steps of runs in this process work with. It is opened at the first use, so that the app starts fast. */
export async function appContext(): Promise<RunContext> {
  return (await openOnce()).run;
}

/** What requests of the HTTP API work with: the same with a store that gives up within two seconds. */
export async function apiContext(): Promise<RunContext> {
  return (await openOnce()).api;
}

function openOnce(): Promise<Contexts> {
  opened ??= openContexts().catch((error: unknown) => {
    opened = undefined;
    throw error;
  });
  return opened;
}

async function openContexts(): Promise<Contexts> {
  const table = await openTable(process.env);
  const run = contextWith(tableRunStore(table));
  return { run, api: { ...run, store: tableRunStore(table, API_STORE_TIMEOUT_MS) } };
}

function contextWith(store: RunStore): RunContext {
  return {
    store,
    secrets: openSecrets(process.env, () => performance.now()),
    clock: systemClock,
    policy,
    limits: limitsOf(settings),
    isStopped: settings.SURGE_STOPPED,
    tokens: openTokenAccess(policy),
    replyMemory: new ReplyMemory(settings.SURGE_REPLY_MEMORY_MB),
    maxStallMs: settings.SURGE_MAX_STALL_SECONDS,
    sizing: {
      vusPerLane: settings.SURGE_VUS_PER_LANE,
      ratePerLane: settings.SURGE_RATE_PER_LANE,
      windowMs: settings.SURGE_WINDOW_SECONDS,
    },
    timing,
    startDelayMs: settings.SURGE_START_DELAY_SECONDS,
    runningSlices: new RunningSlices(),
    waitingMemory: new WaitingMemory(settings.SURGE_MAX_WAITING_MB),
    parsePlan: (source) => planParser.parse(source),
    instance: `${process.env.WEBSITE_INSTANCE_ID ?? hostname()}-${process.pid}`,
  };
}
