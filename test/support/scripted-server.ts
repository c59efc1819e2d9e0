import { createServer, type Socket } from 'node:net';
import { listenOnLoopback } from './loopback-server.ts';

/** One request as received. */
export type RawRequest = {
  /** Number of its connection, from 1. */
  readonly connection: number;
  readonly head: string;
  readonly body: string;
};

/** Bytes to write, or a function that answers. */
export type RawReply = string | ((socket: Socket, request: RawRequest) => void);

export type ScriptedServer = {
  /** Without a trailing slash. */
  readonly origin: string;
  readonly requests: readonly RawRequest[];
  /** Connections accepted so far. */
  readonly connections: number;
  /** Ends when every connection is closed. */
  close(): Promise<void>;
};

/**
 * Listens on loopback and answers the n-th request with the n-th reply, byte for byte, so that it can break every rule
 * of HTTP. Further requests get the last reply.
 */
export async function startScriptedServer(...script: readonly RawReply[]): Promise<ScriptedServer> {
  const requests: RawRequest[] = [];
  let connections = 0;
  const server = createServer((socket) => {
    const connection = ++connections;
    let text = '';
    // Tests look at what the client does with a broken connection. Here it is of no interest.
    socket.on('error', () => {});
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
  const { port, close } = await listenOnLoopback(server);
  return {
    origin: `http://127.0.0.1:${port}`,
    requests,
    get connections() {
      return connections;
    },
    close,
  };
}

/** Where the first request in a text ends; undefined until it is complete. */
function endOfRequest(text: string): number | undefined {
  const headEnd = text.indexOf('\r\n\r\n');
  if (headEnd === -1) return undefined;
  const length = Number(/\r\ncontent-length: *(\d+)/i.exec(text.slice(0, headEnd))?.[1] ?? 0);
  const end = headEnd + 4 + length;
  return text.length >= end ? end : undefined;
}
