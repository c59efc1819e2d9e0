import type { Dispatcher } from 'undici';
import manifest from '../../package.json' with { type: 'json' };
import { TokenSources } from '../mcp/auth/token-source.ts';
import type { ReplyMemory } from '../mcp/http/reply-memory.ts';
import { guardedDispatcher } from '../net/guarded-connector.ts';
import type { ParsedPlan } from '../plan/parse-plan.ts';
import type { Plan } from '../plan/plan-schema.ts';
import type { Policy } from '../plan/policy.ts';
import { secretNames } from '../plan/secret-origins.ts';
import type { Sizing } from '../plan/slices.ts';
import { Redactor } from '../secrets/redact.ts';
import type { SecretSource } from '../secrets/secret-source.ts';
import type { RunStore } from '../store/run-store.ts';
import type { Clock } from '../traffic/clock.ts';
import type { RunLimits } from './run-limits.ts';
import type { RunningSlices } from './running-slices.ts';
import type { Timing } from './timing.ts';
import type { WaitingMemory } from './waiting-memory.ts';

/** What the steps of a run need from outside, including the installation's settings. */
export type RunContext = {
  readonly store: RunStore;
  readonly secrets: SecretSource;
  readonly clock: Clock;
  readonly policy: Policy;
  readonly sizing: Sizing;
  /** From preflight to the first traffic, so that processes have time to start and read their plan. */
  readonly startDelayMs: number;
  /** How long slices and their deliveries wait for each other and for the store. */
  readonly timing: Timing;
  /** Where samples wait that the store has not accepted yet. */
  readonly waitingMemory: WaitingMemory;
  /** What is allowed of all runs together; absent where a process makes only one run. */
  readonly limits?: RunLimits;
  /** True if the operator has forbidden all load by a setting. */
  readonly isStopped?: boolean;
  /** The slices of this process. */
  readonly runningSlices: RunningSlices;
  /** How this process gets access tokens. */
  readonly tokens: TokenAccess;
  /** What the replies under way of this process hold. */
  readonly replyMemory: ReplyMemory;
  /** How long the event loop may stand still before the process is ended, milliseconds; undefined not to watch it. */
  readonly maxStallMs?: number;
  /** Parses plans without files where other requests must not wait for that; absent where nobody else waits. */
  readonly parsePlan?: (source: string | Uint8Array) => Promise<ParsedPlan>;
  /** Names this process in the generator's health. */
  readonly instance: string;
};

/** How a process gets access tokens: one source for each token, and connections to allowed addresses only. */
type TokenAccess = { readonly sources: TokenSources; readonly dispatcher: Dispatcher };

const CONNECT_TIMEOUT_MS = 5000;

/** Makes the access for one process. Its connections close when the process ends. */
export function openTokenAccess(policy: Policy): TokenAccess {
  return { sources: new TokenSources(), dispatcher: guardedDispatcher(policy, { timeoutMs: CONNECT_TIMEOUT_MS }) };
}

/** Makes a redactor of all secrets that the plan names. A secret that is missing cannot occur in any text. */
export async function planRedactor(plan: Plan, secrets: SecretSource): Promise<Redactor> {
  const names = Object.values(plan.targets).flatMap(({ auth }) => secretNames(auth));
  const values = await Promise.allSettled(names.map((name) => secrets.get(name)));
  return new Redactor(values.flatMap((value) => (value.status === 'fulfilled' ? [value.value] : [])));
}

/** The version of mcp-surge. */
export const version: string = manifest.version;
