/**
 * The process that runs Azurite. It lasts as long as the IPC channel that it was started with, so that nothing is left
 * when the parent is killed. Azurite's servers are used directly because its command line does not tell which port it
 * got when it is asked for any; they are no public API, which is why the version in package.json is exact.
 */
import Module, { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';

export type AzuriteService = 'table' | 'blob' | 'queue';

/** Sent once, when every service listens. */
export type AzuriteMessage = {
  readonly urls: Readonly<Partial<Record<AzuriteService, string>>>;
};

type Server = {
  start(): Promise<void>;
  getHttpServerAddress(): string;
};
type ServerModule = {
  readonly default: new (...args: readonly unknown[]) => unknown;
};

const HOST = '127.0.0.1';
const KEEP_ALIVE_S = 5;
const anywhere = [HOST, 0, KEEP_ALIVE_S] as const;
// Azurite loads its telemetry even when it is switched off, as it is here, and that takes longer than all the rest.
const requireBefore = Module.prototype.require;
Module.prototype.require = function (this: NodeJS.Module, id: string) {
  return id === 'applicationinsights' ? {} : requireBefore.call(this, id);
} as typeof requireBefore;
const load = createRequire(import.meta.url);

function construct(module: string, ...args: readonly unknown[]): unknown {
  const { default: Constructor } = load(`azurite/dist/src/${module}`) as ServerModule;
  return new Constructor(...args);
}

/** Nothing is written there: Azurite only insists on having names for its files. */
function unused(name: string): string {
  return path.join(tmpdir(), `azurite-unused-${name}`);
}

/** The arguments that every configuration ends with: logs off, any API version, no certificate, all in memory. */
const noLogs = [false, undefined, false, undefined] as const;
const lenient = [false, true, '', '', '', undefined, false, true] as const;

const servers: Readonly<Record<AzuriteService, () => Server>> = {
  table: () => {
    const ofTable = [unused('table'), false, false, undefined, undefined];
    return construct(
      'table/TableServer',
      construct('table/TableConfiguration', ...anywhere, ...ofTable, ...lenient),
    ) as Server;
  },
  blob: () => {
    const files = [unused('blob'), unused('blob-extent'), []];
    return construct(
      'blob/BlobServer',
      construct('blob/BlobConfiguration', ...anywhere, ...files, ...noLogs, ...lenient),
    ) as Server;
  },
  queue: () => {
    const files = [unused('queue'), unused('queue-extent'), []];
    return construct(
      'queue/QueueServer',
      construct('queue/QueueConfiguration', ...anywhere, ...files, ...noLogs, ...lenient),
    ) as Server;
  },
};

process.on('disconnect', () => process.exit(0));
// Ctrl-C in a terminal reaches every process of its group; when to end is for the parent to say.
process.on('SIGINT', () => undefined);

const urls: Partial<Record<AzuriteService, string>> = {};
for (const service of process.argv.slice(2) as AzuriteService[]) {
  const server = servers[service]();
  await server.start();
  urls[service] = server.getHttpServerAddress();
}
process.send?.({ urls } satisfies AzuriteMessage);
