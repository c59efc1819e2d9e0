import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { type HowToAllow, parseIpRange } from '../net/address-rules.ts';
import { overridePlan, type PlanOverrides } from '../plan/override-plan.ts';
import type { Policy, RefusalCode } from '../plan/policy.ts';
import type { PlanProblem } from '../plan/problem.ts';
import { openTokenAccess, type RunContext } from '../run/run-context.ts';
import { openSecrets } from '../secrets/open-secrets.ts';
import { memoryRunStore } from '../store/memory-run-store.ts';
import { systemClock } from '../traffic/clock.ts';
import type { VerdictStatus } from '../verdict/verdict.ts';

/** What a command's exit code says; k6's numbers where k6 has one. */
export const EXIT_CODE = {
  pass: 0,
  /** Something of ours, or of this machine, went wrong. */
  error: 1,
  /** The command line itself is wrong. */
  usage: 2,
  fail: 99,
  invalidPlan: 104,
  stopped: 105,
  preflightFailed: 106,
  invalid: 107,
} as const satisfies Record<VerdictStatus | 'error' | 'usage' | 'invalidPlan' | 'preflightFailed', number>;

/** The command line is wrong; the message says what and what to write instead. */
export class UsageError extends Error {}

/** A plan's problems as editors and people read them: `file:line:column path: what was expected`. */
export function showPlanProblems(file: string, problems: readonly PlanProblem[]): string {
  const lines = problems.map(
    ({ line, column, path, message }) => `  ${file}:${line}:${column}  ${path === '' ? '' : `${path}: `}${message}`,
  );
  const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
  return `${file} is no valid plan: ${count}.\n${lines.join('\n')}\n`;
}

/** Reasons that are not bound to a line. */
export function showProblems(title: string, problems: readonly string[]): string {
  return `${title}\n${problems.map((problem) => `  ${problem}`).join('\n')}\n`;
}

/**
 * Checks a list of IP addresses and CIDR ranges.
 * @param source the option or variable that they came by
 * @throws UsageError naming it and what is no address
 */
export function readAddressRanges(source: string, texts: readonly string[]): readonly string[] {
  const wrong = texts.find((text) => parseIpRange(text) === undefined);
  if (wrong === undefined) return texts;
  throw new UsageError(
    `${source} takes an IP address or a CIDR range with no bits beyond its prefix, e.g. 10.1.0.0/16, got "${wrong}".`,
  );
}

/** Reads a plan's text and puts the command line's changes in. @throws UsageError when the file cannot be read */
export function readPlanFile(file: string, overrides: PlanOverrides = {}): string {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new UsageError(`Cannot read the plan ${file}: ${(error as Error).message}`);
  }
  return overridePlan(text, overrides);
}

/** Reads the values of an option that takes NAME=URL and may be repeated. @throws UsageError naming the option */
export function readNamedUrls(option: string, values: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    values.map((value) => {
      const at = value.indexOf('=');
      if (at < 1) throw new UsageError(`${option} takes NAME=URL, got "${value}".`);
      return [value.slice(0, at), value.slice(at + 1)];
    }),
  );
}

/** One process carries what it is asked for; a lane or a window more would only divide it. */
const WHOLE_RUN = {
  vusPerLane: Number.MAX_SAFE_INTEGER,
  ratePerLane: Number.MAX_SAFE_INTEGER,
  windowMs: Number.MAX_SAFE_INTEGER,
};

/** What the person at the keyboard does to allow what a policy refuses; this machine is always allowed. */
const HOW_TO_ALLOW: HowToAllow<RefusalCode> = {
  origin: 'to allow it, pass --allow ORIGIN or add it to SURGE_ALLOWED_ORIGINS',
  'special-address': 'to allow it, pass --allow-address CIDR or add it to SURGE_ALLOWED_ADDRESSES',
  'cloud-service': 'to allow it, pass --allow-address with this single address or add it to SURGE_ALLOWED_ADDRESSES',
  'too-many-vus': 'this limit of the command line is fixed; run larger plans in the Functions app',
  'rate-too-high': 'this limit of the command line is fixed; run larger plans in the Functions app',
  'too-long': 'this limit of the command line is fixed; run longer plans in the Functions app',
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
    howToAllow: HOW_TO_ALLOW,
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
