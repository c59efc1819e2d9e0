import { createServer, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { createServer as createTlsServer } from 'node:tls';
import type { TargetConnectionOptions } from '../../../src/mcp/http/target-connection.ts';
import type { Outcome } from '../../../src/sample/outcome.ts';
import { type Certificate, makeCertificate } from '../../support/certificate.ts';
import { closedPort, listenDuring, scriptedLookup } from '../../support/loopback-server.ts';
import { good } from './exchange-rig.ts';

/** An address at which no request arrives. */
type Unreachable = {
  readonly url: string;
  readonly options?: Partial<TargetConnectionOptions>;
  /** How often a connection was tried, if that can be seen. */
  readonly attempts?: () => number;
};

/** One way in which no connection is made, and what it must lead to. */
export type ConnectCase = {
  readonly name: string;
  readonly outcome: Outcome;
  readonly message: RegExp;
  readonly start: (test: TestContext) => Promise<Unreachable>;
};

/** An origin at which no server listens. */
export const closedOrigin = async (): Promise<string> => `http://127.0.0.1:${await closedPort()}`;

/** A name whose look-up fails, or that leads to an address that cannot be reached. */
function failingLookup(code: string): Unreachable {
  let attempts = 0;
  const lookup: TargetConnectionOptions['lookup'] = (_, __, callback) => {
    attempts++;
    setImmediate(() => callback(Object.assign(new Error('none'), { code }), []));
  };
  return { url: 'http://mcp.test', options: { lookup }, attempts: () => attempts };
}

let certificate: Certificate | undefined;

/** A server with a certificate for mcp.test, found at 127.0.0.1. @param trusted whether the certificate is trusted */
async function tlsServer(test: TestContext, host: string, trusted: boolean): Promise<Unreachable> {
  certificate ??= makeCertificate('DNS:mcp.test');
  const listening = await listenDuring(
    test,
    createTlsServer(certificate, (socket) => socket.on('error', () => {}).end(good)),
  );
  const options = { lookup: scriptedLookup(['127.0.0.1']), ...(trusted ? { ca: certificate.cert } : {}) };
  return { url: `https://${host}:${listening.port}`, options, attempts: () => listening.connections };
}

/** A server that is addressed with https but does not speak TLS. */
async function plainServer(test: TestContext, onConnection: (socket: Socket) => void): Promise<Unreachable> {
  const listening = await listenDuring(
    test,
    createServer((socket) => {
      socket.on('error', () => {});
      onConnection(socket);
    }),
  );
  return { url: `https://127.0.0.1:${listening.port}`, attempts: () => listening.connections };
}

/** Requests that get no connection. */
export const connectFailures: readonly ConnectCase[] = [
  {
    name: 'no server listens',
    outcome: 'NET_REFUSED',
    message: /ECONNREFUSED/,
    start: async () => ({ url: await closedOrigin() }),
  },
  {
    name: 'no server listens at any address of a name',
    outcome: 'NET_REFUSED',
    message: /ECONNREFUSED/,
    start: async () => ({ url: (await closedOrigin()).replace('127.0.0.1', 'localhost') }),
  },
  {
    name: 'a name is not valid, because its label has more than 63 characters',
    outcome: 'NET_DNS',
    message: /ENOTFOUND|EAI_/,
    start: async () => ({ url: `http://${'a'.repeat(70)}.invalid` }),
  },
  {
    name: 'a name has no address',
    outcome: 'NET_DNS',
    message: /ENOTFOUND/,
    start: async () => failingLookup('ENOTFOUND'),
  },
  {
    name: 'the operator forbids the address',
    outcome: 'NET_FORBIDDEN',
    message: /ERR_FORBIDDEN_ADDRESS/,
    start: async () => ({
      url: 'http://127.0.0.1:9',
      options: { addresses: { allowLoopback: false, allowedAddresses: [] } },
    }),
  },
  {
    name: 'no route leads to the address',
    outcome: 'NET_OTHER',
    message: /EHOSTUNREACH/,
    start: async () => failingLookup('EHOSTUNREACH'),
  },
  {
    name: 'no file descriptor is left for a socket',
    outcome: 'CLIENT_LIMIT',
    message: /^EMFILE: .*more lanes$/,
    start: async () => failingLookup('EMFILE'),
  },
  {
    name: 'the certificate is self-signed',
    outcome: 'NET_TLS',
    message: /DEPTH_ZERO_SELF_SIGNED_CERT/,
    start: (test) => tlsServer(test, 'mcp.test', false),
  },
  {
    name: 'the certificate belongs to another host',
    outcome: 'NET_TLS',
    message: /ERR_TLS_CERT_ALTNAME_INVALID/,
    start: (test) => tlsServer(test, 'other.test', true),
  },
  {
    name: 'the server does not speak TLS',
    outcome: 'NET_TLS',
    message: /SSL/,
    start: (test) => plainServer(test, (socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')),
  },
  {
    name: 'the server resets a new connection during the TLS handshake',
    outcome: 'NET_RESET_PRE',
    message: /^ECONNRESET: [^;]+$/,
    start: (test) => plainServer(test, (socket) => socket.once('data', () => socket.resetAndDestroy())),
  },
  {
    name: 'the server never answers the TLS handshake',
    outcome: 'NET_CONNECT_TMO',
    message: /UND_ERR_CONNECT_TIMEOUT/,
    start: (test) => plainServer(test, () => {}),
  },
];
