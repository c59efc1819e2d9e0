import { parseArgs } from 'node:util';
import { z } from 'zod';
import { measuredSearchCodeFailureRate } from './measured.ts';
import { type FleetSecrets, fleetSecrets, type ServerName, standardPorts } from './servers.ts';

export type FleetOptions = {
  /** Determines every latency, answer and failure. Default: 1. */
  readonly seed?: number;
  /** Ports on 127.0.0.1. A server that is not listed takes any free port. */
  readonly ports?: Readonly<Partial<Record<ServerName, number>>>;
  /** Multiplies every latency, 0 to 1000. Default: 1. With 0, the servers answer without delay. */
  readonly latencyScale?: number;
  /** Lifetime of the ado server's tokens, 0.001 to 86,400 seconds. Default: 20. */
  readonly tokenLifetimeSeconds?: number;
  /** Share of `search_code` calls, 0 to 1, that end in a tool error. Default: the measured share. */
  readonly searchCodeFailureRate?: number;
  /** The secrets to accept. Default: {@link fleetSecrets}. */
  readonly secrets?: FleetSecrets;
  /** The clock for the expiry of tokens and idle sessions, in milliseconds. Default: `performance.now`. */
  readonly nowMs?: () => number;
};

/** The options that can be set on the command line. */
export type FleetFlags = Omit<FleetOptions, 'secrets' | 'nowMs'>;

/**
 * Fills in the defaults.
 *
 * @throws RangeError that names an option outside its range.
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
  const requireRange = (
    name: 'latencyScale' | 'tokenLifetimeSeconds' | 'searchCodeFailureRate',
    min: number,
    max: number,
  ) => {
    const value = complete[name];
    if (!(value >= min && value <= max))
      throw new RangeError(`${name} must be between ${min} and ${max}, got ${value}`);
  };
  requireRange('latencyScale', 0, 1000);
  requireRange('tokenLifetimeSeconds', 0.001, 86_400);
  requireRange('searchCodeFailureRate', 0, 1);
  return complete;
}

/** The text for `--help`. */
export const usage = `usage: node fleet/main.ts [--learn PORT] [--github PORT] [--context7 PORT] [--ado PORT]
                          [--seed N] [--latency-scale X] [--token-lifetime SECONDS] [--search-code-failure-rate SHARE]

Starts the reference fleet on 127.0.0.1. The default ports are 4801 to 4804; port 0 takes any free port.`;

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
 * Reads the command line of `fleet/main.ts`. Returns null for `--help`. A port without a flag is the standard one.
 *
 * @throws Error that names each flag that is unknown or has a wrong value.
 */
export function readFlags(args: readonly string[]): FleetFlags | null {
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

/** The command line that {@link readFlags} reads back as these options. A port that is not listed becomes 0. */
export function writeFlags(options: FleetFlags): string[] {
  const { ports = {} } = options;
  const values = {
    learn: ports.learn ?? 0,
    github: ports.github ?? 0,
    context7: ports.context7 ?? 0,
    ado: ports.ado ?? 0,
    seed: options.seed,
    'latency-scale': options.latencyScale,
    'token-lifetime': options.tokenLifetimeSeconds,
    'search-code-failure-rate': options.searchCodeFailureRate,
  };
  return Object.entries(values)
    .filter(([, value]) => value !== undefined)
    .map(([flag, value]) => `--${flag}=${value}`);
}
