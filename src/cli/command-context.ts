import { hostname } from 'node:os';
import { ReplyMemory } from '../mcp/http/reply-memory.ts';
import { type HowToAllow, parseIpRange } from '../net/address-rules.ts';
import { EXPECTED_SCOPE, isScope } from '../plan/entra-scope.ts';
import type { Policy, RefusalCode } from '../plan/policy.ts';
import type { PlanProblem } from '../plan/problem.ts';
import { EXPECTED_SECRET_ORIGIN, parseSecretOrigin, secretOriginsOf } from '../plan/secret-origins.ts';
import { openTokenAccess, type RunContext } from '../run/run-context.ts';
import { RunningSlices } from '../run/running-slices.ts';
import { readBounded } from '../run/text-file.ts';
import { DEFAULT_DEAD_AFTER_MS, timingOf } from '../run/timing.ts';
import { DEFAULT_MAX_WAITING_BYTES, WaitingMemory } from '../run/waiting-memory.ts';
import { DEFAULT_MAX_STALL_MS, STALLED_EXIT_CODE } from '../run/watchdog.ts';
import { openSecrets } from '../secrets/open-secrets.ts';
import { memoryRunStore } from '../store/memory-run-store.ts';
import { systemClock } from '../traffic/clock.ts';
import type { VerdictStatus } from '../verdict/verdict.ts';
import { printableLine } from './terminal.ts';

/** The exit codes of a command; k6's numbers where k6 has one. */
export const EXIT_CODE = {
  pass: 0,
  /** Nothing was required of the targets, so nothing can have failed. */
  unjudged: 0,
  /** mcp-surge or this machine failed. */
  error: 1,
  /** The command line is wrong. */
  usage: 2,
  fail: 99,
  invalidPlan: 104,
  stopped: 105,
  preflightFailed: 106,
  invalid: 107,
  stalled: STALLED_EXIT_CODE,
} as const satisfies Record<VerdictStatus | 'error' | 'usage' | 'invalidPlan' | 'preflightFailed' | 'stalled', number>;

/** The command line is wrong; the message says what is wrong and what to write instead. */
export class UsageError extends Error {}

/** Everything that a run needs fits into one process; more lanes or windows would only divide it. */
const ONE_SLICE = {
  vusPerLane: Number.MAX_SAFE_INTEGER,
  ratePerLane: Number.MAX_SAFE_INTEGER,
  windowMs: Number.MAX_SAFE_INTEGER,
};

/** What the user of the command line does to allow what a policy refuses; this machine is always allowed. */
const HOW_TO_ALLOW: HowToAllow<RefusalCode> = {
  origin: 'to allow it, pass --allow ORIGIN or add it to SURGE_ALLOWED_ORIGINS',
  'special-address': 'to allow it, pass --allow-address CIDR or add it to SURGE_ALLOWED_ADDRESSES',
  'cloud-service': 'to allow it, pass --allow-address with this single address or add it to SURGE_ALLOWED_ADDRESSES',
  'no-identity':
    'to request them as whoever is signed in on this machine, pass --entra-login; to use a managed identity, set SURGE_TARGET_CLIENT_ID',
  scope: 'to allow it, pass --allow-scope SCOPE or add it to SURGE_ALLOWED_SCOPES',
  'secret-origin':
    'to allow it, pass --secret-origin NAME=ORIGIN or add it to SURGE_SECRET_ORIGINS, for each of its origins',
  'too-many-vus': 'this limit of the command line is fixed; run larger plans in the Functions app',
  'rate-too-high': 'this limit of the command line is fixed; run larger plans in the Functions app',
  'too-long': 'this limit of the command line is fixed; run longer plans in the Functions app',
};

/** What the command line allows in addition to the environment variables. */
type Permissions = {
  readonly origins: readonly string[];
  readonly addresses: readonly string[];
  readonly scopes: readonly string[];
  /** `NAME=ORIGIN`. */
  readonly secretOrigins: readonly string[];
  /** Whether plans may use Entra tokens of whoever is signed in on this machine. */
  readonly entraLogin: boolean;
};

/**
 * The context of a run on the command line: a store in memory, secrets from the environment, and the permissions that the
 * user gives.
 * @throws UsageError if one of them is not valid
 */
export function commandContext({ origins, addresses, scopes, secretOrigins, entraLogin }: Permissions): RunContext {
  const policy: Policy = {
    allowedOrigins: [
      ...readOrigins('--allow', origins),
      ...readOrigins('SURGE_ALLOWED_ORIGINS', listVariable('SURGE_ALLOWED_ORIGINS')),
    ],
    entraIdentity: readEntraIdentity(entraLogin),
    allowedScopes: [
      ...readScopes('--allow-scope', scopes),
      ...readScopes('SURGE_ALLOWED_SCOPES', listVariable('SURGE_ALLOWED_SCOPES')),
    ],
    secretOrigins: secretOriginsOf([
      ...readSecretOrigins('--secret-origin', secretOrigins),
      ...readSecretOrigins('SURGE_SECRET_ORIGINS', listVariable('SURGE_SECRET_ORIGINS')),
    ]),
    allowLoopback: true,
    allowedAddresses: [
      ...readAddressRanges('--allow-address', addresses),
      ...readAddressRanges('SURGE_ALLOWED_ADDRESSES', listVariable('SURGE_ALLOWED_ADDRESSES')),
    ],
    maxVus: 10_000,
    maxRate: 100_000,
    maxDurationMs: 24 * 3_600_000,
    howToAllow: HOW_TO_ALLOW,
  };
  const replyMemoryMb = numberVariable('SURGE_REPLY_MEMORY_MB', 'MiB');
  const stallSeconds = numberVariable('SURGE_MAX_STALL_SECONDS', 'seconds');
  return {
    store: memoryRunStore(),
    secrets: openSecrets(process.env, () => performance.now()),
    clock: systemClock,
    policy,
    tokens: openTokenAccess(policy),
    replyMemory: new ReplyMemory(replyMemoryMb === undefined ? undefined : replyMemoryMb * 1024 * 1024),
    maxStallMs: stallSeconds === undefined ? DEFAULT_MAX_STALL_MS : stallSeconds * 1000,
    sizing: ONE_SLICE,
    startDelayMs: 0,
    timing: timingOf(DEFAULT_DEAD_AFTER_MS),
    runningSlices: new RunningSlices(),
    waitingMemory: new WaitingMemory(DEFAULT_MAX_WAITING_BYTES),
    instance: `${hostname()}-${process.pid}`,
  };
}

/** The value of an environment variable that takes a whole number. @throws UsageError if it is not one */
function numberVariable(name: string, unit: string): number | undefined {
  const text = process.env[name] ?? '';
  if (text === '') return undefined;
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new UsageError(`${name} takes a whole number of ${unit}, got "${text}".`);
}

/** The items of an environment variable that is a list with commas. */
function listVariable(name: string): string[] {
  return (process.env[name] ?? '')
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

/** Checks a list of origins: one with a path, or without its scheme, would allow nothing. @param source as below */
function readOrigins(source: string, texts: readonly string[]): readonly string[] {
  for (const text of texts) {
    const url = [text, `https://${text}`].find((each) => /^https?:\/\/[^*\s]+$/i.test(each) && URL.canParse(each));
    const origin = url === undefined ? undefined : new URL(url).origin;
    if (origin === text) continue;
    const meant = origin === undefined ? '' : `: write ${origin}`;
    throw new UsageError(`${source} takes an origin such as https://mcp.example.com, got "${text}"${meant}.`);
  }
  return texts;
}

/** Checks a list of IP addresses and CIDR ranges. @param source the option or variable that the list comes from */
function readAddressRanges(source: string, texts: readonly string[]): readonly string[] {
  const wrong = texts.find((text) => parseIpRange(text) === undefined);
  if (wrong === undefined) return texts;
  throw new UsageError(
    `${source} takes an IP address or a CIDR range with no bits beyond its prefix, e.g. 10.1.0.0/16, got "${wrong}".`,
  );
}

/** Checks a list of scopes of Microsoft Entra. @param source the option or variable that the list comes from */
function readScopes(source: string, texts: readonly string[]): readonly string[] {
  const wrong = texts.find((text) => !isScope(text));
  if (wrong === undefined) return texts;
  throw new UsageError(`${source}: ${EXPECTED_SCOPE}, got "${wrong}".`);
}

function readSecretOrigins(source: string, texts: readonly string[]) {
  return texts.map((text) => {
    const parsed = parseSecretOrigin(text);
    if (parsed === undefined) throw new UsageError(`${source}: ${EXPECTED_SECRET_ORIGIN}, got "${text}".`);
    return parsed;
  });
}

/** Who requests Entra tokens for targets: nobody, unless the user says so. */
function readEntraIdentity(entraLogin: boolean): Policy['entraIdentity'] {
  const clientId = process.env.SURGE_TARGET_CLIENT_ID;
  if (!clientId) return entraLogin ? { kind: 'signed-in' } : undefined;
  if (entraLogin) throw new UsageError('expected only one of --entra-login and SURGE_TARGET_CLIENT_ID.');
  if (clientId.toLowerCase() !== process.env.AZURE_CLIENT_ID?.toLowerCase()) return { kind: 'managed', clientId };
  throw new UsageError('SURGE_TARGET_CLIENT_ID: expected an identity of its own, got that of AZURE_CLIENT_ID.');
}

/** Reads a plan's file. @throws UsageError if that is not possible */
export function readPlanFile(file: string): Uint8Array {
  try {
    return readBounded(file);
  } catch (error) {
    throw new UsageError(`Cannot read the plan ${file}: ${(error as Error).message}`);
  }
}

/** A plan's problems, as editors and people read them: `file:line:column path: what was expected`. */
export function showPlanProblems(file: string, problems: readonly PlanProblem[]): string {
  const lines = problems.map(
    ({ line, column, path, message }) => `${file}:${line}:${column}  ${path === '' ? '' : `${path}: `}${message}`,
  );
  const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
  return showProblems(`${file} is not a valid plan: ${count}.`, lines);
}

/** A title, and problems that are indented below it, a line each: a name with a line break must not look like a problem. */
export function showProblems(title: string, problems: readonly string[]): string {
  return `${printableLine(title)}\n${problems.map((problem) => `  ${printableLine(problem)}`).join('\n')}\n`;
}
