import { Pool } from 'undici';
import { callBody, callHeaders } from './call-request.ts';
import { type Client, type ClientOptions, shareOf } from './client.ts';

/** Only undici's dispatch and JSON.parse: no clocks, no checks, no recording. */
export async function undici({ url, sessions }: ClientOptions): Promise<Client> {
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
