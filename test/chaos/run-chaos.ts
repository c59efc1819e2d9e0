import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { getReport, getRun, postRun, type RunStatus, stopRun } from '../../demo/runs-api.ts';
import type { Report } from '../../src/report/report.ts';
import { hasEnded } from '../../src/run/run-documents.ts';
import { type HostProcess, startHostProcess } from '../../tools/functions-host/host-process/host-process.ts';
import { type FaultyProxy, startFaultyProxy } from '../store/faulty-proxy.ts';
import { type CountingTarget, startCountingTarget } from './counting-target.ts';
import type { Chaos, Fault, StorageFault } from './draw-chaos.ts';

/** What a run with faults left behind. */
export type ChaosResult = {
  readonly run: RunStatus;
  /** Absent when the run has no report. */
  readonly report: Report | undefined;
  /** Arrivals at the target since the planned start, by the target's own clock, epoch milliseconds. */
  readonly callsMs: readonly number[];
  /** Tool calls that arrived before the planned start; always 0 in a correct run. */
  readonly earlyCalls: number;
  /** Requests of any kind that arrived after the run had ended and a moment had passed. */
  readonly requestsAfterEnd: number;
  /** The longest delay of the process of the target, milliseconds: so much later it may have seen calls than they came. */
  readonly targetDelayMs: number;
  /** Orchestrations of the run that were still active some seconds after its end. */
  readonly activeAfterEnd: readonly string[];
};

/** Shorter ones let a busy machine miss signs of life. */
const DEAD_AFTER_SECONDS = 3;
/** A run must end by then, however it went: the reconciler waits for up to 60 times the dead-after time. */
const END_LIMIT_MS = 180_000;
/** A request may be under way when the run is marked as ended. */
const SETTLE_MS = 500;
const QUIET_MS = 1500;
const LEFTOVER_LIMIT_MS = 15_000;

/** Carries out one run with its faults. @throws if the run does not end in time */
export async function runChaos(chaos: Chaos, azurite: { readonly connectionString: string }): Promise<ChaosResult> {
  const folder = await mkdtemp(join(tmpdir(), `chaos-${chaos.seed}-`));
  const target = await startCountingTarget();
  const proxy = await startFaultyProxy(azurite);
  let host: HostProcess | undefined;
  try {
    host = await startHost(chaos, proxy, folder);
    return await carryOut(chaos, { host, proxy, target });
  } finally {
    await host?.kill();
    await Promise.all([target.stop(), proxy.stop()]);
    await rm(folder, { recursive: true, force: true });
  }
}

async function startHost(chaos: Chaos, proxy: FaultyProxy, hubFolder: string): Promise<HostProcess> {
  return startHostProcess({
    appRoot: process.cwd(),
    entry: 'src/functions/main.ts',
    hubFolder,
    separateDurableWorker: true,
    durableWorkers: 2,
    stopGraceMs: 500,
    settings: {
      TASKHUB_NAME: `chaos${chaos.seed}`,
      AzureWebJobsStorage: proxy.connectionString,
      'AzureWebJobs.canary-fleet.Disabled': 'true',
      SURGE_ALLOW_LOOPBACK: 'true',
      SURGE_START_DELAY_SECONDS: '1',
      SURGE_RATE_PER_LANE: String(chaos.rate / chaos.lanes),
      SURGE_WINDOW_SECONDS: String(chaos.windowSeconds),
      SURGE_DEAD_AFTER_SECONDS: String(DEAD_AFTER_SECONDS),
      AzureFunctionsJobHost__extensions__durableTask__maxConcurrentActivityFunctions: '10',
    },
    faults: {
      seed: chaos.seed,
      messageDelayMs: 30,
      timerOffsetMs: [-100, 300],
      visibilityTimeoutMs: 3000,
      ...(chaos.deliverTwice === undefined ? {} : { deliverTwice: { ...chaos.deliverTwice, onAnotherWorker: true } }),
    },
  });
}

type Parts = { readonly host: HostProcess; readonly proxy: FaultyProxy; readonly target: CountingTarget };

async function carryOut(chaos: Chaos, parts: Parts): Promise<ChaosResult> {
  const { host, target } = parts;
  const api = `${host.url}/api`;
  const { id } = await postRun(api, planText(chaos, target.url));
  const scheduled = await pollRun(api, id, ({ startsAt, state }) => startsAt !== undefined || hasEnded({ state }));
  const startMs = Date.parse(scheduled.startsAt ?? '');
  const loop = monitorEventLoopDelay({ resolution: 10 });
  loop.enable();
  const faults = chaos.faults.map((fault) => makeFault(fault, startMs, id, parts));
  const run = await pollRun(api, id, hasEnded);
  loop.disable();
  await Promise.all(faults);
  await delay(SETTLE_MS);
  const { length } = target.requestsMs;
  await delay(QUIET_MS);
  const requestsAfterEnd = target.requestsMs.length - length;
  const activeAfterEnd = await leftovers(host, id);
  const report = await getReport(api, id).catch(() => undefined);
  const callsMs = target.callsMs.filter((atMs) => atMs >= startMs - 50);
  const earlyCalls = target.callsMs.length - callsMs.length;
  const targetDelayMs = loop.max / 1e6;
  return { run, report, callsMs, earlyCalls, requestsAfterEnd, targetDelayMs, activeAfterEnd };
}

function planText({ rate, durationSeconds }: Chaos, url: string): string {
  return `
name: chaos
targets: { counting: { url: "${url}" } }
scenarios:
  look:
    target: counting
    executor: constant-arrival-rate
    rate: ${rate}
    timeUnit: 1s
    duration: ${durationSeconds}s
    preAllocatedVUs: 6
    maxVUs: 40
    gracefulStop: 2s
    steps: [{ tool: look }]
thresholds: { mcp_failures: ["rate<0.01"] }
`;
}

/** Polls a run; the API may be away meanwhile. @throws if the condition is not met in time */
async function pollRun(api: string, id: string, until: (run: RunStatus) => boolean): Promise<RunStatus> {
  const limitMs = performance.now() + END_LIMIT_MS;
  let last: unknown;
  while (performance.now() < limitMs) {
    try {
      const run = await getRun(api, id);
      if (until(run)) return run;
      last = { state: run.state, faults: run.faults };
    } catch (error) {
      last = error;
    }
    await delay(200);
  }
  throw new Error(`Run ${id} did not end within ${END_LIMIT_MS / 1000} s: ${JSON.stringify(last) ?? String(last)}`);
}

async function makeFault(fault: Fault, startMs: number, runId: string, { host, proxy }: Parts): Promise<void> {
  await delay(Math.max(0, startMs + fault.atMs - Date.now()));
  switch (fault.kind) {
    case 'kill worker':
      return signal(host, fault.worker, 'SIGKILL');
    case 'freeze process':
      return freezeProcess(host, fault.worker, fault.forMs);
    case 'freeze instance':
      await host.freezeWorker(fault.worker).catch(() => undefined);
      await delay(fault.forMs);
      return host.thawWorker(fault.worker).catch(() => undefined);
    case 'kill host':
    case 'stop host':
      await (fault.kind === 'kill host' ? host.kill() : host.stop());
      await delay(fault.forMs);
      // Another fault may have started it again.
      return host.start().catch(() => undefined);
    case 'storage':
      proxy.fault = storageFault(fault.fault);
      await delay(fault.forMs);
      proxy.fault = () => 'pass';
      return;
    case 'stop run':
      // A stop that the app does not accept, because it or its storage is away, is given again by whoever wants it.
      for (let tries = 0; tries < 50; tries++) {
        try {
          return await stopRun(`${host.url}/api`, runId);
        } catch (error) {
          if (error instanceof Error && 'status' in error && error.status === 409) return;
          await delay(200);
        }
      }
      return;
    case 'terminate':
      await terminate(host, runId).catch(() => undefined);
  }
}

async function signal(host: HostProcess, worker: number, name: NodeJS.Signals): Promise<void> {
  const pids = await host.workerPids().catch(() => []);
  const pid = pids[worker];
  if (pid !== undefined) trySignal(pid, name);
}

async function freezeProcess(host: HostProcess, worker: number, forMs: number): Promise<void> {
  const pid = (await host.workerPids().catch(() => []))[worker];
  if (pid === undefined) return;
  trySignal(pid, 'SIGSTOP');
  await delay(forMs);
  trySignal(pid, 'SIGCONT');
}

function trySignal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // The process has ended meanwhile.
  }
}

function storageFault(fault: StorageFault): FaultyProxy['fault'] {
  let requests = 0;
  switch (fault) {
    case 'refuse':
      return () => 503;
    case 'throttle':
      return () => 429;
    case 'hang':
      return () => 'hang';
    case 'lose':
      return ({ method }) => (method === 'GET' ? 'pass' : 'lose');
    case 'mixed':
      return () => (requests++ % 3 === 0 ? 503 : 'pass');
  }
}

async function terminate(host: HostProcess, runId: string): Promise<void> {
  const base = await host.durable.rpcBaseUrl();
  await fetch(`${base}instances/${runId}/terminate?reason=chaos`, { method: 'POST' });
}

/** Waits until no orchestration of the run is active. @returns those that still are at the limit */
async function leftovers(host: HostProcess, runId: string): Promise<readonly string[]> {
  const limitMs = performance.now() + LEFTOVER_LIMIT_MS;
  for (;;) {
    const instances = await host.durable.instances();
    const active = instances
      .filter(({ runtimeStatus }) => runtimeStatus === 'Running' || runtimeStatus === 'Pending')
      .map(({ instanceId, name }) => `${name} ${instanceId}`)
      .filter((text) => text.includes(runId) || text.startsWith('slice'));
    if (active.length === 0 || performance.now() > limitMs) return active;
    await delay(300);
    // A look at the run lets the app end what is left of it.
    await getRun(`${host.url}/api`, runId).catch(() => undefined);
  }
}
