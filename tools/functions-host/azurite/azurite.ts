import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { AzuriteMessage, AzuriteService } from './azurite-main.ts';

type AzuriteOptions = {
  /** Services to start. The default is the table service alone, which starts fastest. */
  readonly services?: readonly AzuriteService[];
};

export type Azurite = {
  /** Contains every service that was started, with Azurite's well-known account and key. */
  readonly connectionString: string;
  /** Base URL of the table service; undefined when it was not started. */
  readonly tableUrl: string | undefined;
  readonly pid: number;
  stop(): Promise<void>;
};

/** The account and key from Azurite's documentation; they are not secret. */
const ACCOUNT = 'devstoreaccount1';
const ACCOUNT_KEY = 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==';
const START_LIMIT_MS = 30_000;
const endpointNames = { table: 'TableEndpoint', blob: 'BlobEndpoint', queue: 'QueueEndpoint' } as const;

/**
 * Starts the Azurite storage emulator, with its data in memory, in a child process on free ports of 127.0.0.1. It ends
 * when this process ends, even when this process is killed.
 * @throws Error with Azurite's own output when it does not start
 */
export async function startAzurite(options: AzuriteOptions = {}): Promise<Azurite> {
  const services = options.services ?? ['table'];
  const child = spawn(process.execPath, [fileURLToPath(new URL('./azurite-main.ts', import.meta.url)), ...services], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  let stderr = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr = `${stderr}${text}`.slice(-4_000);
  });
  const ports = await new Promise<AzuriteMessage>((resolve, reject) => {
    const limit = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`Azurite did not start within ${START_LIMIT_MS / 1_000} s. ${stderr}`));
    }, START_LIMIT_MS);
    child.once('message', (message: AzuriteMessage) => resolve(message));
    child.once('error', reject);
    child.once('close', () => reject(new Error(`Azurite ended while it was starting. ${stderr}`)));
    exited.finally(() => clearTimeout(limit));
    child.once('message', () => clearTimeout(limit));
  });
  const urls = Object.entries(ports.urls).map(
    ([service, url]) => [service as AzuriteService, `${url}/${ACCOUNT}`] as const,
  );
  const endpoints = urls.map(([service, url]) => `${endpointNames[service]}=${url};`);
  return {
    connectionString: `DefaultEndpointsProtocol=http;AccountName=${ACCOUNT};AccountKey=${ACCOUNT_KEY};${endpoints.join('')}`,
    tableUrl: urls.find(([service]) => service === 'table')?.[1],
    pid: child.pid ?? -1,
    async stop() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}
