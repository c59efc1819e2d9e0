import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { OrchestrationStatus } from '../durable/orchestration-status.ts';
import { type FunctionsHost, type FunctionsHostOptions, startFunctionsHost } from '../functions-host.ts';

/** The app in fixtures/apps/durable on its own host. */
export type DurableApp = Requests & {
  readonly host: FunctionsHost;
  /** Waits until an orchestration has ended. */
  end(id: string, limitMs?: number): Promise<OrchestrationStatus>;
  run(name: string, input?: unknown, id?: string): Promise<OrchestrationStatus>;
};

/** Requests to the app. */
type Requests = {
  /** Starts an orchestration through the app's own starter and returns its id. `undefined` sends no input. */
  start(name: string, input?: unknown, id?: string): Promise<string>;
  /** Sends a request to the durable HTTP API. */
  api(method: string, path: string, body?: unknown): Promise<{ readonly status: number; readonly body: unknown }>;
  /** The records that the activities of the current worker have kept. */
  seen(): Promise<readonly { key: string; invocationId: string; startedMs: number; endedMs?: number }[]>;
};

/** Starts the app for a whole file or group. The caller stops the host in `after`. */
export async function startDurableApp(options: Partial<FunctionsHostOptions> = {}): Promise<DurableApp> {
  const host = await startFunctionsHost({ appRoot: fixtureApp('durable'), ...options });
  const app: DurableApp = {
    ...durableAppOn(host.url, async () => host.durable.rpcBaseUrl),
    host,
    async end(id, limitMs) {
      await until(() => hasEnded(host, id), limitMs);
      return host.durable.status(id)!;
    },
    run: async (name, input, id) => app.end(await app.start(name, input, id)),
  };
  return app;
}

/** Requests to the app on a host at `url`. */
export function durableAppOn(url: string, rpcBaseUrl: () => Promise<string>): Requests {
  return {
    async start(name, input, id) {
      const body = input === undefined ? '' : JSON.stringify(input);
      const response = await fetch(`${url}/api/start/${name}/${id ?? ''}`, { method: 'POST', body });
      return ((await response.json()) as { id: string }).id;
    },
    async api(method, path, body) {
      const response = await fetch(new URL(path, await rpcBaseUrl()), {
        method,
        ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
      });
      const text = await response.text();
      return { status: response.status, body: text === '' ? '' : JSON.parse(text) };
    },
    seen: async () => (await (await fetch(`${url}/api/seen`)).json()) as never,
  };
}

/** Starts the app for one test, and stops its host when the test ends. */
export async function durableApp(t: TestContext, options: Partial<FunctionsHostOptions> = {}): Promise<DurableApp> {
  const app = await startDurableApp(options);
  t.after(() => app.host.stop());
  return app;
}

/** Absolute path of an app in fixtures/apps. */
export function fixtureApp(name: string): string {
  return fileURLToPath(new URL(`./fixtures/apps/${name}`, import.meta.url));
}

/** Makes a folder with these files, and removes it when the test ends. Content that is not text is written as JSON. */
export async function folderWith(t: TestContext, files: Readonly<Record<string, unknown>> = {}): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'functions-host-'));
  t.after(() => rm(folder, { recursive: true }));
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(folder, name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, typeof content === 'string' ? content : JSON.stringify(content));
  }
  return folder;
}

export function hasEnded(host: FunctionsHost, instanceId: string): boolean {
  return ['Completed', 'Failed', 'Terminated'].includes(host.durable.status(instanceId)?.runtimeStatus ?? '');
}

/** Whether a process with this id exists. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Waits until `isTrue` holds and checks it every few milliseconds. @throws Error when it does not hold within `limitMs` */
export async function until(isTrue: () => unknown, limitMs = 5_000): Promise<void> {
  const endMs = performance.now() + limitMs;
  while (!(await isTrue())) {
    if (performance.now() > endMs) throw new Error(`Not true within ${limitMs} ms: ${isTrue}`);
    await delay(5);
  }
}
