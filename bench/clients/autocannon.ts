import autocannon from 'autocannon';
import { callBody, callHeaders } from './call-request.ts';
import { type Client, type ClientOptions, shareOf } from './client.ts';

/** autocannon, which reads HTTP only: it repeats the same request, and neither parses nor judges the reply. */
export async function autocannonClient({ url, sessions }: ClientOptions): Promise<Client> {
  return {
    async send(requests) {
      const amount = shareOf(requests, sessions) * sessions;
      const headers = { ...callHeaders };
      const { errors, non2xx } = await autocannon({
        url,
        connections: sessions,
        amount,
        method: 'POST',
        headers,
        body: callBody(1),
      });
      if (errors + non2xx > 0) throw new Error(`${errors} errors, ${non2xx} replies with a status other than 2xx`);
    },
    close: async () => {},
  };
}
