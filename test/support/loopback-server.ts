import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo, Server, Socket } from 'node:net';
import type { LookupAll } from '../../src/net/guarded-connector.ts';

/** A server that listens on loopback and counts its connections. */
export type LoopbackServer = {
  readonly port: number;
  /** Connections accepted so far. */
  readonly connections: number;
  /** Closes every connection; resolves when the server has ended. */
  close(): Promise<void>;
};

/** Makes a server of any kind listen on a loopback address. @param port 0 for any free port */
export async function listenOnLoopback(server: Server, port = 0, address = '127.0.0.1'): Promise<LoopbackServer> {
  const sockets = new Set<Socket>();
  let connections = 0;
  server.on('connection', (socket) => {
    connections++;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.listen(port, address);
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    get connections() {
      return connections;
    },
    async close() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** The context of a test, or anything else that closes servers at its end. */
export type Owner = { after(close: () => Promise<void>): void };

/** The same for a server that belongs to a test: it closes when the test ends, also if it fails. */
export async function listenDuring(
  owner: Owner,
  ...args: Parameters<typeof listenOnLoopback>
): Promise<LoopbackServer> {
  const listening = await listenOnLoopback(...args);
  owner.after(() => listening.close());
  return listening;
}

/** A port of 127.0.0.1 on which nothing listens. */
export async function closedPort(): Promise<number> {
  const { port, close } = await listenOnLoopback(createServer());
  await close();
  return port;
}

/** An HTTP server that answers every request with an empty 202. */
export function acceptingServer(headers: Readonly<Record<string, string>> = {}): Server {
  const accept: RequestListener = (request, response) => {
    request.resume().on('end', () => response.writeHead(202, headers).end());
  };
  return createServer(accept);
}

/** A name look-up that finds one list of addresses after the other, then the last one again; records the names. */
export function scriptedLookup(...script: readonly (readonly string[])[]): LookupAll & { readonly names: string[] } {
  const names: string[] = [];
  const lookup: LookupAll = (hostname, _, callback) => {
    const found = script[Math.min(names.push(hostname), script.length) - 1] ?? [];
    setImmediate(() =>
      callback(
        null,
        found.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
      ),
    );
  };
  return Object.assign(lookup, { names });
}
