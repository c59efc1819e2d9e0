import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo, Server, Socket } from 'node:net';
import type { LookupAll } from '../../src/net/guarded-connector.ts';

/** A server on loopback that counts the connections made to it. */
export type LoopbackServer = {
  readonly port: number;
  readonly connections: number;
  close(): Promise<void>;
};

/** Lets any kind of server listen on an address of loopback. @param port any free one when 0 */
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

/** Answers every request with an empty 202 after its body. */
export function acceptingServer(headers: Readonly<Record<string, string>> = {}): Server {
  const accept: RequestListener = (request, response) => {
    request.resume().on('end', () => response.writeHead(202, headers).end());
  };
  return createServer(accept);
}

/** A look-up that gives one list of addresses after the other, the last one for ever; counts what it was asked. */
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
