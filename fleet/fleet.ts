import { type ReferenceServer, startReferenceServer } from './demo-server.ts';
import { completeFleetOptions, type FleetOptions } from './fleet-options.ts';
import { type ServerName, serverNames } from './server-name.ts';
import { serverPlans } from './server-plans.ts';
import type { ServerStatsSnapshot } from './server-stats.ts';

export interface FleetServer {
  /** The MCP endpoint. */
  readonly url: string;
  /** GET it for a {@link ServerStatsSnapshot}. POST to the same address with `/reset` appended to count anew. */
  readonly statsUrl: string;
  /** Where the ado server issues tokens; the others have none. */
  readonly tokenUrl?: string;
}

export interface Fleet {
  readonly servers: Readonly<Record<ServerName, FleetServer>>;
  stats(): Promise<Readonly<Record<ServerName, ServerStatsSnapshot>>>;
  /** Ends all sessions and connections. Safe to call twice. */
  stop(): Promise<void>;
}

/**
 * Starts the reference fleet: four MCP servers on loopback that behave as four hosted servers were measured to.
 *
 * @throws RangeError naming an option that makes no sense; Error naming a port that is taken. Nothing runs on then.
 */
export async function startFleet(options: FleetOptions = {}): Promise<Fleet> {
  const plans = serverPlans(completeFleetOptions(options));
  const starts = await Promise.allSettled(serverNames.map((name) => startReferenceServer(plans[name])));
  const started = starts.filter((start) => start.status === 'fulfilled').map(({ value }) => value);
  let stopping: Promise<unknown> | undefined;
  const stop = async () => {
    stopping ??= Promise.all([
      ...started.map((server) => server.stop()),
      ...serverNames.map((name) => plans[name].endpoint.close()),
    ]);
    await stopping;
  };
  const failed = starts.find((start) => start.status === 'rejected');
  if (failed !== undefined) {
    await stop();
    throw failed.reason;
  }

  const [learn, github, context7, ado] = started as [
    ReferenceServer,
    ReferenceServer,
    ReferenceServer,
    ReferenceServer,
  ];
  const addresses = ({ origin }: ReferenceServer): FleetServer => ({
    url: `${origin}/mcp`,
    statsUrl: `${origin}/stats`,
  });
  return {
    servers: {
      learn: addresses(learn),
      github: addresses(github),
      context7: addresses(context7),
      ado: { ...addresses(ado), tokenUrl: `${ado.origin}/token` },
    },
    stats: async () => ({
      learn: plans.learn.stats.snapshot(),
      github: plans.github.stats.snapshot(),
      context7: plans.context7.stats.snapshot(),
      ado: plans.ado.stats.snapshot(),
    }),
    stop,
  };
}
