import autocannon from 'autocannon';
import { Pool } from 'undici';
import { type Client, type ClientOptions, shareOf } from './client.ts';

/** The headers of a call as mcp-surge sends it, for clients that speak only HTTP. */
const callHeaders = {
  'user-agent': 'mcp-surge/0.1.0 (load)',
  'content-type': 'application/json',
  accept: 'application/json, text/event-stream',
  'mcp-protocol-version': '2025-11-25',
  'mcp-session-id': '6112c247-a634-49f7-bc79-4b2f4b7bde40',
} as const;

function callBody(id: number): string {
  return `{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":{"name":"search","arguments":{"query":"anything"}}}`;
}

/** Only undici's dispatch and JSON.parse: no clocks, no checks, no recording. */
export async function undiciClient({ url, sessions }: ClientOptions): Promise<Client> {
  const { origin, pathname } = new URL(url);
  const pool = new Pool(origin, { connections: sessions, pipelining: 1, headersTimeout: 0, bodyTimeout: 0 });
  const headers = Object.entries(callHeaders).flat();
  const call = (id: number) =>
    new Promise<void>((resolve, reject) => {
      const chunks: Buffer[] = [];
      pool.dispatch(
        { path: pathname, method: 'POST', headers, body: callBody(id) },
        {
          onRequestStart: () => {},
          onResponseStart: () => {},
          onResponseData: (_, chunk) => void chunks.push(chunk),
          onResponseEnd: () => {
            const text = (chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)).toString();
            // An event stream has one event; only its data is parsed.
            JSON.parse(text.startsWith('{') ? text : text.slice(text.indexOf('{'), text.lastIndexOf('}') + 1));
            resolve();
          },
          onResponseError: (_, error) => reject(error),
        },
      );
    });
  return {
    async send(requests) {
      const share = shareOf(requests, sessions);
      await Promise.all(
        Array.from({ length: sessions }, async () => {
          for (let id = 1; id <= share; id++) await call(id);
        }),
      );
    },
    close: () => pool.close(),
  };
}

/** autocannon, which reads HTTP only: it repeats the same request, and neither parses nor judges the reply. */
export async function autocannonClient({ url, sessions }: ClientOptions): Promise<Client> {
  return {
    async send(requests) {
      const { errors, non2xx } = await autocannon({
        url,
        connections: sessions,
        amount: shareOf(requests, sessions) * sessions,
        method: 'POST',
        headers: { ...callHeaders },
        body: callBody(1),
      });
      if (errors + non2xx > 0) throw new Error(`${errors} errors, ${non2xx} replies with a status other than 2xx`);
    },
    close: async () => {},
  };
}
