import { fileURLToPath } from 'node:url';
import { fleetSecrets, type ServerName } from '../fleet/servers.ts';
import { type FleetProcess, startFleetProcess } from '../fleet/start-fleet-process.ts';
import { secretVariable } from '../src/secrets/open-secrets.ts';
import { startAzurite } from '../tools/functions-host/azurite/azurite.ts';
import type { FunctionsHost, FunctionsHostOptions } from '../tools/functions-host/functions-host.ts';
import type { LogLine } from '../tools/functions-host/log.ts';
import { superviseFunctionsHost } from '../tools/functions-host/supervised-host.ts';

/** Everything for a run on one machine: the app in the local Functions host, its storage, and the reference servers. */
export type LocalStack = {
  readonly host: FunctionsHost;
  readonly servers: FleetProcess['servers'];
  /** Ends all its processes. */
  stop(): Promise<void>;
};

type LocalStackOptions = {
  /** Port of the host's HTTP API. Default: any free port. */
  readonly port?: number;
  /** Ports of the reference servers. Default: any free ports. */
  readonly fleetPorts?: Partial<Record<ServerName, number>>;
  /** App settings that are added to {@link localSettings} or override them. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Folder of the app. Default: this checkout. */
  readonly appRoot?: string;
  /** File to load, relative to `appRoot`. Default: the TypeScript source. */
  readonly entry?: string;
  /** Run every activity twice, as a queue with at-least-once delivery may do. For tests. */
  readonly deliverActivitiesTwice?: boolean;
  /** Faults of the platform, and options of the host that go with them. For tests. */
  readonly host?: Pick<FunctionsHostOptions, 'faults' | 'durableWorkers' | 'hubFolder' | 'stopGraceMs'>;
  /** Multiplies the latencies of the reference servers. Default: 1. */
  readonly latencyScale?: number;
  readonly log?: (line: LogLine) => void;
  /** Called after every invocation of a function. For tests. */
  readonly onInvocation?: NonNullable<FunctionsHostOptions['onInvocation']>;
};

const checkout = fileURLToPath(new URL('..', import.meta.url));

/** The secrets of the reference servers, as the environment variables that the shipped plans refer to. */
export const secretSettings = {
  [secretVariable('github-pat')]: fleetSecrets.githubToken,
  [secretVariable('context7-api-key')]: fleetSecrets.context7ApiKey,
  [secretVariable('ado-client-secret')]: fleetSecrets.adoClientSecret,
};

/** App settings that differ from those in Azure: small slices, so that even a small run has several, and a short start delay. */
const localSettings = {
  TASKHUB_NAME: 'local',
  SURGE_ALLOW_LOOPBACK: 'true',
  SURGE_VUS_PER_LANE: '5',
  SURGE_START_DELAY_SECONDS: '1',
  // The shipped canary checks the standard ports of the reference servers, and only npm start uses those.
  'AzureWebJobs.canary-fleet.Disabled': 'true',
  AzureFunctionsJobHost__extensions__durableTask__maxConcurrentActivityFunctions: '20',
};

type LocalHostOptions = Pick<LocalStackOptions, 'port' | 'settings' | 'appRoot' | 'entry'>;

/** Options with which the local Functions host runs this app. `storage` is the connection string of the app's storage. */
export function localHostOptions(storage: string, options: LocalHostOptions = {}) {
  const { port = 0, settings = {}, appRoot = checkout, entry = 'src/functions/main.ts' } = options;
  return {
    appRoot,
    entry,
    port,
    settings: { ...localSettings, ...secretSettings, AzureWebJobsStorage: storage, ...settings },
    // Requests for the status of a run must not slow down its slices.
    separateDurableWorker: true,
  } satisfies FunctionsHostOptions;
}

/**
 * Starts the host, its storage and the reference servers. A host that recycles itself starts again.
 *
 * @throws Error if one of them does not start. The others are stopped first.
 */
export async function startLocalStack(options: LocalStackOptions = {}): Promise<LocalStack> {
  const { fleetPorts = {}, latencyScale } = options;
  const started: { stop(): Promise<void> }[] = [];
  const stop = async () => {
    await Promise.all(
      started
        .splice(0)
        .toReversed()
        .map((part) => part.stop()),
    );
  };
  const keep = async <Part extends { stop(): Promise<void> }>(starting: Promise<Part>): Promise<Part> => {
    const part = await starting;
    started.push(part);
    return part;
  };
  const startHost = async () => {
    const azurite = await keep(startAzurite());
    return keep(
      superviseFunctionsHost({
        ...localHostOptions(azurite.connectionString, options),
        ...options.host,
        deliverActivitiesTwice: options.deliverActivitiesTwice ?? false,
        ...(options.log === undefined ? {} : { log: options.log }),
        ...(options.onInvocation === undefined ? {} : { onInvocation: options.onInvocation }),
      }),
    );
  };
  const startServers = () => {
    return keep(startFleetProcess({ ports: fleetPorts, ...(latencyScale === undefined ? {} : { latencyScale }) }));
  };
  const starting = [startHost(), startServers()] as const;
  try {
    const [host, fleet] = await Promise.all(starting);
    return { host, servers: fleet.servers, stop };
  } catch (error) {
    await Promise.allSettled(starting);
    await stop();
    throw error;
  }
}
