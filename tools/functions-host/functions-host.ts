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
import { HubFolder } from './durable/hub-folder.ts';
import { OrchestrationEngine } from './durable/orchestration-engine.ts';
import { type OrchestrationStatus, orchestrationStatus } from './durable/orchestration-status.ts';
import { type Instance, TaskHub } from './durable/task-hub.ts';
import { WorkerStates } from './durable/worker-states.ts';
import { type EnabledFunctions, enabledFunctions, type ServedFunction } from './enabled-functions.ts';
import type { Faults } from './faults.ts';
import { FunctionRunner, type InvocationRecord } from './function-runner.ts';
import { httpFunctions } from './http/http-functions.ts';
import { type HttpListener, listenHttp } from './http/http-listener.ts';
import { type Log, stackOf } from './log.ts';
import { readAppSettings, readHostSettings, resolveAppEntry, type Settings } from './settings.ts';
import { Timers } from './timers.ts';
import { signalIfRunning } from './worker/worker-process.ts';
import type { SupervisorOptions } from './worker/worker-supervisor.ts';
import { Workers } from './worker/workers.ts';

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
  /** Number of workers that run orchestrators and activities, each with the limits of host.json. Default: 1. */
  readonly durableWorkers?: number;
  /** How long work in flight may take to finish after stop(), in milliseconds. Default: 2,000; on Azure it is 10,000. */
  readonly stopGraceMs?: number;
  /** Folder of the task hub, which is made if there is none. Default: the task hub is in memory and lost with the host. */
  readonly hubFolder?: string;
  /** Faults and delays of the platform, for tests. Default: none. */
  readonly faults?: Faults;
  readonly log?: Log;
  /** Called after every invocation with what the worker received and what it answered. */
  readonly onInvocation?: (record: InvocationRecord) => void;
};

/**
 * Why a host ended: after stop(); by itself at the third exit of a worker, as the Functions host does, for the platform to
 * start it again; or because another host has taken over its hub folder.
 */
export type HostEnd = 'stopped' | 'recycled' | 'superseded';

export type FunctionsHost = {
  /** `http://127.0.0.1:PORT`, without a trailing slash. */
  readonly url: string;
  readonly port: number;
  readonly functions: readonly ServedFunction[];
  /** Process id of the first worker that runs activities. */
  workerPid(): number;
  /** Process ids of all workers that run activities. */
  workerPids(): readonly number[];
  /**
   * Stops the process of a durable worker (SIGSTOP), as if the instance of the app stopped that it stands for. Its work
   * is delivered to the other durable workers after the visibility timeout. Workers are numbered from 0. Returns false, and
   * does nothing, when its process has just ended.
   */
  freezeWorker(worker: number): boolean;
  /** Lets a frozen worker continue (SIGCONT) with what it had. */
  thawWorker(worker: number): void;
  /** Resolves when the host has ended, with the reason. */
  readonly ended: Promise<HostEnd>;
  readonly durable: {
    /** Base of the durable HTTP API, with a trailing slash. */
    readonly rpcBaseUrl: string;
    /** The raw history of an instance's current generation; undefined when there is no such instance. */
    history(instanceId: string): readonly HistoryEvent[] | undefined;
    status(instanceId: string): OrchestrationStatus | undefined;
    instances(): readonly OrchestrationStatus[];
  };
  /**
   * Ends listeners, timers and workers within a few seconds. Work in flight gets a short time to finish, and then the
   * app's appTerminate hooks run for at most five seconds. The next host on the hub begins unfinished activities again.
   */
  stop(): Promise<void>;
};

const IN_FLIGHT_GRACE_MS = 2_000;
/** As in the Functions host. */
const HOOKS_GRACE_MS = 5_000;
const HTTP_GRACE_MS = 250;
const statusOptions = { showHistory: false, showHistoryOutput: false, showInput: true };

/**
 * Runs a function app on this machine as Azure would: HTTP and timer triggers and durable orchestrations, with the app's
 * code in worker processes. It continues what the hub folder contains.
 * @throws Error when the settings are wrong, the port or the hub is taken or the app cannot be loaded; the message says why
 */
export async function startFunctionsHost(options: FunctionsHostOptions): Promise<FunctionsHost> {
  const appRoot = path.resolve(options.appRoot);
  const log: Log = options.log ?? (() => undefined);
  const faults = faultsOf(options);
  const settings = await readAppSettings(appRoot, process.env, options.settings ?? {});
  const hostSettings = await readHostSettings(appRoot, settings, log);
  const entry = await resolveAppEntry(appRoot, options.entry);

  const ready = Promise.withResolvers<RequestHandlers>();
  ready.promise.catch(() => undefined);
  const { listener, rpc } = await listen(options.port ?? 0, ready.promise, log);
  const endpoint: DurableEndpoint = {
    origin: `http://localhost:${listener.port}`,
    rpcBaseUrl: `http://127.0.0.1:${rpc.port}${RPC_PATH}/`,
    hubName: hostSettings.hubName,
    key: randomBytes(24).toString('base64url'),
  };
  const ended = Promise.withResolvers<HostEnd>();
  let end: ((why: HostEnd, graceMs?: number) => Promise<void>) | undefined;

  let folder: HubFolder | undefined;
  const load = async () => {
    if (options.hubFolder !== undefined) folder = new HubFolder(options.hubFolder, () => void end?.('superseded', 0));
    const env = workerEnvironment(settings, appRoot, listener.port);
    const exhausted = () => void end?.('recycled');
    const gapMs = faults.workerGapMs ?? 0;
    const supervision = { appRoot, entry, env, log, timeout: hostSettings.functionTimeout, gapMs, exhausted };
    const { separateDurableWorker: separate = false, durableWorkers = 1 } = options;
    return loadApp(supervision, { durableWorkers, separate }, settings, hostSettings.routePrefix);
  };
  const { workers, enabled } = await load().catch(async (error: unknown) => {
    ready.reject(error);
    folder?.close();
    await Promise.all([listener.close(0), rpc.close(0)]);
    throw error;
  });

  const runner = new FunctionRunner({
    invoke: (invocation, worker) => workers.invoke(invocation, worker),
    durableClient: durableClientBinding(endpoint),
    log,
    onInvocation: options.onInvocation,
  });
  const workerStates = new WorkerStates(workers.durablePids.length);
  const { visibilityTimeoutMs } = faults;
  const engine = new OrchestrationEngine({
    hub: new TaskHub(folder, folder?.stored),
    workers: workerStates,
    orchestrators: enabled.orchestrators,
    activities: enabled.activities,
    maxOrchestrators: hostSettings.maxConcurrentOrchestratorFunctions,
    maxActivities: hostSettings.maxConcurrentActivityFunctions,
    controlQueueVisibilityTimeoutMs: visibilityTimeoutMs ?? hostSettings.controlQueueVisibilityTimeoutMs,
    workItemQueueVisibilityTimeoutMs: visibilityTimeoutMs ?? hostSettings.workItemQueueVisibilityTimeoutMs,
    faults,
    run: runner.run,
    log,
  });
  const timers = new Timers(runner.run);
  for (const { definition, schedule } of enabled.timers) timers.add(definition, schedule);
  const url = `http://127.0.0.1:${listener.port}`;
  ready.resolve({
    app: httpFunctions({
      functions: enabled.http,
      routePrefix: hostSettings.routePrefix,
      origin: url,
      run: runner.run,
      served: enabled.served,
      hubName: hostSettings.hubName,
      fireTimer: (name) => timers.fire(name),
    }),
    durable: durableHttp(engine, endpoint),
  });
  engine.resume(folder?.diedMs);
  timers.start(folder?.diedMs === undefined ? 0 : (faults.timerSilenceMs ?? 0));

  const parts: Parts = { listener, rpc, timers, engine, runner, workers, workerStates, folder };
  let ending: Promise<void> | undefined;
  end = (why, graceMs = options.stopGraceMs ?? IN_FLIGHT_GRACE_MS) =>
    (ending ??= stopParts(parts, graceMs).then(() => ended.resolve(why)));
  const signal = (worker: number, name: 'SIGSTOP' | 'SIGCONT') => {
    const pid = workers.durablePids[worker];
    if (pid === undefined) throw new RangeError(`There is no durable worker ${worker}: they are numbered from 0.`);
    return signalIfRunning(pid, name);
  };
  const statusOf = (instance: Instance) => orchestrationStatus(instance, statusOptions);
  return {
    url,
    port: listener.port,
    functions: enabled.served,
    workerPid: () => workers.durablePids[0] ?? -1,
    workerPids: () => workers.durablePids,
    freezeWorker: (worker) => {
      const isStopped = signal(worker, 'SIGSTOP');
      if (isStopped) workerStates.freeze(worker);
      return isStopped;
    },
    thawWorker: (worker) => {
      signal(worker, 'SIGCONT');
      workerStates.thaw(worker);
    },
    ended: ended.promise,
    durable: {
      rpcBaseUrl: endpoint.rpcBaseUrl,
      history: (instanceId) => engine.hub.find(instanceId)?.history.slice(),
      status: (instanceId) => {
        const instance = engine.hub.find(instanceId);
        return instance && statusOf(instance);
      },
      instances: () => engine.hub.all().map(statusOf),
    },
    stop: () => end('stopped'),
  };
}

function faultsOf({ deliverActivitiesTwice = false, faults = {} }: FunctionsHostOptions): Faults {
  return deliverActivitiesTwice ? { deliverTwice: {}, ...faults } : faults;
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
  readonly workerStates: WorkerStates;
  readonly folder: HubFolder | undefined;
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
  separation: Parameters<typeof Workers.start>[1],
  settings: Settings,
  routePrefix: string,
): Promise<{ readonly workers: Workers; readonly enabled: EnabledFunctions }> {
  const workers = await Workers.start(options, separation);
  try {
    return { workers, enabled: enabledFunctions(workers.functions, settings, routePrefix, options.log) };
  } catch (error) {
    await workers.stop(() => 0);
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
async function stopParts(parts: Parts, graceMs: number): Promise<void> {
  const { listener, rpc, timers, engine, runner, workers, workerStates, folder } = parts;
  timers.stop();
  const activitiesEnded = engine.stop();
  const closing = listener.close(graceMs);
  const giveUp = new AbortController();
  const grace = delay(graceMs, undefined, { signal: giveUp.signal }).catch(() => undefined);
  await Promise.race([activitiesEnded.then(() => runner.idle()), grace]);
  giveUp.abort();
  // The hooks of a frozen worker cannot run.
  await workers.stop((worker) => (graceMs === 0 || workerStates.isFrozen(worker) ? 0 : HOOKS_GRACE_MS));
  await Promise.all([closing, rpc.close(HTTP_GRACE_MS)]);
  folder?.close();
}
