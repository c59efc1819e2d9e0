import { createServer, request as httpRequest, type IncomingMessage } from 'node:http';
import { listenOnLoopback } from '../support/loopback-server.ts';

/**
 * `pass`: forward. A number: answer with that status; `throttle`: with 503, and ask for a short pause. `lose`: forward, but drop the
 * answer. `hang`: do not answer. `refuse`: close the connection. `slow`: forward after a while.
 */
export type Fault = 'pass' | 'lose' | 'hang' | 'throttle' | 'refuse' | 'slow' | number;

/** How long a slow request waits. */
const SLOW_MS = 60;

export type FaultyProxy = {
  readonly connectionString: string;
  /** Every request, as `METHOD PATH`. */
  readonly requests: string[];
  /** Chooses the fault for each request; each test sets its own. */
  fault: (request: IncomingMessage) => Fault;
  stop(): Promise<void>;
};

/** A proxy between a client and Azurite's table service that makes the faults a test chooses. */
export async function startFaultyProxy(azurite: { readonly connectionString: string }): Promise<FaultyProxy> {
  const tableUrl = /TableEndpoint=([^;]+)/.exec(azurite.connectionString)?.[1] ?? '';
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${decodeURIComponent(request.url ?? '')}`);
    const fault = proxy.fault(request);
    if (fault === 'hang') return;
    if (fault === 'refuse') {
      request.socket.destroy();
      return;
    }
    if (typeof fault === 'number' || fault === 'throttle') {
      const status = fault === 'throttle' ? 503 : fault;
      response.writeHead(status, fault === 'throttle' ? { 'retry-after-ms': '50' } : {}).end();
      return;
    }
    const { method, headers, url = '/' } = request;
    const onwards = httpRequest(new URL(url, tableUrl), { method: method ?? 'GET', headers }, (answer) => {
      if (fault === 'lose') {
        answer.resume().once('end', () => request.socket.destroy());
        return;
      }
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    if (fault === 'slow') setTimeout(() => request.pipe(onwards), SLOW_MS);
    else request.pipe(onwards);
  });
  const { port, close } = await listenOnLoopback(server);
  const proxy: FaultyProxy = {
    connectionString: azurite.connectionString.replace(new URL(tableUrl).host, `127.0.0.1:${port}`),
    requests,
    fault: () => 'pass',
    stop: close,
  };
  return proxy;
}
