import { createServer, request as httpRequest, type IncomingMessage } from 'node:http';
import { listenOnLoopback } from '../support/loopback-server.ts';

/** `pass`: forward. A number: answer with that status. `lose`: forward, but drop the answer. `hang`: do not answer. */
export type Fault = 'pass' | 'lose' | 'hang' | number;

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
    if (typeof fault === 'number') {
      response.writeHead(fault).end();
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
    request.pipe(onwards);
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
