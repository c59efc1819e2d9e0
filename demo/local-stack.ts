import { fileURLToPath } from 'node:url';
import { fleetSecrets, type ServerName } from '../fleet/servers.ts';
import { type FleetProcess, startFleetProcess } from '../fleet/start-fleet-process.ts';
import { secretVariable } from '../src/secrets/open-secrets.ts';
import { startAzurite } from '../tools/functions-host/azurite/azurite.ts';
import {
  type FunctionsHost,
  type FunctionsHostOptions,
  startFunctionsHost,
} from '../tools/functions-host/functions-host.ts';
import type { LogLine } from '../tools/functions-host/log.ts';

/** The whole product on one machine: the app in the local Functions host, its storage, and servers to aim at. */
export type LocalStack = {
  readonly host: FunctionsHost;
  readonly servers: FleetProcess['servers'];
  /** Ends all processes that belong to it. */
  stop(): Promise<void>;
};

export type LocalStackOptions = {
  /** Of the host's HTTP API; any free one by default. */
  readonly port?: number;
  /** Of the fleet; any free ones by default. */
  readonly fleetPorts?: Partial<Record<ServerName, number>>;
  /** App settings besides those that a laptop needs. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Folder and file of the app; the checkout's TypeScript as it is by default. */
  readonly appRoot?: string;
  readonly entry?: string;
  readonly deliverActivitiesTwice?: boolean;
  readonly latencyScale?: number;
  readonly log?: (line: LogLine) => void;
  /** Hears of every invocation of a function; for tests. */
  readonly onInvocation?: NonNullable<FunctionsHostOptions['onInvocation']>;
};

const checkout = fileURLToPath(new URL('..', import.meta.url));

/** The fleet's secrets under the names by which the plans know them, as environment variables. */
export const secretSettings = {
  [secretVariable('github-pat')]: fleetSecrets.githubToken,
  [secretVariable('context7-api-key')]: fleetSecrets.context7ApiKey,
  [secretVariable('ado-client-secret')]: fleetSecrets.adoClientSecret,
};

/** What a laptop sets otherwise than Azure: small slices, so that there is something to fan out, and no waiting for instances. */
const laptopSettings = {
  TASKHUB_NAME: 'local',
  SURGE_ALLOW_LOOPBACK: 'true',
  SURGE_VUS_PER_LANE: '5',
  SURGE_START_DELAY_SECONDS: '1',
  // The shipped canary watches the fleet's standard ports, which only npm start takes.
  'AzureWebJobs.canary-fleet.Disabled': 'true',
  AzureFunctionsJobHost__extensions__durableTask__maxConcurrentActivityFunctions: '20',
};

/** Starts everything; what was started is stopped again when a part fails. */
export async function startLocalStack(options: LocalStackOptions = {}): Promise<LocalStack> {
  const {
    port = 0,
    fleetPorts = {},
    settings = {},
    appRoot = checkout,
    entry = 'src/functions/main.ts',
    latencyScale,
  } = options;
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
      startFunctionsHost({
        appRoot,
        entry,
        port,
        settings: { ...laptopSettings, ...secretSettings, AzureWebJobsStorage: azurite.connectionString, ...settings },
        // So that somebody who watches a run does not disturb it.
        separateDurableWorker: true,
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
