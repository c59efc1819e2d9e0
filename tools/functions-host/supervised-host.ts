import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type FunctionsHost, type FunctionsHostOptions, type HostEnd, startFunctionsHost } from './functions-host.ts';
import { messageOf } from './log.ts';

/** Pauses before the attempts to start a host again; the last one is repeated. */
const RESTART_PAUSES_MS = [0, 1_000, 5_000, 30_000] as const;

/**
 * Starts a host, and starts it again on the same port and task hub whenever it recycles itself, as the platform does.
 * What the host returned with a promise or a number belongs to the current host; `ended` resolves only when there will be
 * no further one. Without `hubFolder`, the hub is in a temporary folder that is deleted at the end.
 * @throws Error when the first start fails, see startFunctionsHost
 */
export async function superviseFunctionsHost(options: FunctionsHostOptions): Promise<FunctionsHost> {
  const temporary = options.hubFolder === undefined ? await mkdtemp(path.join(tmpdir(), 'task-hub-')) : undefined;
  const removeHub = async () => {
    if (temporary !== undefined) await rm(temporary, { recursive: true, force: true });
  };
  const start = (port = options.port) =>
    startFunctionsHost({
      ...options,
      ...(port === undefined ? {} : { port }),
      hubFolder: options.hubFolder ?? temporary!,
    });
  const first = await start().catch(async (error: unknown) => {
    await removeHub();
    throw error;
  });
  const { url, port, functions } = first;
  const stopping = new AbortController();
  let current = first;

  const startAgain = async (): Promise<FunctionsHost | undefined> => {
    for (let attempt = 0; !stopping.signal.aborted; attempt++) {
      const pauseMs = RESTART_PAUSES_MS[attempt] ?? RESTART_PAUSES_MS.at(-1);
      await delay(pauseMs, undefined, { signal: stopping.signal }).catch(() => undefined);
      if (stopping.signal.aborted) break;
      try {
        return await start(port);
      } catch (error) {
        const message = `The host could not be started again: ${messageOf(error)}`;
        options.log?.({ level: 'critical', category: 'Host.Startup', message });
      }
    }
    return undefined;
  };
  const supervise = async (): Promise<HostEnd> => {
    for (;;) {
      const why = await current.ended;
      const next = why === 'recycled' ? await startAgain() : undefined;
      if (next === undefined) return stopping.signal.aborted ? 'stopped' : why;
      current = next;
      if (stopping.signal.aborted) await next.stop();
    }
  };
  const ended = supervise().finally(removeHub);

  return {
    url,
    port,
    functions,
    workerPid: () => current.workerPid(),
    workerPids: () => current.workerPids(),
    freezeWorker: (worker) => current.freezeWorker(worker),
    thawWorker: (worker) => current.thawWorker(worker),
    ended,
    durable: {
      get rpcBaseUrl() {
        return current.durable.rpcBaseUrl;
      },
      history: (instanceId) => current.durable.history(instanceId),
      status: (instanceId) => current.durable.status(instanceId),
      instances: () => current.durable.instances(),
    },
    async stop() {
      stopping.abort();
      await current.stop();
      await ended;
    },
  };
}
