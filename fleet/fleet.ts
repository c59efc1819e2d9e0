import {
  admitEveryone,
  admitIssued,
  admitOptionalKey,
  admitToken,
  answerTokenRequest,
  TokenIssuer,
} from './authentication.ts';
import { dualEraEndpoint, StatefulEndpoint, statelessEndpoint } from './endpoints.ts';
import { completeFleetOptions, type FleetOptions } from './fleet-options.ts';
import { latencySource } from './latency.ts';
import { legacyServerFactory } from './legacy-server.ts';
import { latencyFigures } from './measured.ts';
import { type ReferenceServer, type ReferenceServerOptions, startReferenceServer } from './reference-server.ts';
import { ServerStats, type ServerStatsSnapshot } from './server-stats.ts';
import { type ServerName, serverNames } from './servers.ts';
import { adoTools } from './tools/ado-tools.ts';
import { context7Tools, learnTools } from './tools/documentation-tools.ts';
import { githubTools } from './tools/github-tools.ts';
import { type ReferenceTool, type ToolRunner, toolRunner } from './tools/tool.ts';

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

const githubPageSize = 5;

type Frame = Omit<ReferenceServerOptions, 'endpoint' | 'admission'>;

/** What each server of the fleet is: its tools, how it keeps sessions, how it replies and whom it lets in. */
export function serverPlans(options: Required<FleetOptions>): Readonly<Record<ServerName, ReferenceServerOptions>> {
  return {
    learn: learnPlan(options),
    github: githubPlan(options),
    context7: context7Plan(options),
    ado: adoPlan(options),
  };
}

function learnPlan(options: Required<FleetOptions>): ReferenceServerOptions {
  const { frame, run } = outline(options, 'learn', learnTools);
  const createServer = legacyServerFactory('learn', learnTools, run);
  return {
    ...frame,
    admission: admitEveryone,
    endpoint: new StatefulEndpoint(createServer, frame.stats, options.nowMs),
  };
}

function githubPlan(options: Required<FleetOptions>): ReferenceServerOptions {
  const { frame, run } = outline(options, 'github', githubTools, { search_code: options.searchCodeFailureRate });
  const createServer = legacyServerFactory('github', githubTools, run, githubPageSize);
  return {
    ...frame,
    admission: admitToken(options.secrets.githubToken),
    endpoint: new StatefulEndpoint(createServer, frame.stats, options.nowMs),
  };
}

function context7Plan(options: Required<FleetOptions>): ReferenceServerOptions {
  const { frame, run } = outline(options, 'context7', context7Tools);
  return {
    ...frame,
    admission: admitOptionalKey(options.secrets.context7ApiKey),
    endpoint: dualEraEndpoint('context7', context7Tools, run),
  };
}

function adoPlan(options: Required<FleetOptions>): ReferenceServerOptions {
  const { frame, run } = outline(options, 'ado', adoTools);
  const issuer = new TokenIssuer(options.tokenLifetimeSeconds, options.nowMs);
  const client = { clientId: options.secrets.adoClientId, clientSecret: options.secrets.adoClientSecret };
  return {
    ...frame,
    admission: admitIssued(issuer),
    endpoint: statelessEndpoint(legacyServerFactory('ado', adoTools, run)),
    async answerToken(request, response) {
      if (await answerTokenRequest(request, response, client, issuer)) frame.stats.tokenIssued();
    },
  };
}

/** What all servers have, and what runs their tools. */
function outline(
  { seed, ports, latencyScale }: Required<FleetOptions>,
  server: ServerName,
  tools: readonly ReferenceTool[],
  failureRates: Readonly<Record<string, number>> = {},
): { frame: Frame; run: ToolRunner } {
  const percentilesMs = latencyFigures(server, tools);
  const latencyMs = latencySource({ seed, server, percentilesMs, scale: latencyScale });
  return {
    frame: {
      name: server,
      port: ports[server] ?? 0,
      stats: new ServerStats(server),
      latencyMs,
      toolNames: new Set(tools.map(({ name }) => name)),
    },
    run: toolRunner({ server, seed, latencyMs, failureRates }),
  };
}
