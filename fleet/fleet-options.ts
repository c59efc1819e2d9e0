import { measuredSearchCodeFailureRate } from './measured.ts';
import { type FleetSecrets, fleetSecrets } from './secrets.ts';
import type { ServerName } from './server-name.ts';

export interface FleetOptions {
  /** Decides every latency, answer and failure; 1 unless given. */
  readonly seed?: number;
  /** On 127.0.0.1; any free port for a server without one. */
  readonly ports?: Readonly<Partial<Record<ServerName, number>>>;
  /** Multiplies every latency; 1 unless given, 0 answers at once. */
  readonly latencyScale?: number;
  /** How long a token of the ado server is valid; 20 unless given. */
  readonly tokenLifetimeSeconds?: number;
  /** Share of `search_code` calls, 0 to 1, that end as a tool error; as measured unless given. */
  readonly searchCodeFailureRate?: number;
  /** The secrets to accept; {@link fleetSecrets} unless given. */
  readonly secrets?: FleetSecrets;
  /** The clock by which tokens and idle sessions end, in milliseconds; `performance.now` unless given. */
  readonly nowMs?: () => number;
}

/**
 * Adds what is not given.
 *
 * @throws RangeError naming the option that makes no sense.
 */
export function completeFleetOptions(options: FleetOptions): Required<FleetOptions> {
  const complete = {
    seed: 1,
    ports: {},
    latencyScale: 1,
    tokenLifetimeSeconds: 20,
    searchCodeFailureRate: measuredSearchCodeFailureRate,
    secrets: fleetSecrets,
    nowMs: () => performance.now(),
    ...options,
  };
  const demand = (
    name: 'latencyScale' | 'tokenLifetimeSeconds' | 'searchCodeFailureRate',
    from: number,
    to: number,
  ) => {
    const value = complete[name];
    if (!(value >= from && value <= to))
      throw new RangeError(`${name} must lie between ${from} and ${to}, got ${value}`);
  };
  demand('latencyScale', 0, 1000);
  demand('tokenLifetimeSeconds', 0.001, 86_400);
  demand('searchCodeFailureRate', 0, 1);
  return complete;
}
