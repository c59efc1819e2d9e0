import { admitEveryone, admitIssued, admitOptionalKey, admitToken } from './admission.ts';
import { answerTokenRequest } from './answer-token-request.ts';
import type { ReferenceServerOptions } from './demo-server.ts';
import { dualEraEndpoint } from './dual-era-endpoint.ts';
import type { FleetOptions } from './fleet-options.ts';
import { latencyFigures } from './latency-figures.ts';
import { latencySource } from './latency-source.ts';
import { legacyServerFactory } from './legacy-server.ts';
import type { ServerName } from './server-name.ts';
import { ServerStats } from './server-stats.ts';
import { StatefulEndpoint } from './stateful-endpoint.ts';
import { statelessEndpoint } from './stateless-endpoint.ts';
import { TokenIssuer } from './token-issuer.ts';
import { adoTools } from './tools/ado-tools.ts';
import { context7Tools } from './tools/context7-tools.ts';
import type { ReferenceTool } from './tools/demo-tool.ts';
import { githubTools } from './tools/github-tools.ts';
import { learnTools } from './tools/learn-tools.ts';
import { type ToolRunner, toolRunner } from './tools/tool-runner.ts';

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
