import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { TargetConnectionOptions } from '../../../src/mcp/http/target-connection.ts';
import type { Outcome } from '../../../src/sample/outcome.ts';
import { type Certificate, makeCertificate } from '../../support/certificate.ts';
import { listenOnLoopback } from '../../support/loopback-server.ts';
import { startScriptedServer } from '../../support/scripted-server.ts';
import { good } from './outcome-case.ts';

/** Where a request goes that must not arrive. */
export type Unreachable = {
  readonly url: string;
  readonly options?: Partial<TargetConnectionOptions>;
  /** How often a connection was tried for, where that can be seen. */
  readonly attempts?: () => number;
  close?(): Promise<void>;
};

/** One way in which no connection comes about, and what must be made of it. */
export type ConnectCase = {
  readonly name: string;
  readonly outcome: Outcome;
  readonly message: RegExp;
  readonly start: () => Promise<Unreachable>;
};

/** An origin that nothing listens on. */
export async function closedOrigin(): Promise<string> {
  const server = await startScriptedServer();
  await server.close();
  return server.origin;
}

/** A name whose look-up fails, or that finds what cannot be reached. */
function failingLookup(code: string): Unreachable {
  let attempts = 0;
  const lookup: TargetConnectionOptions['lookup'] = (_, __, callback) => {
    attempts++;
    setImmediate(() => callback(Object.assign(new Error('none'), { code }), []));
  };
  return { url: 'http://mcp.test', options: { lookup }, attempts: () => attempts };
}

let certificate: Certificate | undefined;

/** A server that proves to be mcp.test, found at 127.0.0.1. @param trusted whether its certificate is */
async function tlsServer(host: string, trusted: boolean): Promise<Unreachable> {
  certificate ??= makeCertificate('DNS:mcp.test');
  const server = createTlsServer(certificate, (socket) => socket.on('error', () => {}).end(good));
  const attempts = countConnections(server);
  const { port, close } = await listenOnLoopback(server);
  const options = {
    lookup: (_: string, __: unknown, callback: (error: null, found: { address: string; family: number }[]) => void) =>
      setImmediate(() => callback(null, [{ address: '127.0.0.1', family: 4 }])),
    ...(trusted ? { ca: certificate.cert } : {}),
  };
  return { url: `https://${host}:${port}`, options, attempts, close };
}

/** A server without TLS that is asked for it. */
async function plainServer(onConnection: (socket: Socket) => void): Promise<Unreachable> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    onConnection(socket);
  });
  const attempts = countConnections(server);
  const { port, close } = await listenOnLoopback(server);
  return { url: `https://127.0.0.1:${port}`, attempts, close };
}

function countConnections(server: Server): () => number {
  let connections = 0;
  server.on('connection', () => connections++);
  return () => connections;
}

/** Requests that get no connection. */
export const connectFailures: { readonly cases: readonly ConnectCase[] } = {
  cases: [
    {
      name: 'nobody listens',
      outcome: 'NET_REFUSED',
      message: /ECONNREFUSED/,
      start: async () => ({ url: await closedOrigin() }),
    },
    {
      name: 'nobody listens at any address of a name',
      outcome: 'NET_REFUSED',
      message: /ECONNREFUSED/,
      start: async () => ({ url: (await closedOrigin()).replace('127.0.0.1', 'localhost') }),
    },
    {
      name: 'a name that no name server is asked for, as its label has more than 63 characters',
      outcome: 'NET_DNS',
      message: /ENOTFOUND|EAI_/,
      start: async () => ({ url: `http://${'a'.repeat(70)}.invalid` }),
    },
    {
      name: 'a name that has no address',
      outcome: 'NET_DNS',
      message: /ENOTFOUND/,
      start: async () => failingLookup('ENOTFOUND'),
    },
    {
      name: 'an address that the operator forbids',
      outcome: 'NET_FORBIDDEN',
      message: /ERR_FORBIDDEN_ADDRESS/,
      start: async () => ({
        url: 'http://127.0.0.1:9',
        options: { addresses: { allowLoopback: false, allowedAddresses: [] } },
      }),
    },
    {
      name: 'an address that no route leads to',
      outcome: 'NET_OTHER',
      message: /EHOSTUNREACH/,
      start: async () => failingLookup('EHOSTUNREACH'),
    },
    {
      name: 'no file left for a socket',
      outcome: 'CLIENT_LIMIT',
      message: /^EMFILE: .*more lanes$/,
      start: async () => failingLookup('EMFILE'),
    },
    {
      name: 'a certificate that nobody vouches for',
      outcome: 'NET_TLS',
      message: /DEPTH_ZERO_SELF_SIGNED_CERT/,
      start: () => tlsServer('mcp.test', false),
    },
    {
      name: 'the certificate of another host',
      outcome: 'NET_TLS',
      message: /ERR_TLS_CERT_ALTNAME_INVALID/,
      start: () => tlsServer('other.test', true),
    },
    {
      name: 'a server that speaks no TLS',
      outcome: 'NET_TLS',
      message: /SSL/,
      start: () => plainServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')),
    },
    {
      name: 'a reset within the TLS handshake, which no earlier use of the connection explains',
      outcome: 'NET_RESET_PRE',
      message: /^ECONNRESET: [^;]+$/,
      start: () => plainServer((socket) => socket.once('data', () => socket.resetAndDestroy())),
    },
    {
      name: 'a server that never answers the TLS handshake',
      outcome: 'NET_CONNECT_TMO',
      message: /UND_ERR_CONNECT_TIMEOUT/,
      start: () => plainServer(() => {}),
    },
  ],
};
