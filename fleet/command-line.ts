import { parseArgs } from 'node:util';
import { z } from 'zod';
import type { FleetOptions } from './fleet-options.ts';
import { standardPorts } from './standard-ports.ts';

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
