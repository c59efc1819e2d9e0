import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';

/** One request as it came over the wire. */
export type RawRequest = {
  /** Number of the connection it came on, from 1. */
  readonly connection: number;
  readonly head: string;
  readonly body: string;
};

/** Bytes to write, or what to do with the connection. */
export type RawReply = string | ((socket: Socket, request: RawRequest) => void);

export type ScriptedServer = {
  /** Without a trailing slash. */
  readonly origin: string;
  readonly requests: readonly RawRequest[];
  /** Connections taken so far. */
  readonly connections: number;
  /** Ends when every connection is closed. */
  close(): Promise<void>;
};

/**
 * Listens on loopback and answers the n-th request with the n-th reply, byte for byte, so that it can break every rule
 * of HTTP; requests beyond the script get its last reply.
 */
export async function startScriptedServer(...script: readonly RawReply[]): Promise<ScriptedServer> {
  const requests: RawRequest[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer((socket) => {
    const connection = ++connections;
    let text = '';
    sockets.add(socket);
    // What the client makes of a broken connection is what tests look at; here it is no news.
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      for (let end = endOfRequest(text); end !== undefined; end = endOfRequest(text)) {
        const [head = '', body = ''] = text.slice(0, end).split('\r\n\r\n', 2);
        text = text.slice(end);
        const request = { connection, head, body };
        const reply = script[Math.min(requests.push(request), script.length) - 1];
        if (typeof reply === 'string') socket.write(reply);
        else reply?.(socket, request);
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
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

/** Where the first request of a text ends; undefined while it is not complete. */
function endOfRequest(text: string): number | undefined {
  const headEnd = text.indexOf('\r\n\r\n');
  if (headEnd === -1) return undefined;
  const length = Number(/\r\ncontent-length: *(\d+)/i.exec(text.slice(0, headEnd))?.[1] ?? 0);
  const end = headEnd + 4 + length;
  return text.length >= end ? end : undefined;
}
