import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import {
  type DurableEndpoint,
  durableClientBinding,
  durableHttp,
  RPC_PATH,
  WEBHOOK_PATH,
} from './durable/durable-http.ts';
import type { HistoryEvent } from './durable/history-event.ts';
import { OrchestrationEngine } from './durable/orchestration-engine.ts';
import { type OrchestrationStatus, orchestrationStatus } from './durable/orchestration-status.ts';
import type { Instance } from './durable/task-hub.ts';
import { type EnabledFunctions, enabledFunctions, type ServedFunction } from './enabled-functions.ts';
import type { Faults } from './faults.ts';
import { FunctionRunner, type InvocationRecord } from './function-runner.ts';
import { httpFunctions } from './http/http-functions.ts';
import { type HttpListener, listenHttp } from './http/http-listener.ts';
import { type Log, stackOf } from './log.ts';
import { readAppSettings, readHostSettings, resolveAppEntry, type Settings } from './settings.ts';
import { Timers } from './timers.ts';
import { type SupervisorOptions, Workers } from './worker/workers.ts';

export type FunctionsHostOptions = {
  /** Folder that contains host.json. */
  readonly appRoot: string;
  /** File to load, relative to `appRoot`; may be TypeScript. Default: `main` of package.json. */
  readonly entry?: string;
  /** Port on 127.0.0.1; 0, the default, takes any free one. */
  readonly port?: number;
  /** App settings that override local.settings.json and the environment. */
  readonly settings?: Settings;
  /** Run every activity twice, as a queue with at-least-once delivery may do. For tests. */
  readonly deliverActivitiesTwice?: boolean;
  /** Run orchestrators and activities in a separate worker, as Flex Consumption does. Default: one worker for all. */
  readonly separateDurableWorker?: boolean;
  /** Faults and delays of the platform, for tests. Default: none. */
  readonly faults?: Faults;
  readonly log?: Log;
  /** Called after every invocation with what the worker received and what it answered. */
  readonly onInvocation?: (record: InvocationRecord) => void;
};

export type FunctionsHost = {
  /** `http://127.0.0.1:PORT`, without a trailing slash. */
  readonly url: string;
  readonly port: number;
  readonly functions: readonly ServedFunction[];
  /** Process id of the worker that runs activities. */
  workerPid(): number;
  readonly durable: {
    /** Base of the durable HTTP API, with a trailing slash. */
    readonly rpcBaseUrl: string;
    /** The raw history of an instance's current generation; undefined when there is no such instance. */
    history(instanceId: string): readonly HistoryEvent[] | undefined;
    status(instanceId: string): OrchestrationStatus | undefined;
    instances(): readonly OrchestrationStatus[];
  };
  /** Ends listeners, timers and workers within a few seconds. Work in flight gets a short time to finish. */
  stop(): Promise<void>;
};

const IN_FLIGHT_GRACE_MS = 2_000;
const HOOKS_GRACE_MS = 1_000;
const HTTP_GRACE_MS = 250;
const statusOptions = { showHistory: false, showHistoryOutput: false, showInput: true };

/**
 * Runs a function app on this machine as Azure would: HTTP and timer triggers and durable orchestrations, with the app's
 * code in a worker process. The task hub is in memory and is lost when the host stops.
 * @throws Error when the settings are wrong, the port is taken or the app cannot be loaded; the message says why
 */
export async function startFunctionsHost(options: FunctionsHostOptions): Promise<FunctionsHost> {
  const appRoot = path.resolve(options.appRoot);
  const log: Log = options.log ?? (() => undefined);
  const settings = await readAppSettings(appRoot, process.env, options.settings ?? {});
  const hostSettings = await readHostSettings(appRoot, settings, log);
  const entry = await resolveAppEntry(appRoot, options.entry);

  const ready = Promise.withResolvers<RequestHandlers>();
  ready.promise.catch(() => undefined);
  const { listener, rpc } = await listen(options.port ?? 0, ready.promise, log);
  const url = `http://127.0.0.1:${listener.port}`;
  const endpoint: DurableEndpoint = {
    origin: `http://localhost:${listener.port}`,
    rpcBaseUrl: `http://127.0.0.1:${rpc.port}${RPC_PATH}/`,
    hubName: hostSettings.hubName,
    key: randomBytes(24).toString('base64url'),
  };

  const env = workerEnvironment(settings, appRoot, listener.port);
  const separate = options.separateDurableWorker ?? false;
  const timeout = hostSettings.functionTimeout;
  const workerOptions = { appRoot, entry, env, log, timeout, gapMs: options.faults?.workerGapMs ?? 0 };
  const loading = loadApp(workerOptions, settings, hostSettings.routePrefix, separate);
  const { workers, enabled } = await loading.catch(async (error: unknown) => {
    ready.reject(error);
    await Promise.all([listener.close(0), rpc.close(0)]);
    throw error;
  });

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
    faults: options.faults ?? {},
    run: runner.run,
    log,
  });
  const timers = new Timers(runner.run);
  for (const { definition, schedule } of enabled.timers) timers.add(definition, schedule);
  ready.resolve({
    app: httpFunctions({
      functions: enabled.http,
      routePrefix: hostSettings.routePrefix,
      origin: url,
      run: runner.run,
      fireTimer: (name) => timers.fire(name),
    }),
    durable: durableHttp(engine, endpoint),
  });
  timers.start();

  const statusOf = (instance: Instance) => orchestrationStatus(instance, statusOptions);
  let stopped: Promise<void> | undefined;
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
        return instance && statusOf(instance);
      },
      instances: () => engine.hub.all().map(statusOf),
    },
    stop: () => (stopped ??= stopParts({ listener, rpc, timers, engine, runner, workers })),
  };
}

type RequestHandlers = {
  readonly app: ReturnType<typeof httpFunctions>;
  readonly durable: ReturnType<typeof durableHttp>;
};

type Parts = {
  readonly listener: HttpListener;
  readonly rpc: HttpListener;
  readonly timers: Timers;
  readonly engine: OrchestrationEngine;
  readonly runner: FunctionRunner;
  readonly workers: Workers;
};

/** Opens the app's own listener, and one for durable clients. Requests wait until the app is loaded. */
async function listen(
  port: number,
  ready: Promise<RequestHandlers>,
  log: Log,
): Promise<Pick<Parts, 'listener' | 'rpc'>> {
  const failed = (error: unknown) =>
    log({ level: 'error', category: 'Host.Http', message: `A request failed in the local host: ${stackOf(error)}` });
  const listener = await listenHttp(
    port,
    async (request, response) => {
      const { app, durable } = await ready;
      const isWebhook = request.url?.startsWith(`${WEBHOOK_PATH}/`) === true;
      await (isWebhook ? durable(WEBHOOK_PATH, request, response) : app(request, response));
    },
    failed,
  );
  const rpc = await listenHttp(
    0,
    async (request, response) => (await ready).durable(RPC_PATH, request, response),
    failed,
  );
  return { listener, rpc };
}

/** Starts the workers and reads what the app registered. No worker is left running when this rejects. */
async function loadApp(
  options: SupervisorOptions,
  settings: Settings,
  routePrefix: string,
  separate: boolean,
): Promise<{ readonly workers: Workers; readonly enabled: EnabledFunctions }> {
  const workers = await Workers.start(options, separate);
  try {
    return { workers, enabled: enabledFunctions(workers.functions, settings, routePrefix, options.log) };
  } catch (error) {
    await workers.stop(0);
    throw error;
  }
}

function workerEnvironment(settings: Settings, appRoot: string, port: number): Settings {
  return {
    AZURE_FUNCTIONS_ENVIRONMENT: 'Development',
    ...settings,
    FUNCTIONS_WORKER_RUNTIME: 'node',
    WEBSITE_HOSTNAME: `localhost:${port}`,
    AzureWebJobsScriptRoot: appRoot,
  };
}

/** Stops what starts new work first, then waits a bounded time for work in flight, then ends the workers. */
async function stopParts({ listener, rpc, timers, engine, runner, workers }: Parts): Promise<void> {
  timers.stop();
  const activitiesEnded = engine.stop();
  const closing = listener.close(IN_FLIGHT_GRACE_MS);
  const giveUp = new AbortController();
  const grace = delay(IN_FLIGHT_GRACE_MS, undefined, { signal: giveUp.signal }).catch(() => undefined);
  await Promise.race([activitiesEnded.then(() => runner.idle()), grace]);
  giveUp.abort();
  await workers.stop(HOOKS_GRACE_MS);
  await Promise.all([closing, rpc.close(HTTP_GRACE_MS)]);
}
