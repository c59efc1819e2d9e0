import { fileURLToPath } from 'node:url';
import type { OrchestrationStatus } from '../durable/orchestration-status.ts';
import { type FunctionsHost, type FunctionsHostOptions, startFunctionsHost } from '../functions-host.ts';
import { until } from './until.ts';

export type DurableApp = {
  readonly host: FunctionsHost;
  /** Starts an orchestration through the app's own starter and returns its id. `undefined` sends no input. */
  start(name: string, input?: unknown, id?: string): Promise<string>;
  /** Waits for the end of an orchestration. */
  end(id: string, limitMs?: number): Promise<OrchestrationStatus>;
  run(name: string, input?: unknown, id?: string): Promise<OrchestrationStatus>;
  /** A request to the durable HTTP API. */
  api(method: string, path: string, body?: unknown): Promise<{ readonly status: number; readonly body: unknown }>;
  /** What the activities of the present worker have noted. */
  seen(): Promise<readonly { key: string; invocationId: string; startedMs: number; endedMs?: number }[]>;
};

/** The app under fixtures/apps/durable on a host of its own. */
export async function startDurableApp(options: Partial<FunctionsHostOptions> = {}): Promise<DurableApp> {
  const appRoot = fileURLToPath(new URL('./fixtures/apps/durable/', import.meta.url));
  const host = await startFunctionsHost({ appRoot, ...options });
  const app: DurableApp = {
    host,
    async start(name, input, id) {
      const body = input === undefined ? '' : JSON.stringify(input);
      const response = await fetch(`${host.url}/api/start/${name}/${id ?? ''}`, { method: 'POST', body });
      return ((await response.json()) as { id: string }).id;
    },
    async end(id, limitMs) {
      await until(
        () => ['Completed', 'Failed', 'Terminated'].includes(host.durable.status(id)?.runtimeStatus ?? ''),
        limitMs,
      );
      return host.durable.status(id)!;
    },
    run: async (name, input, id) => app.end(await app.start(name, input, id)),
    async api(method, path, body) {
      const response = await fetch(new URL(path, host.durable.rpcBaseUrl), {
        method,
        ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
      });
      const text = await response.text();
      return { status: response.status, body: text === '' ? '' : JSON.parse(text) };
    },
    seen: async () => (await (await fetch(`${host.url}/api/seen`)).json()) as never,
  };
  return app;
}
