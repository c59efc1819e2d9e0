import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type DurableEndpoint, durableClientBinding, durableHttp, WEBHOOK_PATH } from './durable/durable-http.ts';
import type { HistoryEvent } from './durable/history-event.ts';
import { OrchestrationEngine } from './durable/orchestration-engine.ts';
import { type OrchestrationStatus, orchestrationStatus } from './durable/orchestration-status.ts';
import { type EnabledFunctions, enabledFunctions, type ServedFunction } from './enabled-functions.ts';
import { FunctionRunner, type InvocationRecord } from './function-runner.ts';
import { httpFront } from './http/http-functions.ts';
import { listenHttp } from './http/http-listener.ts';
import type { Log } from './log.ts';
import { readAppSettings, readHostSettings, resolveAppEntry, type Settings } from './settings.ts';
import { Timers } from './timers.ts';
import { WorkerGroups } from './worker/workers.ts';

export type FunctionsHostOptions = {
  /** Folder with host.json. */
  readonly appRoot: string;
  /** File to load, relative to `appRoot`; may be TypeScript. Default: `main` of package.json. */
  readonly entry?: string;
  /** Port on 127.0.0.1; 0, the default, takes any free one. */
  readonly port?: number;
  /** App settings that win over local.settings.json and the environment. */
  readonly settings?: Settings;
  /** Run every activity twice at once, as a queue that delivers at least once may. For tests. */
  readonly deliverActivitiesTwice?: boolean;
  /** Run orchestrators and activities in a worker of their own, as Flex Consumption does. Default: one worker for all. */
  readonly separateDurableWorker?: boolean;
  readonly log?: Log;
  /** Told about every finished invocation: what the worker was sent and what it answered. */
  readonly onInvocation?: (record: InvocationRecord) => void;
};

export type FunctionsHost = {
  /** `http://127.0.0.1:PORT`, without a slash at its end. */
  readonly url: string;
  readonly port: number;
  readonly functions: readonly ServedFunction[];
  /** The process that runs activities. */
  workerPid(): number;
  readonly durable: {
    /** Base of the durable HTTP API, with a slash at its end. */
    readonly rpcBaseUrl: string;
    /** The raw history of an instance's present generation; undefined when there is no such instance. */
    history(instanceId: string): readonly HistoryEvent[] | undefined;
    status(instanceId: string): OrchestrationStatus | undefined;
    instances(): readonly OrchestrationStatus[];
  };
  /** Ends listeners, timers and the worker within a few seconds; what is in flight gets a short time to end. */
  stop(): Promise<void>;
};

const IN_FLIGHT_GRACE_MS = 2_000;
const HOOKS_GRACE_MS = 1_000;
const HTTP_GRACE_MS = 250;
const statusOptions = { showHistory: false, showHistoryOutput: false, showInput: true };

/**
 * Runs a function app on this machine as Azure would: HTTP and timer triggers, durable orchestrations, in a worker
 * process of their own. The task hub lives in memory and goes with the host.
 * @throws Error when the settings are wrong, the port is taken or the app cannot be loaded; the message says why
 */
export async function startFunctionsHost(options: FunctionsHostOptions): Promise<FunctionsHost> {
  const appRoot = path.resolve(options.appRoot);
  const log: Log = options.log ?? (() => undefined);
  const settings = await readAppSettings(appRoot, process.env, options.settings ?? {});
  const hostSettings = await readHostSettings(appRoot, settings, log);
  const entry = await resolveAppEntry(appRoot, options.entry);

  const served = Promise.withResolvers<Served>();
  served.promise.catch(() => undefined);
  const failed = (error: unknown) => {
    const message = `A request failed in the local host: ${error instanceof Error ? error.stack : error}`;
    log({ level: 'error', category: 'Host.Http', message });
  };
  const listener = await listenHttp(
    options.port ?? 0,
    async (request, response) => {
      const { front, durable } = await served.promise;
      const isWebhook = request.url?.startsWith(`${WEBHOOK_PATH}/`) === true;
      await (isWebhook ? durable(WEBHOOK_PATH, request, response) : front(request, response));
    },
    failed,
  );
  const rpc = await listenHttp(
    0,
    async (request, response) => (await served.promise).durable(RPC_PATH, request, response),
    failed,
  );
  const endpoint: DurableEndpoint = {
    origin: `http://localhost:${listener.port}`,
    rpcBaseUrl: `http://127.0.0.1:${rpc.port}${RPC_PATH}/`,
    hubName: hostSettings.hubName,
    key: randomBytes(24).toString('base64url'),
  };

  let workers: WorkerGroups;
  let enabled: EnabledFunctions;
  try {
    const env = workerEnvironment(settings, appRoot, listener.port);
    const separate = options.separateDurableWorker ?? false;
    workers = await WorkerGroups.start({ appRoot, entry, env, log }, hostSettings.functionTimeout, separate);
    try {
      enabled = enabledFunctions(workers.functions, settings, hostSettings.routePrefix, log);
    } catch (error) {
      await workers.stop(0);
      throw error;
    }
  } catch (error) {
    served.reject(error);
    await Promise.all([listener.close(0), rpc.close(0)]);
    throw error;
  }

  const isDurable = (name: string) => enabled.orchestrators.has(name) || enabled.activities.has(name);
  const runner = new FunctionRunner({
    invoke: (invocation) => workers.invoke(invocation, isDurable(invocation.functionName)),
    durableClient: durableClientBinding(endpoint),
    log,
    onInvocation: options.onInvocation,
  });
  const engine = new OrchestrationEngine({
    orchestrators: enabled.orchestrators,
    activities: enabled.activities,
    maxOrchestrators: hostSettings.maxConcurrentOrchestratorFunctions,
    maxActivities: hostSettings.maxConcurrentActivityFunctions,
    deliverActivitiesTwice: options.deliverActivitiesTwice ?? false,
    run: runner.run,
    log,
  });
  const timers = new Timers(runner.run);
  for (const { definition, schedule } of enabled.timers) timers.add(definition, schedule);
  const url = `http://127.0.0.1:${listener.port}`;
  served.resolve({
    front: httpFront({
      functions: enabled.http,
      routePrefix: hostSettings.routePrefix,
      origin: url,
      run: runner.run,
      fireTimer: (name) => timers.fire(name),
    }),
    durable: durableHttp(engine, endpoint),
  });
  timers.start();

  const status = (instance: Parameters<typeof orchestrationStatus>[0]) => orchestrationStatus(instance, statusOptions);
  let stopped: Promise<void> | undefined;
  const stop = async () => {
    timers.stop();
    const activitiesOver = engine.stop();
    const closing = listener.close(IN_FLIGHT_GRACE_MS);
    const giveUp = new AbortController();
    const grace = delay(IN_FLIGHT_GRACE_MS, undefined, { signal: giveUp.signal }).catch(() => undefined);
    await Promise.race([activitiesOver.then(() => runner.idle()), grace]);
    giveUp.abort();
    await workers.stop(HOOKS_GRACE_MS);
    await Promise.all([closing, rpc.close(HTTP_GRACE_MS)]);
  };
  return {
    url,
    port: listener.port,
    functions: enabled.served,
    workerPid: () => workers.durablePid,
    durable: {
      rpcBaseUrl: endpoint.rpcBaseUrl,
      history: (instanceId) => engine.hub.find(instanceId)?.history.slice(),
      status: (instanceId) => {
        const instance = engine.hub.find(instanceId);
        return instance && status(instance);
      },
      instances: () => engine.hub.all().map(status),
    },
    stop: () => (stopped ??= stop()),
  };
}

const RPC_PATH = '/durabletask';

type Served = {
  readonly front: ReturnType<typeof httpFront>;
  readonly durable: ReturnType<typeof durableHttp>;
};

function workerEnvironment(settings: Settings, appRoot: string, port: number): Settings {
  return {
    AZURE_FUNCTIONS_ENVIRONMENT: 'Development',
    ...settings,
    FUNCTIONS_WORKER_RUNTIME: 'node',
    WEBSITE_HOSTNAME: `localhost:${port}`,
    AzureWebJobsScriptRoot: appRoot,
  };
}
