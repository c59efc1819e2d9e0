/**
 * The process that runs Azurite. It exits when its IPC channel closes, so that it does not outlive a killed parent. It
 * uses Azurite's server classes because the command line does not report which free port it took. They are not a public
 * API, so the version in package.json is exact.
 */
import Module, { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';

export type AzuriteService = 'table' | 'blob' | 'queue';

/** Sent once, when all services listen. */
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
const freePort = [HOST, 0, KEEP_ALIVE_S] as const;
const noLogs = [false, undefined, false, undefined] as const;
/** The last arguments of every configuration: any API version, no certificate, data in memory. */
const lenient = [false, true, '', '', '', undefined, false, true] as const;

// Azurite loads its telemetry even when telemetry is off, and that takes longer than everything else.
const originalRequire = Module.prototype.require;
Module.prototype.require = function (this: NodeJS.Module, id: string) {
  return id === 'applicationinsights' ? {} : originalRequire.call(this, id);
} as typeof originalRequire;
const load = createRequire(import.meta.url);

const servers: Readonly<Record<AzuriteService, () => Server>> = {
  table: () => serverOf('Table', [unused('table'), false, false, undefined, undefined]),
  blob: () => serverOf('Blob', [unused('blob'), unused('blob-extent'), [], ...noLogs]),
  queue: () => serverOf('Queue', [unused('queue'), unused('queue-extent'), [], ...noLogs]),
};

process.on('disconnect', () => process.exit(0));
// Ctrl-C in a terminal reaches every process of the group. The parent decides when this one ends.
process.on('SIGINT', () => undefined);

const urls: Partial<Record<AzuriteService, string>> = {};
for (const service of process.argv.slice(2) as AzuriteService[]) {
  const server = servers[service]();
  await server.start();
  urls[service] = server.getHttpServerAddress();
}
process.send?.({ urls } satisfies AzuriteMessage);

function serverOf(name: 'Table' | 'Blob' | 'Queue', options: readonly unknown[]): Server {
  const folder = name.toLowerCase();
  const configuration = construct(`${folder}/${name}Configuration`, ...freePort, ...options, ...lenient);
  return construct(`${folder}/${name}Server`, configuration) as Server;
}

function construct(module: string, ...args: readonly unknown[]): unknown {
  const { default: Constructor } = load(`azurite/dist/src/${module}`) as ServerModule;
  return new Constructor(...args);
}

/** A path that Azurite requires but never writes to. */
function unused(name: string): string {
  return path.join(tmpdir(), `azurite-unused-${name}`);
}
