import type { Policy } from '../plan/policy.ts';
import type { Sizing } from '../plan/slices.ts';
import type { SecretSource } from '../secrets/secret-source.ts';
import type { RunStore } from '../store/run-store.ts';
import type { Clock } from '../traffic/clock.ts';
import type { TokenAccess } from './token-access.ts';

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
