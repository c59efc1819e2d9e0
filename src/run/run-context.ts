import type { Dispatcher } from 'undici';
import manifest from '../../package.json' with { type: 'json' };
import { TokenSources } from '../mcp/auth/token-source.ts';
import { guardedDispatcher } from '../net/guarded-connector.ts';
import { secretNames } from '../plan/auth-schema.ts';
import type { Plan } from '../plan/plan-schema.ts';
import type { Policy } from '../plan/policy.ts';
import type { Sizing } from '../plan/slices.ts';
import { Redactor } from '../secrets/redact.ts';
import type { SecretSource } from '../secrets/secret-source.ts';
import type { RunStore } from '../store/run-store.ts';
import type { Clock } from '../traffic/clock.ts';

export const version: string = manifest.version;

/** How a process gets its tokens: one source for each, over connections that lead to allowed addresses only. */
export type TokenAccess = { readonly sources: TokenSources; readonly dispatcher: Dispatcher };

const CONNECT_TIMEOUT_MS = 5000;

/** Makes the access of one process; its connections close with the process. */
export function openTokenAccess(policy: Policy): TokenAccess {
  return { sources: new TokenSources(), dispatcher: guardedDispatcher(policy, { timeoutMs: CONNECT_TIMEOUT_MS }) };
}

/** What the verbs of a run need of the outside world and of the installation's settings. */
export type RunContext = {
  readonly store: RunStore;
  readonly secrets: SecretSource;
  readonly clock: Clock;
  readonly policy: Policy;
  readonly sizing: Sizing;
  /** From preflight to the first traffic: time for processes to be started and to read their plan. */
  readonly startDelayMs: number;
  /** Where this process gets its tokens. */
  readonly tokens: TokenAccess;
  /** Client id of the identity that asks for Entra tokens; undefined for the default one. */
  readonly identityClientId: string | undefined;
  /** Names this process in the generator's health. */
  readonly instance: string;
};

/** A redactor of every secret that the plan names. A secret that is missing cannot occur in any text. */
export async function planRedactor(plan: Plan, secrets: SecretSource): Promise<Redactor> {
  const names = Object.values(plan.targets).flatMap(({ auth }) => secretNames(auth));
  const values = await Promise.allSettled(names.map((name) => secrets.get(name)));
  return new Redactor(values.flatMap((value) => (value.status === 'fulfilled' ? [value.value] : [])));
}
