import type { Target } from '../../plan/target-schema.ts';
import type { Clock } from '../../traffic/clock.ts';
import type { Authorizer } from '../auth/authorizer.ts';
import type { TargetConnection } from '../http/target-connection.ts';
import type { ToolIndex } from './tool-index.ts';

/** What all sessions with one target share, in one process. */
export type SessionOptions = {
  readonly target: Target;
  readonly connection: TargetConnection;
  readonly authorizer: Authorizer;
  readonly clock: Clock;
  readonly tools: ToolIndex;
  /** Names us to the target's owner. */
  readonly userAgent: string;
  /** Number of an operation's samples. */
  readonly operation: (name: string) => number;
  /** Hears that the target refused credentials that were made anew because it had refused the ones before. */
  readonly onRejected: (message: string) => void;
  /** Aborted once it did. */
  readonly rejected: AbortSignal;
  /**
   * Aborted when the load is over and nobody may wait for anything any more: no further call is sent then, only what a
   * session says at its end. Whatever waits between two requests, as the polling of a task does, waits no longer.
   */
  readonly ended: AbortSignal;
};

/** How we introduce ourselves, from the user agent's `name/version`. */
export function clientInfoOf(userAgent: string): { readonly name: string; readonly version: string } {
  const [name = '', version = ''] = userAgent.split(/[/ ]/);
  return { name, version };
}
