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

type FleetServer = {
  /** The MCP endpoint. */
  readonly url: string;
  /** `GET` returns a {@link ServerStatsSnapshot}. `POST` to this address plus `/reset` sets the counts to zero. */
  readonly statsUrl: string;
  /** The token endpoint. Only the ado server has one. */
  readonly tokenUrl?: string;
};

export type Fleet = {
  readonly servers: Readonly<Record<ServerName, FleetServer>>;
  stats(): Promise<Readonly<Record<ServerName, ServerStatsSnapshot>>>;
  /** Ends all sessions and connections and frees the ports. Safe to call twice. */
  stop(): Promise<void>;
};

/**
 * Starts the reference fleet: four MCP servers on 127.0.0.1, modelled on measurements of four hosted servers.
 *
 * @throws RangeError that names an option outside its range, or Error that names a port in use. In both cases every
 * server that had started is stopped again.
 */
export async function startFleet(options: FleetOptions = {}): Promise<Fleet> {
  const definitions = defineServers(completeFleetOptions(options));
  const starts = await Promise.allSettled(serverNames.map((name) => startReferenceServer(definitions[name])));
  const started = starts.filter((start) => start.status === 'fulfilled').map(({ value }) => value);
  let stopping: Promise<unknown> | undefined;
  const stop = async () => {
    stopping ??= Promise.all([
      ...started.map((server) => server.stop()),
      ...serverNames.map((name) => definitions[name].endpoint.close()),
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
      learn: definitions.learn.stats.snapshot(),
      github: definitions.github.stats.snapshot(),
      context7: definitions.context7.stats.snapshot(),
      ado: definitions.ado.stats.snapshot(),
    }),
    stop,
  };
}

/** Defines each server: its tools, its sessions, the form of its replies, and its authentication. */
function defineServers(options: Required<FleetOptions>): Readonly<Record<ServerName, ReferenceServerOptions>> {
  return {
    learn: defineLearn(options),
    github: defineGithub(options),
    context7: defineContext7(options),
    ado: defineAdo(options),
  };
}

/** learn: sessions, replies in event streams, no authentication. */
function defineLearn(options: Required<FleetOptions>): ReferenceServerOptions {
  const { common, run } = defineCommon(options, 'learn', learnTools);
  const createServer = legacyServerFactory('learn', learnTools, run);
  return {
    ...common,
    admission: admitEveryone,
    endpoint: new StatefulEndpoint(createServer, common.stats, options.nowMs),
  };
}

const GITHUB_TOOLS_PER_PAGE = 5;

/** github: sessions, replies in event streams, a fixed bearer token, and a tool list in pages. */
function defineGithub(options: Required<FleetOptions>): ReferenceServerOptions {
  const failureRates = { search_code: options.searchCodeFailureRate };
  const { common, run } = defineCommon(options, 'github', githubTools, failureRates);
  const createServer = legacyServerFactory('github', githubTools, run, GITHUB_TOOLS_PER_PAGE);
  return {
    ...common,
    admission: admitToken(options.secrets.githubToken),
    endpoint: new StatefulEndpoint(createServer, common.stats, options.nowMs),
  };
}

/** context7: both protocol eras without sessions, and an optional API key. */
function defineContext7(options: Required<FleetOptions>): ReferenceServerOptions {
  const { common, run } = defineCommon(options, 'context7', context7Tools);
  return {
    ...common,
    admission: admitOptionalKey(options.secrets.context7ApiKey),
    endpoint: dualEraEndpoint('context7', context7Tools, run),
  };
}

/** ado: no sessions, replies in plain JSON, and tokens from its own token endpoint that expire. */
function defineAdo(options: Required<FleetOptions>): ReferenceServerOptions {
  const { common, run } = defineCommon(options, 'ado', adoTools);
  const issuer = new TokenIssuer(options.tokenLifetimeSeconds, options.nowMs);
  const client = { clientId: options.secrets.adoClientId, clientSecret: options.secrets.adoClientSecret };
  return {
    ...common,
    admission: admitIssued(issuer),
    endpoint: statelessEndpoint(legacyServerFactory('ado', adoTools, run)),
    async answerToken(request, response) {
      if (await answerTokenRequest(request, response, client, issuer)) common.stats.tokenIssued();
    },
  };
}

/** The options that every server has, and the runner of its tools. */
function defineCommon(
  { seed, ports, latencyScale }: Required<FleetOptions>,
  server: ServerName,
  tools: readonly ReferenceTool[],
  failureRates: Readonly<Record<string, number>> = {},
): { common: Omit<ReferenceServerOptions, 'endpoint' | 'admission'>; run: ToolRunner } {
  const percentilesMs = latencyFigures(server, tools);
  const latencyMs = latencySource({ seed, server, percentilesMs, scale: latencyScale });
  return {
    common: {
      name: server,
      port: ports[server] ?? 0,
      stats: new ServerStats(server),
      latencyMs,
      toolNames: new Set(tools.map(({ name }) => name)),
    },
    run: toolRunner({ server, seed, latencyMs, failureRates }),
  };
}
