import { parseArgs } from 'node:util';
import { z } from 'zod';
import { measuredSearchCodeFailureRate } from './measured.ts';
import { type FleetSecrets, fleetSecrets, type ServerName, standardPorts } from './servers.ts';

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

/** How to call the command, for its --help. */
export const usage = `usage: node fleet/main.ts [--learn PORT] [--github PORT] [--context7 PORT] [--ado PORT]
                         [--seed N] [--latency-scale X] [--token-lifetime SECONDS] [--search-code-failure-rate SHARE]

Starts the reference fleet on 127.0.0.1. Ports default to 4801 to 4804; 0 takes any free port.`;

const port = z.coerce.number().int().min(0).max(65_535);
const flags = z.object({
  learn: port.default(standardPorts.learn),
  github: port.default(standardPorts.github),
  context7: port.default(standardPorts.context7),
  ado: port.default(standardPorts.ado),
  seed: z.coerce.number().int().optional(),
  'latency-scale': z.coerce.number().min(0).max(1000).optional(),
  'token-lifetime': z.coerce.number().min(0.001).max(86_400).optional(),
  'search-code-failure-rate': z.coerce.number().min(0).max(1).optional(),
});

const text = { type: 'string' } as const;

/**
 * Reads the flags of the fleet's command; null when help is asked for.
 *
 * @throws Error naming the flag that is unknown or has a wrong value.
 */
export function readCommandLine(args: readonly string[]): FleetOptions | null {
  const { values } = parseArgs({
    args: [...args],
    options: {
      help: { type: 'boolean' },
      ...Object.fromEntries(Object.keys(flags.shape).map((flag) => [flag, text])),
    },
  });
  if (values.help === true) return null;
  const parsed = flags.safeParse(values);
  if (!parsed.success) {
    const problems = parsed.error.issues.map(({ path, message }) => `--${path.join('.')}: ${message}`);
    throw new Error(problems.join('\n'));
  }
  const { learn, github, context7, ado, seed, ...rest } = parsed.data;
  return {
    ports: { learn, github, context7, ado },
    ...(seed !== undefined && { seed }),
    ...(rest['latency-scale'] !== undefined && { latencyScale: rest['latency-scale'] }),
    ...(rest['token-lifetime'] !== undefined && { tokenLifetimeSeconds: rest['token-lifetime'] }),
    ...(rest['search-code-failure-rate'] !== undefined && {
      searchCodeFailureRate: rest['search-code-failure-rate'],
    }),
  };
}
